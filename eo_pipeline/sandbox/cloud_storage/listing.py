"""One page of a listing: prefix, delimiter, range of names, glob, limit. Not here: SQL, tokens, wire formats."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from eo_pipeline.sandbox.cloud_storage.globs import compiled
from eo_pipeline.sandbox.cloud_storage.objects import ObjectMeta

HIGHEST = "\U0010ffff"


@dataclass(frozen=True)
class Query:
    """Which names to list, in the order of their UTF-8 bytes."""

    prefix: str = ""
    delimiter: str = ""
    """Names that hold it after the prefix are folded into one common prefix; empty folds nothing."""
    start: str = ""
    """First name that may be listed."""
    end: str | None = None
    """First name that may not be listed."""
    glob: str | None = None
    limit: int = 1000
    """Most objects and common prefixes of one page."""


@dataclass(frozen=True)
class Page:
    """Part of a listing."""

    objects: tuple[ObjectMeta, ...]
    prefixes: tuple[str, ...]
    next_start: str | None
    """`Query.start` of the page that follows; None after the last."""

    @property
    def last(self) -> str:
        """The greatest name or common prefix of the page; empty for an empty page."""
        return max([meta.name for meta in self.objects[-1:]] + list(self.prefixes[-1:]), default="")


def page(rows_from: Callable[[str], Iterator[ObjectMeta]], query: Query) -> Page:
    """Collect one page from rows in the order of names; `rows_from(name)` begins at that name, inclusive."""
    objects: list[ObjectMeta] = []
    prefixes: list[str] = []
    start: str | None = max(query.prefix, query.start)
    rows = rows_from(start or "")
    while start is not None and (meta := next(rows, None)) is not None and _within(meta.name, query):
        if len(objects) + len(prefixes) >= query.limit:
            return Page(tuple(objects), tuple(prefixes), start)
        folder = common_prefix(meta.name, query)
        if folder is not None:
            prefixes.append(folder)
            start = successor(folder)
            rows = rows_from(start or "")
        else:
            start = meta.name + "\0"
            if query.glob is None or compiled(query.glob).matches(meta.name):
                objects.append(meta)
    return Page(tuple(objects), tuple(prefixes), None)


def common_prefix(name: str, query: Query) -> str | None:
    """The common prefix that `name` is folded into, or None when it is listed itself."""
    at = name.find(query.delimiter, len(query.prefix)) if query.delimiter else -1
    return None if at < 0 else name[: at + len(query.delimiter)]


def successor(prefix: str) -> str | None:
    """The least name greater than every name that begins with `prefix`; None when there is none."""
    head = prefix.rstrip(HIGHEST)
    if not head:
        return None
    following = ord(head[-1]) + 1
    return head[:-1] + chr(0xE000 if following == 0xD800 else following)


def _within(name: str, query: Query) -> bool:
    return name.startswith(query.prefix) and (query.end is None or name < query.end)
