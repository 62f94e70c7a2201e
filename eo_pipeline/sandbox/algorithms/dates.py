"""Dates and ranges of dates. What does not belong here: reading them from text."""

from __future__ import annotations

import calendar
import re
from datetime import datetime, timedelta

from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.graph.coercions import MismatchError, as_date
from eo_pipeline.sandbox.graph.dates import from_datetime, parse_date, time_zone, to_datetime
from eo_pipeline.sandbox.graph.registry import Family
from eo_pipeline.sandbox.graph.values import Date, DateRange

FAMILY = Family()

_MILLISECONDS = {"second": 1e3, "minute": 6e4, "hour": 3.6e6, "day": 8.64e7, "week": 6.048e8}
_MONTHS = {"month": 1, "year": 12}
_AVERAGE = {**_MILLISECONDS, "month": 8.64e7 * 365.2425 / 12, "year": 8.64e7 * 365.2425}
"""Average length of units in milliseconds (Gregorian calendar)."""


def _unit(name: str) -> str:
    unit = name.lower().removesuffix("s")
    if unit not in _AVERAGE:
        raise ServiceError(f"Date: Unknown unit '{name}'. Expected one of {sorted(_AVERAGE)}.")
    return unit


@FAMILY.algorithm("Date")
def date(value: object, time_zone: str | None) -> Date:
    """A date from milliseconds since 1970, or from text in a time zone."""
    if isinstance(value, str):
        return parse_date(value, time_zone)
    try:
        return as_date(value)
    except MismatchError as error:
        raise ServiceError(f"Date: Expected a number, a text or a Date, got {type(value).__name__}.") from error


@FAMILY.algorithm("Date.fromYMD")
def from_ymd(year: int, month: int, day: int, time_zone: str | None) -> Date:
    """Midnight of a calendar day."""
    return _at(year, month, day, time_zone)


def _at(year: int, month: int, day: int, zone: str | None) -> Date:
    try:
        return from_datetime(datetime(year, month, day, tzinfo=time_zone(zone)))
    except ValueError as error:
        raise ServiceError(f"Date.fromYMD: Bad date {year}-{month}-{day}: {error}.") from error


@FAMILY.algorithm("Date.millis")
def millis(date: Date) -> int:
    """Milliseconds since 1970."""
    return date.milliseconds


@FAMILY.algorithm("Date.advance")
def advance(date: Date, delta: float, unit: str, time_zone: str | None) -> Date:
    """A date later by units; days keep the clock time, months the day (or the month's last)."""
    name = _unit(unit)
    if name in _MONTHS:
        return _by_months(date, delta * _MONTHS[name], time_zone)
    if name in ("day", "week") and time_zone is not None and delta == int(delta):
        local = to_datetime(date, time_zone)
        return from_datetime(local + timedelta(days=delta * (7 if name == "week" else 1)))
    return Date(date.milliseconds + round(delta * _MILLISECONDS[name]))


def _by_months(date: Date, months: float, zone: str | None) -> Date:
    local = to_datetime(date, zone)
    count = local.year * 12 + local.month - 1 + int(months)
    year, month = divmod(count, 12)
    day = min(local.day, calendar.monthrange(year, month + 1)[1])
    moved = from_datetime(local.replace(year=year, month=month + 1, day=day))
    return Date(moved.milliseconds + round((months - int(months)) * _AVERAGE["month"]))


@FAMILY.algorithm("Date.difference")
def difference(date: Date, start: Date, unit: str) -> float:
    """Units from start to date, by the average length of the unit."""
    return (date.milliseconds - start.milliseconds) / _AVERAGE[_unit(unit)]


_FIELDS = {
    "year": lambda m: m.year, "month": lambda m: m.month, "day": lambda m: m.day, "hour": lambda m: m.hour,
    "minute": lambda m: m.minute, "second": lambda m: m.second, "week": lambda m: m.isocalendar().week,
}  # fmt: skip


@FAMILY.algorithm("Date.get")
def get(date: Date, unit: str, time_zone: str | None) -> int:
    """A calendar field; months and days start at 1."""
    value = _FIELDS[_unit(unit)](to_datetime(date, time_zone))
    return int(value)


@FAMILY.algorithm("Date.getFraction")
def get_fraction(date: Date, unit: str, time_zone: str | None) -> float:
    """The part 0..1 of the unit that has passed."""
    start = _start(to_datetime(date, time_zone), _unit(unit))
    end = advance(from_datetime(start), 1, unit, time_zone)
    begin = from_datetime(start).milliseconds
    return (date.milliseconds - begin) / (end.milliseconds - begin)


@FAMILY.algorithm("Date.getRelative")
def get_relative(date: Date, unit: str, in_unit: str, time_zone: str | None) -> int:
    """Whole units since the start of a larger one, from 0."""
    local = to_datetime(date, time_zone)
    start = _start(local, _unit(in_unit))
    name = _unit(unit)
    if name == "month":
        return (local.year - start.year) * 12 + local.month - start.month
    return int((local - start) / timedelta(milliseconds=_MILLISECONDS[name]))


def _start(moment: datetime, unit: str) -> datetime:
    """The first instant of the unit a moment lies in; weeks start on Monday."""
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    if unit == "week":
        return midnight - timedelta(days=midnight.weekday())
    starts = {
        "year": midnight.replace(month=1, day=1),
        "month": midnight.replace(day=1),
        "day": midnight,
        "hour": moment.replace(minute=0, second=0, microsecond=0),
        "minute": moment.replace(second=0, microsecond=0),
        "second": moment.replace(microsecond=0),
    }
    return starts[unit]


@FAMILY.algorithm("Date.update")
def update(
    date: Date,
    *,
    year: int | None,
    month: int | None,
    day: int | None,
    hour: int | None,
    minute: int | None,
    second: float | None,
    time_zone: str | None,
) -> Date:
    """The date with some of its fields replaced."""
    local = to_datetime(date, time_zone)
    try:
        local = local.replace(
            year=local.year if year is None else year,
            month=local.month if month is None else month,
            day=local.day if day is None else day,
            hour=local.hour if hour is None else hour,
            minute=local.minute if minute is None else minute,
        )
        if second is not None:
            local = local.replace(second=int(second), microsecond=round((second - int(second)) * 1e6))
    except ValueError as error:
        raise ServiceError(f"Date.update: {error}.") from error
    return from_datetime(local)


_PATTERN = re.compile(r"'([^']*)'|([A-Za-z])\2*|.")
_DAY_NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@FAMILY.algorithm("Date.format")
def format_(date: Date, format_: str | None, time_zone: str | None) -> str:
    """The date by a Joda-Time pattern; ISO 8601 without one."""
    local = to_datetime(date, time_zone)
    pattern = format_ or "YYYY-MM-dd'T'HH:mm:ss"
    return "".join(_field(match, local) for match in _PATTERN.finditer(pattern))


def _field(match: re.Match[str], local: datetime) -> str:
    letters = match[0]
    if match[1] is not None:
        return match[1]
    if match[2] is None:
        return letters
    if letters in ("MMM", "MMMM"):
        name = calendar.month_name[local.month]
        return name[:3] if letters == "MMM" else name
    if letters[0] == "E":
        return _DAY_NAMES[local.weekday()]
    numbers = {
        "y": local.year, "Y": local.year, "M": local.month, "d": local.day, "D": local.timetuple().tm_yday,
        "H": local.hour, "m": local.minute, "s": local.second, "w": local.isocalendar().week,
        "S": local.microsecond // 1000, "x": local.isocalendar().year, "e": local.isoweekday(),
    }  # fmt: skip
    if letters[0] not in numbers:
        raise ServiceError(f"Date.format: Unsupported pattern letter '{letters[0]}'.")
    if letters in ("yy", "YY"):
        return f"{local.year % 100:02d}"
    return str(numbers[letters[0]]).zfill(len(letters))


@FAMILY.algorithm("DateRange")
def date_range(start: object, end: object, time_zone: str | None) -> DateRange:
    """A half-open range; one millisecond if it has no end."""
    first = date(start, time_zone)
    last = Date(first.milliseconds + 1) if end is None else date(end, time_zone)
    if last.milliseconds < first.milliseconds:
        raise ServiceError("DateRange: The end of the range must not be before its start.")
    return DateRange(first, last)


@FAMILY.algorithm("DateRange.start")
def range_start(date_range: DateRange) -> Date:
    """The first instant inside."""
    return date_range.start


@FAMILY.algorithm("DateRange.end")
def range_end(date_range: DateRange) -> Date:
    """The first instant after."""
    return date_range.end


@FAMILY.algorithm("Date.getRange")
def get_range(date: Date, unit: str, time_zone: str | None) -> DateRange:
    """The unit that a date lies in."""
    start = from_datetime(_start(to_datetime(date, time_zone), _unit(unit)))
    return DateRange(start, advance(start, 1, unit, time_zone))
