"""Periods: half-open spans of time that a product's partitions and a cube's slots stand for.

Here: the period itself, durations as text, and when a period is available and rechecked. The rules that cut time into
periods are in `period_rules`. What does not belong here: the clock (`now` is an argument) and Dagster's partitions.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from eo_pipeline.errors import ProductError

_DURATION = re.compile(r"(0|[1-9][0-9]{0,5})([hdw])")
_HOURS = {"h": 1, "d": 24, "w": 168}


@dataclass(frozen=True, order=True)
class Period:
    """A half-open span of time, `start` <= t < `end`; ordered by start.

    Attributes:
        start: first instant, aware, UTC.
        end: first instant after the period, aware, UTC.
        key: the period as text in partition keys and paths, such as `2023-05`.
    """

    start: datetime
    end: datetime
    key: str

    def __post_init__(self) -> None:
        require_utc(self.start)
        require_utc(self.end)
        if not self.start < self.end:
            raise ProductError(
                f"Expected a period that ends after its start, got {self.start} to {self.end} ({self.key}); "
                "give an end that is later."
            )

    def contains(self, instant: datetime) -> bool:
        """Tell whether `instant` lies in the period: its start does, its end does not."""
        return self.start <= instant < self.end


def require_utc(instant: datetime) -> datetime:
    """Return `instant` if it is aware and UTC.

    Raises:
        ProductError: it has no time zone or another one.
    """
    if instant.utcoffset() != timedelta(0):
        raise ProductError(
            f"Expected an instant in UTC, got {instant.isoformat()}; write it with a zone, as {_as_utc_text(instant)}."
        )
    return instant


def _as_utc_text(instant: datetime) -> str:
    if instant.tzinfo is None:
        return instant.replace(tzinfo=UTC).isoformat()
    return instant.astimezone(UTC).isoformat()


def parse_duration(text: str) -> timedelta:
    """Read a duration: a whole number and `h` (hours), `d` (days) or `w` (weeks), such as `10d`, `6h`, `2w`.

    Raises:
        ProductError: the text is anything else.
    """
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ProductError(
            f"Expected a duration such as 6h, 10d or 2w, got {text!r}; write a whole number and h, d or w."
        )
    return timedelta(hours=int(match[1]) * _HOURS[match[2]])


def is_available(period: Period, *, now: datetime, available_after: timedelta) -> bool:
    """Tell whether the source is expected to be complete: `end` + `available_after` <= `now`."""
    return period.end + available_after <= now


def is_rechecked(period: Period, *, now: datetime, recheck_for: timedelta) -> bool:
    """Tell whether late or reprocessed images are still looked for: `now` < `end` + `recheck_for`."""
    return now < period.end + recheck_for
