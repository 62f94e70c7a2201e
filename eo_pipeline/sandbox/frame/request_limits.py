"""How many requests of a project are answered at once, in a second and in a minute. Not here: what they ask."""

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.settings import Settings


class RequestLimits:
    """Counts the requests of each project; for use in one thread, the event loop's.

    Args:
        monotonic: Real seconds: what counts is how fast a client sends, not the sandbox's clock.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._open: dict[str, int] = {}
        self._started: dict[tuple[str, int], deque[float]] = {}

    @contextmanager
    def admitted(self, project: str, settings: Settings) -> Iterator[None]:
        """Lets a request in for as long as the block runs.

        Raises:
            ServiceError: 429, the project has too many open already, or sent too many within a second or a minute.
        """
        now = self._monotonic()
        minute, second = (self._recent(project, seconds, now) for seconds in (60, 1))
        count = self._open.get(project, 0)
        if _reached(len(minute), settings.requests_per_minute):
            told = settings.too_many_a_minute.replace("{project}", project)
            raise ServiceError(told, 429, "RESOURCE_EXHAUSTED")
        if _reached(count, settings.concurrent_requests) or _reached(len(second), settings.requests_per_second):
            raise ServiceError(settings.too_many_requests, 429, "RESOURCE_EXHAUSTED")
        minute.append(now)
        second.append(now)
        self._open[project] = count + 1
        try:
            yield
        finally:
            self._open[project] -= 1

    def _recent(self, project: str, seconds: int, now: float) -> deque[float]:
        """When the requests of the last seconds began, oldest first."""
        recent = self._started.setdefault((project, seconds), deque())
        while recent and recent[0] <= now - seconds:
            recent.popleft()
        return recent


def _reached(count: int, limit: int) -> bool:
    return limit > 0 and count >= limit
