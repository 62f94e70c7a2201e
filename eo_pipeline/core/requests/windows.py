"""How many requests were sent in the last seconds, without those that were refused.

What does not belong here: how many may be (`pace`).
"""

import math
from collections import deque

_FIRST = 0.3
"""Seconds after which a rate is worth something."""


class Window:
    """When requests were sent in the last seconds, without those that were refused.

    Args:
        seconds: of the window.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._begun = math.inf
        self._times: deque[float] = deque()

    def add(self, now: float) -> None:
        """One more."""
        self._pass(now)
        self._begun = min(self._begun, now)
        self._times.append(now)

    def remove(self, sent: float) -> None:
        """It was refused."""
        if self._times and sent >= self._times[0]:
            self._times.remove(sent)

    def rate(self, now: float) -> float:
        """Requests in it, or what they will be if it goes on as in its first moments."""
        return len(self._times) * self._seconds / min(self._seconds, max(_FIRST, now - self._begun))

    def room(self, most: int, now: float) -> float:
        """When one more is no more than that many."""
        self._pass(now)
        excess = len(self._times) - most
        return self._times[excess] + self._seconds if excess >= 0 else now

    def holds(self, after: float, before: float) -> bool:
        """Whether there is one between two times."""
        latest = next((time for time in reversed(self._times) if time < before), -math.inf)
        return latest > after

    def _pass(self, now: float) -> None:
        while self._times and self._times[0] <= now - self._seconds:
            self._times.popleft()


class Minute:
    """How many were let in over the last minute."""

    def __init__(self) -> None:
        self._by_second: deque[list[float]] = deque()

    def add(self, number: int, now: float) -> None:
        """So many more."""
        if not self._by_second or self._by_second[-1][0] + 1 <= now:
            self._by_second.append([now, 0])
        self._by_second[-1][1] += number
        while self._by_second[0][0] <= now - 60:
            self._by_second.popleft()

    def number(self, now: float) -> float:
        """Since a minute ago."""
        return sum(number for when, number in self._by_second if when > now - 60)
