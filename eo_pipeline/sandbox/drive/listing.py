"""The order of a listing and its pages. What does not belong here: which files are listed, and their JSON.

A page begins after a file's place in the order, not at a number: deleting listed files skips none.
"""

import base64
import functools
import hashlib
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from eo_pipeline.sandbox.drive.errors import invalid
from eo_pipeline.sandbox.drive.records import DriveFile

_KEYS: dict[str, Callable[[DriveFile], str]] = {
    "createdTime": lambda file: file.created,
    "folder": lambda file: "0" if file.is_folder else "1",
    "modifiedByMeTime": lambda file: file.modified,
    "modifiedTime": lambda file: file.modified,
    "name": lambda file: file.name.lower(),
    "name_natural": lambda file: _natural(file.name),
    "quotaBytesUsed": lambda file: f"{file.size:020d}",
    "recency": lambda file: file.modified,
    "starred": lambda file: "0" if file.starred else "1",
}
_NEWEST_FIRST = "modifiedTime desc"


@dataclass(frozen=True)
class Page:
    """Part of a listing."""

    files: tuple[DriveFile, ...]
    next_token: str | None
    """None after the last page."""


def page(files: Sequence[DriveFile], *, order_by: str, size: int, token: str | None, query: str) -> Page:
    """The files after a token, in order.

    Args:
        files: All that are listed.
        order_by: `name,modifiedTime desc`; empty: the latest change first.
        size: Files of a page at most.
        token: Of the page before; None for the first.
        query: What was asked; a token counts for one query and order only.

    Raises:
        DriveError: 400 for an unknown order or a token of another listing.
    """
    keys = _parsed(order_by or _NEWEST_FIRST)
    mark = hashlib.sha256(f"{query}\n{order_by}".encode()).hexdigest()[:16]
    after = None if token is None else _Place(tuple(_values(token, mark, len(keys))), keys)
    placed = [(_Place((*(of(file) for of, _ in keys), file.id), keys), file) for file in files]
    places = sorted(placed, key=lambda entry: entry[0])
    left = [(place, file) for place, file in places if after is None or after < place]
    shown = left[:size]
    following = _token(mark, shown[-1][0].values) if len(left) > size else None
    return Page(tuple(file for _, file in shown), following)


Keys = tuple[tuple[Callable[[DriveFile], str], bool], ...]
"""What is compared, and whether the greatest comes first."""


@functools.total_ordering
@dataclass(frozen=True)
class _Place:
    """Where a file stands in an order."""

    values: tuple[str, ...]
    """One a key, then the file's id."""
    keys: Keys

    def __lt__(self, other: "_Place") -> bool:
        for mine, theirs, (_, descending) in zip(self.values, other.values, (*self.keys, (None, False)), strict=True):
            if mine != theirs:
                return (mine < theirs) != descending
        return False


def _parsed(order_by: str) -> Keys:
    keys = []
    for part in order_by.split(","):
        words = part.split()
        if not words or words[0] not in _KEYS or words[1:] not in ([], ["desc"]):
            raise invalid("orderBy")
        keys.append((_KEYS[words[0]], words[1:] == ["desc"]))
    return tuple(keys)


def _natural(name: str) -> str:
    """The name with every number padded, so that 2 comes before 10."""
    return re.sub(r"\d+", lambda found: found.group(0).zfill(20), name.lower())


def _token(mark: str, values: tuple[str, ...]) -> str:
    return base64.urlsafe_b64encode(json.dumps([mark, *values]).encode()).decode()


def _values(token: str, mark: str, keys: int) -> list[str]:
    try:
        said = json.loads(base64.urlsafe_b64decode(token.encode()))
    except ValueError as error:
        raise invalid("pageToken") from error
    if not isinstance(said, list) or said[:1] != [mark] or len(said) != keys + 2:
        raise invalid("pageToken")
    return [str(value) for value in said[1:]]
