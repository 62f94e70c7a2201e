"""Reading and ordering properties of elements. What does not belong here: changing them."""

from __future__ import annotations

from eo_pipeline.sandbox.graph.collections import Collection, Element, geometry_of
from eo_pipeline.sandbox.graph.values import Date, Feature

GEOMETRY_SELECTORS = (".all", ".geo")
"""Selectors that mean an element's geometry."""

ASSET_ID = "system:id"
"""The property by which an unchanged asset tells its id."""


def property_of(element: Element | Collection, name: str) -> object:
    """A property by its selector; None if it is not set."""
    if name in GEOMETRY_SELECTORS:
        return geometry_of(element)
    if name == ASSET_ID and name not in element.properties and not isinstance(element, Feature):
        return element.id
    return element.properties.get(name)


def comparable(value: object) -> int | float | str | None:
    """A value in the form in which it is compared: dates as milliseconds; None if it has no order."""
    if isinstance(value, Date):
        return value.milliseconds
    if isinstance(value, bool):
        return int(value)
    return value if isinstance(value, int | float | str) else None


def sort_key(value: object) -> tuple[int, float, str]:
    """A key that orders numbers before texts before values without an order."""
    simple = comparable(value)
    if isinstance(simple, str):
        return (1, 0.0, simple)
    return (2, 0.0, "") if simple is None else (0, float(simple), "")
