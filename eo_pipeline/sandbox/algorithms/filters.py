"""Filters. What does not belong here: applying them to collections."""

from __future__ import annotations

import datetime as dt
import math
import operator
from collections.abc import Callable
from functools import reduce
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.graph.coercions import MismatchError, as_date, as_date_range, as_geometry
from eo_pipeline.sandbox.graph.collections import Element
from eo_pipeline.sandbox.graph.comparing import same
from eo_pipeline.sandbox.graph.dates import to_datetime
from eo_pipeline.sandbox.graph.filters import Filter, Hint
from eo_pipeline.sandbox.graph.geometry import WGS84
from eo_pipeline.sandbox.graph.properties import comparable, property_of
from eo_pipeline.sandbox.graph.registry import Family
from eo_pipeline.sandbox.graph.values import DateRange

FAMILY = Family()

Side = Callable[[Element, Element], object]
Test = Callable[[Any, Any], bool]

TIME = "system:time_start"


def _sides(
    left_field: str | None, left_value: object, right_field: str | None, right_value: object
) -> tuple[Side, Side]:
    """How to read both operands of a pair of elements."""
    if (left_field is None) == (left_value is None) or (right_field is None) == (right_value is None):
        raise ServiceError("Filter: Exactly one of field and value must be given for each operand.")

    def left(first: Element, _: Element) -> object:
        return left_value if left_field is None else property_of(first, left_field)

    def right(_: Element, second: Element) -> object:
        return right_value if right_field is None else property_of(second, right_field)

    return left, right


def _filter(sides: tuple[Side, Side], test: Test, hint: Hint = Hint()) -> Filter:  # noqa: B008 - a frozen value
    left, right = sides

    def condition(first: Element, second: Element) -> bool:
        a, b = left(first, second), right(first, second)
        return a is not None and b is not None and test(a, b)

    return Filter(condition, hint)


def _ordered(compare: Callable[[Any, Any], bool]) -> Test:
    """A test of two numbers or two texts; a number and a text never pass."""

    def test(a: object, b: object) -> bool:
        x, y = comparable(a), comparable(b)
        if x is None or y is None or isinstance(x, str) != isinstance(y, str):
            return False
        return compare(x, y)

    return test


def _equal(a: object, b: object) -> bool:
    x, y = comparable(a), comparable(b)
    return same(a, b) if x is None or y is None else x == y


def _text(compare: Callable[[str, str], bool]) -> Test:
    return lambda a, b: isinstance(a, str) and isinstance(b, str) and compare(a, b)


def _contains(a: object, b: object) -> bool:
    return isinstance(a, list) and any(_equal(member, b) for member in a)


def _in_range(a: object, b: object) -> bool:
    span, moment = as_date_range(a), as_date(b).milliseconds
    return span.start.milliseconds <= moment < span.end.milliseconds


def _is_number_elsewhere(field: str, value: object) -> bool:
    """True for numbers that are no times."""
    return field != TIME and isinstance(value, int | float)


def _hint(name: str, field: str | None, value: object) -> Hint:
    """What a comparison of a property with a value tells a catalog."""
    if name == "equals" and field is not None and (isinstance(value, str) or _is_number_elsewhere(field, value)):
        return Hint(values={field: value})
    moment = comparable(value)
    if field != TIME or not isinstance(moment, int | float) or not math.isfinite(moment):
        return Hint()
    first = math.floor(moment) + 1
    if name == "equals":
        return Hint(start=math.floor(moment), end=first)
    if name == "lessThan":
        return Hint(end=math.ceil(moment))
    return Hint(start=first) if name == "greaterThan" else Hint()


def _register(name: str, test: Test) -> None:
    def function(left_field: str | None, right_value: object, right_field: str | None, left_value: object) -> Filter:
        hint = _hint(name, left_field, right_value)
        return _filter(_sides(left_field, left_value, right_field, right_value), test, hint)

    FAMILY.add(f"Filter.{name}", function)


for _name, _test in {
    "equals": _equal,
    "lessThan": _ordered(operator.lt),
    "greaterThan": _ordered(operator.gt),
    "listContains": _contains,
    "stringContains": _text(lambda a, b: b in a),
    "stringStartsWith": _text(lambda a, b: a.startswith(b)),
    "stringEndsWith": _text(lambda a, b: a.endswith(b)),
}.items():
    _register(_name, _test)


@FAMILY.algorithm("Filter.dateRangeContains")
def date_range_contains(
    left_field: str | None, right_value: object, right_field: str | None, left_value: object
) -> Filter:
    """The left operand, a half-open date range, contains the right one, a date."""
    hint = Hint()
    if isinstance(left_value, DateRange) and right_field == TIME:
        hint = Hint(start=left_value.start.milliseconds, end=left_value.end.milliseconds)
    return _filter(_sides(left_field, left_value, right_field, right_value), _in_range, hint)


@FAMILY.algorithm("Filter.intersects")
def intersects(left_field: str | None, right_value: object, right_field: str | None, left_value: object) -> Filter:
    """The geometries of both operands share a point; an element without bounds intersects everything."""
    return _spatial("intersects", left_field, right_value, right_field, left_value)


@FAMILY.algorithm("Filter.isContained")
def is_contained(left_field: str | None, right_value: object, right_field: str | None, left_value: object) -> Filter:
    """The left geometry lies inside the right one."""
    return _spatial("within", left_field, right_value, right_field, left_value)


@FAMILY.algorithm("Filter.contains")
def contains(left_field: str | None, right_value: object, right_field: str | None, left_value: object) -> Filter:
    """The right geometry lies inside the left one."""
    return _spatial("contains", left_field, right_value, right_field, left_value)


@FAMILY.algorithm("Filter.disjoint")
def disjoint(left_field: str | None, right_value: object, right_field: str | None, left_value: object) -> Filter:
    """The geometries share no point."""
    return _spatial("disjoint", left_field, right_value, right_field, left_value)


def _spatial(
    predicate: str, left_field: str | None, right_value: object, right_field: str | None, left_value: object
) -> Filter:
    left_shape, right_shape = _shape(left_value), _shape(right_value)
    test = getattr(shapely, predicate)
    fixed = right_shape if left_shape is None else left_shape
    if fixed is not None:
        shapely.prepare(fixed)

    def condition(first: Element, second: Element) -> bool:
        a = left_shape if left_field is None else _shape(property_of(first, left_field))
        b = right_shape if right_field is None else _shape(property_of(second, right_field))
        if a is None or b is None:
            return predicate == "intersects"
        return bool(test(a, b))

    return Filter(condition, Hint() if predicate == "disjoint" else Hint(region=fixed))


def _shape(value: object) -> BaseGeometry | None:
    """The shape of an operand in EPSG:4326."""
    if value is None:
        return None
    try:
        return as_geometry(value).to(WGS84)
    except MismatchError as error:
        raise ServiceError(f"Filter: Expected a geometry, got {type(value).__name__}.") from error


@FAMILY.algorithm("Filter.and")
def all_of(filters: list[Filter]) -> Filter:
    """Every filter passes."""
    hint = reduce(Hint.narrowed, (one.hint for one in filters), Hint())
    return Filter(lambda a, b: all(one.matches(a, b) for one in filters), hint)


@FAMILY.algorithm("Filter.or")
def any_of(filters: list[Filter]) -> Filter:
    """At least one filter passes."""
    hint = Hint(either=tuple(one.hint for one in filters))
    return Filter(lambda a, b: any(one.matches(a, b) for one in filters), hint)


@FAMILY.algorithm("Filter.not")
def negated(filter_: Filter) -> Filter:
    """The filter does not pass."""
    return Filter(lambda a, b: not filter_.matches(a, b))


@FAMILY.algorithm("Filter.notNull")
def not_null(properties: list[str]) -> Filter:
    """Every property is set."""
    return Filter(lambda element, _: all(property_of(element, name) is not None for name in properties))


@FAMILY.algorithm("Filter.rangeContains")
def range_contains(field: str, min_value: object, max_value: object) -> Filter:
    """A property lies in a range, both ends included."""
    at_least, at_most = _ordered(operator.ge), _ordered(operator.le)

    def condition(element: Element, _: Element) -> bool:
        value = property_of(element, field)
        return at_least(value, min_value) and at_most(value, max_value)

    return Filter(condition)


@FAMILY.algorithm("Filter.maxDifference")
def max_difference(
    difference: float, left_field: str | None, right_value: object, right_field: str | None, left_value: object
) -> Filter:
    """Two numbers are at most this far apart; the distance is the measure of a join."""
    left, right = _sides(left_field, left_value, right_field, right_value)

    def measure(first: Element, second: Element) -> float | None:
        a, b = comparable(left(first, second)), comparable(right(first, second))
        if not isinstance(a, int | float) or not isinstance(b, int | float):
            return None
        return abs(a - b)

    def condition(first: Element, second: Element) -> bool:
        apart = measure(first, second)
        return apart is not None and apart <= difference

    return Filter(condition, measure=measure)


@FAMILY.algorithm("Filter.dayOfYear")
def day_of_year(start: int, end: int) -> Filter:
    """The day of the year lies in [start, end), across the new year if end is before start."""

    def inside(day: int) -> bool:
        return start <= day < end if start <= end else day >= start or day < end

    return Filter(lambda element, _: _calendar(element, "day_of_year", inside))


@FAMILY.algorithm("Filter.calendarRange")
def calendar_range(start: int, end: int | None, field: str) -> Filter:
    """A calendar field (UTC) lies in a range, both ends included, wrapping if end is before start."""
    last = start if end is None else end
    if field not in _CALENDAR:
        raise ServiceError(f"Filter.calendarRange: Unknown calendar field '{field}'.")

    def inside(value: int) -> bool:
        return start <= value <= last if start <= last else value >= start or value <= last

    hint = _years(start, last) if field == "year" and start <= last else Hint()
    return Filter(lambda element, _: _calendar(element, field, inside), hint)


def _years(first: int, last: int) -> Hint:
    """All moments of some years."""
    if not (first >= dt.MINYEAR and last < dt.MAXYEAR):
        return Hint()
    start, end = (dt.datetime(year, 1, 1, tzinfo=dt.UTC) for year in (first, last + 1))
    return Hint(start=round(start.timestamp() * 1000), end=round(end.timestamp() * 1000))


_CALENDAR: dict[str, Callable[..., int]] = {
    "year": lambda moment: moment.year,
    "month": lambda moment: moment.month,
    "hour": lambda moment: moment.hour,
    "minute": lambda moment: moment.minute,
    "day_of_year": lambda moment: moment.timetuple().tm_yday,
    "day_of_month": lambda moment: moment.day,
    "day_of_week": lambda moment: moment.isoweekday(),
}


def _calendar(element: Element, field: str, inside: Callable[[int], bool]) -> bool:
    moment = element.properties.get(TIME)
    return moment is not None and inside(_CALENDAR[field](to_datetime(as_date(moment))))
