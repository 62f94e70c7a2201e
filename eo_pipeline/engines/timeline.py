"""When which worker worked at what: of each batch's attempts, as values and numbers.

What does not belong here: drawing it (`timeline_picture`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from eo_pipeline.engines.outcomes import Attempt, Ended, Outcome


@dataclass(frozen=True)
class Bar:
    """One attempt on the timeline.

    Attributes:
        number: of the batch, counted from 0.
        attempt: of that batch, counted from 1.
        worker: host and process; empty if none had begun.
        start: seconds after the timeline's start.
        end: the same.
        ended: see `outcomes.Attempt`.
    """

    number: int
    attempt: int
    worker: str
    start: float
    end: float
    ended: Ended


@dataclass(frozen=True)
class Timeline:
    """All attempts of one call of `spawn`.

    Attributes:
        start: of the first one, seconds since 1970; 0 if there is none.
        bars: by start.
    """

    start: float
    bars: tuple[Bar, ...]

    @property
    def seconds(self) -> float:
        """From the start of the first attempt to the end of the last."""
        return max((bar.end for bar in self.bars), default=0.0)

    @property
    def worker_seconds(self) -> float:
        """Seconds that workers spent on attempts, those included that came to nothing."""
        return sum(bar.end - bar.start for bar in self.bars if bar.worker)

    @property
    def workers(self) -> tuple[str, ...]:
        """In the order in which they began."""
        return tuple(dict.fromkeys(bar.worker for bar in self.bars if bar.worker))

    @property
    def retries(self) -> int:
        """Attempts beyond the first of each batch."""
        return sum(bar.attempt > 1 for bar in self.bars)


def timeline_of(outcomes: Iterable[Outcome[Any, Any]]) -> Timeline:
    """The timeline of outcomes, in any order."""
    tries = [(one.number, number, attempt) for one in outcomes for number, attempt in enumerate(one.attempts, start=1)]
    start = min((attempt.start for _, _, attempt in tries), default=0.0)
    bars = (_bar(batch, number, attempt, start) for batch, number, attempt in tries)
    return Timeline(start, tuple(sorted(bars, key=lambda bar: (bar.start, bar.number))))


def _bar(batch: int, number: int, attempt: Attempt, start: float) -> Bar:
    return Bar(batch, number, attempt.worker, attempt.start - start, attempt.end - start, attempt.ended)
