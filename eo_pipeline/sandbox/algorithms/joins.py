"""Joins of two collections. What does not belong here: the filters that match elements."""

from __future__ import annotations

from collections.abc import Iterator

from eo_pipeline.sandbox.graph.collections import Collection, Derived, Element
from eo_pipeline.sandbox.graph.filters import Filter
from eo_pipeline.sandbox.graph.joining import Join, Matches
from eo_pipeline.sandbox.graph.limits import each
from eo_pipeline.sandbox.graph.properties import property_of, sort_key
from eo_pipeline.sandbox.graph.registry import Family
from eo_pipeline.sandbox.graph.values import Feature

FAMILY = Family()


@FAMILY.algorithm("Join.apply")
def apply(join: Join, primary: Collection, secondary: Collection, condition: Filter) -> Collection:
    """The join of two collections by a condition on pairs."""

    def make() -> Iterator[Element]:
        others = secondary.features
        for element in each(primary.stream_elements()):
            matches = [
                (other, None if condition.measure is None else condition.measure(element, other))
                for other in each(others)
                if condition.matches(element, other)
            ]
            yield from join.results(element, matches)

    return primary.of(Derived(make, primary.source.endless))


@FAMILY.algorithm("Join.simple")
def simple() -> Join:
    """Primary elements that have a match."""
    return Join(lambda element, matches: [element] if matches else [])


@FAMILY.algorithm("Join.inverted")
def inverted() -> Join:
    """Primary elements that have no match."""
    return Join(lambda element, matches: [] if matches else [element])


@FAMILY.algorithm("Join.inner")
def inner(primary_key: str, secondary_key: str, measure_key: str | None) -> Join:
    """A feature without geometry for each pair, its two elements as properties."""

    def results(element: Element, matches: Matches) -> list[Element]:
        return [
            Feature(None, {primary_key: element, secondary_key: other, **_measured(measure_key, distance)})
            for other, distance in matches
        ]

    return Join(results)


def _measured(key: str | None, distance: float | None) -> dict[str, object]:
    return {} if key is None else {key: distance}


def _ordered(matches: Matches, ordering: str | None, *, ascending: bool) -> Matches:
    if ordering is None:
        return matches
    return sorted(matches, key=lambda match: sort_key(property_of(match[0], ordering)), reverse=not ascending)


def _with_measure(match: tuple[Element, float | None], key: str | None) -> Element:
    element, distance = match
    return element if key is None else element.with_properties({**element.properties, key: distance})


@FAMILY.algorithm("Join.saveFirst")
def save_first(match_key: str, ordering: str | None, ascending: bool, measure_key: str | None, outer: bool) -> Join:
    """Primary elements with their first match as a property; those without one only in an outer join."""

    def results(element: Element, matches: Matches) -> list[Element]:
        found = _ordered(matches, ordering, ascending=ascending)
        if not found:
            return [element] if outer else []
        first = _with_measure(found[0], measure_key)
        return [element.with_properties({**element.properties, match_key: first})]

    return Join(results)


@FAMILY.algorithm("Join.saveBest")
def save_best(match_key: str, measure_key: str, outer: bool) -> Join:
    """Primary elements with their nearest match as a property."""

    def results(element: Element, matches: Matches) -> list[Element]:
        found = sorted(matches, key=lambda match: match[1] or 0.0)
        if not found:
            return [element] if outer else []
        best = _with_measure(found[0], measure_key)
        return [element.with_properties({**element.properties, match_key: best})]

    return Join(results)


@FAMILY.algorithm("Join.saveAll")
def save_all(matches_key: str, ordering: str | None, ascending: bool, measure_key: str | None, outer: bool) -> Join:
    """Primary elements with the list of their matches as a property."""

    def results(element: Element, matches: Matches) -> list[Element]:
        found = [_with_measure(match, measure_key) for match in _ordered(matches, ordering, ascending=ascending)]
        if not found and not outer:
            return []
        return [element.with_properties({**element.properties, matches_key: found})]

    return Join(results)
