"""How ranges of dates lie to each other. What does not belong here: making ranges and dates."""

from __future__ import annotations

from eo_pipeline.sandbox.graph.coercions import as_date
from eo_pipeline.sandbox.graph.registry import Family
from eo_pipeline.sandbox.graph.values import Date, DateRange

FAMILY = Family()


@FAMILY.algorithm("DateRange.contains")
def contains(date_range: DateRange, other: object) -> bool:
    """True if a date, or a whole range, lies within the range."""
    if isinstance(other, DateRange):
        start, end = other.start.milliseconds, other.end.milliseconds
        return date_range.start.milliseconds <= start and end <= date_range.end.milliseconds
    return date_range.start.milliseconds <= as_date(other).milliseconds < date_range.end.milliseconds


@FAMILY.algorithm("DateRange.isEmpty")
def is_empty(date_range: DateRange) -> bool:
    """True if no date lies within the range."""
    return date_range.start.milliseconds >= date_range.end.milliseconds


@FAMILY.algorithm("DateRange.intersection")
def intersection(date_range: DateRange, other: DateRange) -> DateRange:
    """The dates that lie within both."""
    start = max(date_range.start.milliseconds, other.start.milliseconds)
    end = min(date_range.end.milliseconds, other.end.milliseconds)
    return DateRange(Date(start), Date(max(start, end)))


@FAMILY.algorithm("DateRange.intersects")
def intersects(date_range: DateRange, other: DateRange) -> bool:
    """True if a date lies within both."""
    return not is_empty(intersection(date_range, other))


@FAMILY.algorithm("DateRange.union")
def union(date_range: DateRange, other: DateRange) -> DateRange:
    """The shortest range that holds both."""
    start = min(date_range.start.milliseconds, other.start.milliseconds)
    end = max(date_range.end.milliseconds, other.end.milliseconds)
    return DateRange(Date(start), Date(end))
