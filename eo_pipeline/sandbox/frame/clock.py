"""The sandbox's time: real time times a speed, plus explicit ticks.

What does not belong here: what happens when time passes.
"""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple


class _Since(NamedTuple):
    """What the clock showed at a real time, in monotonic seconds, and how fast it has run since then."""

    shown: datetime
    read: float
    speed: float

    def shows(self, read: float) -> datetime:
        """At a later real time."""
        return self.shown + timedelta(seconds=(read - self.read) * self.speed)


class Clock:
    """A clock that runs `speed` times as fast as the real one and can be ticked forward.

    Args:
        speed: Clock seconds per real second, at least 0; with 0 only ticks move it.
        start: The first instant it shows, timezone-aware; by default the real time.
        monotonic: Real seconds.
    """

    def __init__(
        self, *, speed: float = 1.0, start: datetime | None = None, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._lock = threading.Lock()
        self._monotonic = monotonic
        self._since = _Since(start if start is not None else datetime.now(UTC), monotonic(), _checked(speed))

    def now(self) -> datetime:
        """The present instant, UTC; takes no lock, since many threads ask for it very often."""
        return self._since.shows(self._monotonic())

    @property
    def speed(self) -> float:
        """Clock seconds per real second."""
        return self._since.speed

    def tick(self, seconds: float) -> datetime:
        """Move forward by `seconds` (at least 0) and return the present instant.

        Raises:
            ValueError: `seconds` is negative or no finite number.
        """
        step = _checked(seconds)
        with self._lock:
            read = self._monotonic()
            self._since = self._since._replace(shown=self._since.shows(read) + timedelta(seconds=step), read=read)
            return self._since.shown

    def set_speed(self, speed: float) -> None:
        """Run at another speed from now on.

        Raises:
            ValueError: `speed` is negative or no finite number.
        """
        checked = _checked(speed)
        with self._lock:
            read = self._monotonic()
            self._since = _Since(self._since.shows(read), read, checked)


def _checked(number: float) -> float:
    if not 0 <= number < 1e9:
        raise ValueError(
            f"expected a number from 0 up to 1e9 seconds or times, got {number!r}; time only moves forward."
        )
    return number


def timestamp(instant: datetime) -> str:
    """An instant as the services write it: `2026-01-02T03:04:05.678901Z`."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def parse_timestamp(text: str) -> datetime:
    """The instant that `timestamp` wrote; also accepts fewer fractional digits, or an offset.

    Raises:
        ValueError: The text is no such instant.
    """
    instant = datetime.fromisoformat(text)
    return instant if instant.tzinfo is not None else instant.replace(tzinfo=UTC)
