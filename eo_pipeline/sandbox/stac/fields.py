"""The fields extension: which parts of an item are answered. What does not belong here: what items hold."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

_ALWAYS = ("stac_version", "id", "type", "geometry", "bbox", "links", "assets", "collection", "properties.datetime")
"""Answered unless excluded, whenever fields are named at all: without them an item is none for pystac."""


@dataclass(frozen=True)
class Fields:
    """What is wanted: dotted names, for example properties.eo:cloud_cover."""

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    def of(self, item: Mapping[str, Any]) -> dict[str, Any]:
        """The wanted part of an item."""
        kept = _picked(item, (*_ALWAYS, *self.include)) if self.include else dict(item)
        for name in self.exclude:
            kept = _without(kept, name.split("."))
        return kept


def _picked(item: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for name in names:
        _copy(item, kept, name.split("."))
    return kept


def _copy(item: Mapping[str, Any], kept: dict[str, Any], path: list[str]) -> None:
    """Copy what lies at a path, with the objects on the way to it."""
    first, *rest = path
    if first not in item:
        return
    if not rest:
        kept[first] = item[first]
    elif isinstance(item[first], dict):
        inner = kept.setdefault(first, {})
        if inner is not item[first]:
            _copy(item[first], inner, rest)


def _without(item: Mapping[str, Any], path: list[str]) -> dict[str, Any]:
    """A copy of an object without what lies at a path."""
    first, *rest = path
    if not rest:
        return {name: value for name, value in item.items() if name != first}
    inner = item.get(first)
    return {**item, first: _without(inner, rest)} if isinstance(inner, dict) else dict(item)
