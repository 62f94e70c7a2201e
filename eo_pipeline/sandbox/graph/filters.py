"""Conditions on elements, and what of them a catalog can use. What does not belong here: which filters exist."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from shapely.geometry.base import BaseGeometry

from eo_pipeline.sandbox.graph.collections import Element

Condition = Callable[[Element, Element], bool]
"""(left element, right element) -> passes; outside joins both are the same element."""


@dataclass(frozen=True)
class Hint:
    """Bounds that every passing element lies in; a catalog may use them to look at fewer elements.

    Attributes:
        start: earliest system:time_start, milliseconds since 1970, or None.
        end: first system:time_start after, or None.
        region: shape in EPSG:4326 that the footprint intersects, or None.
        values: properties that have exactly these values.
        either: if there are any, the element lies within one of these, too.
    """

    start: int | None = None
    end: int | None = None
    region: BaseGeometry | None = None
    values: Mapping[str, object] = field(default_factory=dict)
    either: tuple[Hint, ...] = ()

    def narrowed(self, other: Hint) -> Hint:
        """Bounds of elements that pass both; of two regions the smaller one is kept, of alternatives the first."""
        starts = [value for value in (self.start, other.start) if value is not None]
        ends = [value for value in (self.end, other.end) if value is not None]
        region = narrower(self.region, other.region)
        values = {**other.values, **self.values}
        return Hint(max(starts, default=None), min(ends, default=None), region, values, self.either or other.either)


def narrower(first: BaseGeometry | None, second: BaseGeometry | None) -> BaseGeometry | None:
    """The region with the smaller bounding box, where there are two."""
    if first is None or second is None:
        return second if first is None else first
    return min(first, second, key=lambda region: region.envelope.area)


@dataclass(frozen=True)
class Filter:
    """A condition on an element, or on a pair of elements in a join.

    Attributes:
        condition: decides.
        hint: bounds of what passes.
        measure: how far a pair is apart, for joins that order or store it; None if this filter has no distance.
    """

    condition: Condition
    hint: Hint = Hint()
    measure: Callable[[Element, Element], float | None] | None = None

    def passes(self, element: Element) -> bool:
        """True if a single element passes."""
        return self.condition(element, element)

    def matches(self, left: Element, right: Element) -> bool:
        """True if a pair of a join passes."""
        return self.condition(left, right)
