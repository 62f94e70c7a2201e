"""How far a long series of requests is. What does not belong here: where that is shown."""

from collections import deque
from dataclasses import dataclass

_LATELY = 30.0
"""Seconds over which a rate is taken."""


@dataclass(frozen=True)
class Standing:
    """Pieces that are done.

    Attributes:
        done: pieces that came or are lost.
        failed: of those, lost.
        total: pieces; None if nobody knows.
        per_second: pieces, lately.
    """

    done: int
    failed: int
    total: int | None
    per_second: float

    @property
    def seconds_left(self) -> float | None:
        """At the present rate; None if nobody knows."""
        if self.total is None or not self.per_second:
            return None
        return (self.total - self.done) / self.per_second

    def __str__(self) -> str:
        """For a person, on one line."""
        words = [f"{self.done:,}" if self.total is None else f"{self.done:,} of {self.total:,}"]
        if self.failed:
            words.append(f"{self.failed:,} failed")
        if self.per_second:
            words.append(f"{self.per_second:,.1f}/s")
        if self.seconds_left:
            words.append(f"{_duration(self.seconds_left)} left")
        return ", ".join(words)


class Standings:
    """Standings one after the other.

    Args:
        total: pieces; None if nobody knows.
        now: when it began, in seconds of the caller's clock.
    """

    def __init__(self, total: int | None, now: float) -> None:
        self._total = total
        self._seen = deque([(now, 0)])

    def after(self, answered: int, failed: int, now: float) -> Standing:
        """How far it is once so many pieces came and so many are lost."""
        done = answered + failed
        self._seen.append((now, done))
        while len(self._seen) > 2 and self._seen[1][0] <= now - _LATELY:
            self._seen.popleft()
        since, before = self._seen[0]
        return Standing(done, failed, self._total, (done - before) / (now - since) if now > since else 0.0)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s" if minutes else f"{rest} s"
