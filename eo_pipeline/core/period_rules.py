"""Rules that cut time into periods: calendar units, n days restarting each January, image dates.

A rule lists its periods between two instants and reads a key back; a text it would not have printed is refused.
What does not belong here: the clock, availability (`periods`) and how a cube stores time (`cube_template`).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import pairwise
from typing import Literal, Protocol

from eo_pipeline.core.periods import Period, require_utc
from eo_pipeline.errors import KeyFormatError, ProductError

CalendarUnit = Literal["day", "month", "year"]
_UNITS: dict[str, CalendarUnit] = {"day": "day", "month": "month", "year": "year"}
_DAY = timedelta(days=1)
_KEY_LENGTH = {"day": 10, "month": 7, "year": 4}
_REST_OF_DATE = {"day": "", "month": "-01", "year": "-01-01"}
_DAYS_TEXT = re.compile(r"([1-9][0-9]{0,2}) days")


class PeriodRule(Protocol):
    """How a product cuts time into periods."""

    @property
    def text(self) -> str:
        """The rule as a product's declaration and a cube's attributes write it."""
        ...

    @property
    def whole_days(self) -> bool:
        """True if every period starts and ends at midnight UTC."""
        ...

    def periods(self, start: datetime, until: datetime) -> tuple[Period, ...]:
        """Every period with `start` <= its start < `until`, in order; both instants are UTC."""
        ...

    def parse(self, key: str) -> Period:
        """The period of a key; raises KeyFormatError for a text the rule would not print."""
        ...


@dataclass(frozen=True)
class CalendarRule:
    """Days, months or years of the calendar; keys `2023-05-17`, `2023-05`, `2023`."""

    unit: CalendarUnit

    @property
    def text(self) -> str:
        """`day`, `month` or `year`."""
        return self.unit

    @property
    def whole_days(self) -> bool:
        """Calendar units start at midnight."""
        return True

    def periods(self, start: datetime, until: datetime) -> tuple[Period, ...]:
        """Every period with `start` <= its start < `until`, in order; both instants are UTC."""
        return tuple(_between(self, start, until))

    def parse(self, key: str) -> Period:
        """The period of a key; raises KeyFormatError for a text the rule would not print."""
        return _parsed(self, key, _REST_OF_DATE[self.unit])

    def containing(self, instant: datetime) -> Period:
        """The period in which `instant` lies."""
        day = _midnight(instant)
        if self.unit == "day":
            start, end = day, day + _DAY
        elif self.unit == "month":
            start = day.replace(day=1)
            end = (start + 31 * _DAY).replace(day=1)
        else:
            start = day.replace(month=1, day=1)
            end = start.replace(year=start.year + 1)
        return Period(start, end, start.date().isoformat()[: _KEY_LENGTH[self.unit]])


@dataclass(frozen=True)
class DaysRule:
    """Spans of `days` days that restart each 1 January, as MODIS composites do; a year's last span is shorter.

    Keys are the first day, `2023-01-09`.
    """

    days: int

    def __post_init__(self) -> None:
        if not 2 <= self.days <= 365:
            raise ProductError(f"Expected a span of 2 to 365 days, got {self.days}; write day or year for the others.")

    @property
    def text(self) -> str:
        """Such as `8 days`."""
        return f"{self.days} days"

    @property
    def whole_days(self) -> bool:
        """Spans of days start at midnight."""
        return True

    def periods(self, start: datetime, until: datetime) -> tuple[Period, ...]:
        """Every period with `start` <= its start < `until`, in order; both instants are UTC."""
        return tuple(_between(self, start, until))

    def parse(self, key: str) -> Period:
        """The period of a key; raises KeyFormatError for a text the rule would not print."""
        return _parsed(self, key, "")

    def containing(self, instant: datetime) -> Period:
        """The period in which `instant` lies."""
        day = _midnight(instant)
        january = day.replace(month=1, day=1)
        start = day - (day - january) % timedelta(days=self.days)
        end = min(start + timedelta(days=self.days), january.replace(year=january.year + 1))
        return Period(start, end, start.date().isoformat())


@dataclass(frozen=True)
class ImageDates:
    """Periods listed one by one: each starts at an image's date, its end is given.

    Keys are the date, `2023-05-17`, with the hour if it does not start at midnight, `2023-05-17T10`.

    Attributes:
        spans: (start, end) of each period, UTC, whole hours, sorted by start, not overlapping.
    """

    spans: tuple[tuple[datetime, datetime], ...]

    def __post_init__(self) -> None:
        for instant in (instant for span in self.spans for instant in span):
            if require_utc(instant) != instant.replace(minute=0, second=0, microsecond=0):
                raise ProductError(f"Expected image dates of whole hours, got {instant.isoformat()}; round it down.")
        for earlier, later in pairwise(self._all):
            if later.start < earlier.end:
                raise ProductError(
                    f"Expected image dates in order and without overlap, got {earlier.key} until {earlier.end} "
                    f"and then {later.key}; sort them and end each before the next starts."
                )

    @cached_property
    def _all(self) -> tuple[Period, ...]:
        return tuple(Period(start, end, _date_key(start)) for start, end in self.spans)

    @property
    def text(self) -> str:
        """Always `image dates`: the list itself is the product's."""
        return "image dates"

    @property
    def whole_days(self) -> bool:
        """True if every period starts and ends at midnight UTC."""
        return all(instant == _midnight(instant) for span in self.spans for instant in span)

    def periods(self, start: datetime, until: datetime) -> tuple[Period, ...]:
        """Every period with `start` <= its start < `until`, in order; both instants are UTC."""
        return tuple(period for period in self._all if start <= period.start < until)

    def parse(self, key: str) -> Period:
        """The period of a key; raises KeyFormatError for a text the rule would not print."""
        for period in self._all:
            if period.key == key:
                return period
        raise KeyFormatError(f"Expected one of the {len(self._all)} image dates of the product, got {key!r}.")


def parse_period_rule(text: str) -> CalendarRule | DaysRule:
    """Read `day`, `month`, `year` or `<n> days` as a product's declaration writes it.

    Raises:
        ProductError: the text is none of these (image dates are a list, not a text).
    """
    if text in _UNITS:
        return CalendarRule(_UNITS[text])
    match = _DAYS_TEXT.fullmatch(text)
    if match is None:
        raise ProductError(f"Expected a period of day, month, year or '<n> days', got {text!r}; write one of these.")
    return DaysRule(int(match[1]))


def _midnight(instant: datetime) -> datetime:
    return require_utc(instant).replace(hour=0, minute=0, second=0, microsecond=0)


def _date_key(start: datetime) -> str:
    return start.date().isoformat() if start == _midnight(start) else start.strftime("%Y-%m-%dT%H")


def _between(rule: CalendarRule | DaysRule, start: datetime, until: datetime) -> Iterator[Period]:
    period = rule.containing(start)
    if period.start < start:
        period = rule.containing(period.end)
    while period.start < until:
        yield period
        period = rule.containing(period.end)


def _parsed(rule: CalendarRule | DaysRule, key: str, rest_of_date: str) -> Period:
    """Read the key as the first day of a period, and refuse it unless the rule prints it so."""
    try:
        period = rule.containing(datetime.fromisoformat(key + rest_of_date).replace(tzinfo=UTC))
    except (ValueError, OverflowError) as error:
        raise KeyFormatError(f"Expected the key of a period of {rule.text}, got {key!r}: {error}.") from error
    if period.key != key:
        raise KeyFormatError(f"Expected the key of a period of {rule.text}, such as {period.key}, got {key!r}.")
    return period
