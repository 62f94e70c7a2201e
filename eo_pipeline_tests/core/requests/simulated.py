"""Servers with quotas in virtual time, and a client that keeps a pace. What does not belong here: expectations."""

import heapq
import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from eo_pipeline.core.requests.pace import Pace, Ticket

_REFUSAL_SECONDS = 0.005
_ON_THE_WAY = 0.002
"""Seconds at most that a request or an answer is on the way."""


def always(value: float) -> Callable[[float], float]:
    """The same at all times."""
    return lambda _: value


def unlimited(_: float) -> float:
    """As many as come."""
    return math.inf


def nobody(_: float) -> float:
    """No others."""
    return 0


@dataclass
class Server:
    """Answers each request that it lets in after its latency.

    Attributes:
        latency: seconds, by how many are under way.
        at_once: requests under way, by time.
        per_second: requests in any second, by time.
        per_minute: requests in any minute.
        bucket: tokens a second, of which a tenth of a second's are held; 0 for none.
        luck: share of requests that are refused whatever they are.
        others: requests of others under way, by time.
    """

    latency: Callable[[float], float]
    at_once: Callable[[float], float] = unlimited
    per_second: Callable[[float], float] = unlimited
    per_minute: float = math.inf
    bucket: float = 0.0
    luck: float = 0.0
    others: Callable[[float], float] = nobody
    random: Random = field(default_factory=lambda: Random(5))  # noqa: S311 - bad luck of a test
    under_way: int = 0
    _tokens: float = math.inf
    _filled: float = 0.0

    def __post_init__(self) -> None:
        self._second: deque[float] = deque()
        self._minute: deque[float] = deque()

    def lets_in(self, now: float) -> bool:
        """Whether a request that arrives now is answered."""
        for kept, seconds in ((self._second, 1), (self._minute, 60)):
            while kept and kept[0] <= now - seconds:
                kept.popleft()
        return (
            self.under_way + self.others(now) < self.at_once(now)
            and len(self._second) < self.per_second(now)
            and len(self._minute) < self.per_minute
            and self.random.random() >= self.luck
            and self._has_token(now)
            and self._noted(now)
        )

    def _has_token(self, now: float) -> bool:
        if not self.bucket:
            return True
        self._tokens = min(max(1.0, self.bucket / 10), self._tokens + (now - self._filled) * self.bucket)
        self._filled = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    def _noted(self, now: float) -> bool:
        self._second.append(now)
        self._minute.append(now)
        return True


@dataclass
class Seen:
    """What happened.

    Attributes:
        answers: when.
        refusals: when.
        allowed: time, and how many requests at once the pace allowed then.
    """

    answers: list[float] = field(default_factory=list)
    refusals: list[float] = field(default_factory=list)
    allowed: list[tuple[float, float]] = field(default_factory=list)

    def rate(self, begin: float, end: float) -> float:
        """Answers a second from one time to another."""
        return sum(begin <= time < end for time in self.answers) / (end - begin)

    def refused(self, begin: float, end: float) -> float:
        """The share of refusals."""
        refusals = sum(begin <= time < end for time in self.refusals)
        return refusals / max(1, refusals + sum(begin <= time < end for time in self.answers))

    def at_once(self, time: float) -> float:
        """What was allowed at a time."""
        return [number for when, number in self.allowed if when <= time][-1]


class Client:
    """Always has something to ask for, and asks as the pace allows."""

    def __init__(self, pace: Pace, server: Server) -> None:
        self._pace, self._server, self.seen = pace, server, Seen()
        self._random = Random(3)  # noqa: S311 - jitter of a test
        self._events: list[tuple[float, int, Callable[[float], None]]] = []
        self._number = 0
        self._woken = math.inf

    def run(self, seconds: float) -> Seen:
        """From 0 on."""
        now = 0.0
        while now < seconds:
            self._send(now)
            self.seen.allowed.append((now, self._pace.at_once.value))
            now, _, act = heapq.heappop(self._events)
            act(now)
        return self.seen

    def _at(self, time: float, act: Callable[[float], None]) -> None:
        self._number += 1
        heapq.heappush(self._events, (time, self._number, act))

    def _send(self, now: float) -> None:
        while (pause := self._pace.wait(now)) == 0:
            ticket = self._pace.sent(now)
            self._at(now + self._jitter(), self._arrival(ticket))
        if (due := now + pause + 1e-4) < self._woken:
            self._woken = due
            self._at(due, self._wake)

    def _wake(self, _: float) -> None:
        self._woken = math.inf

    def _arrival(self, ticket: Ticket) -> Callable[[float], None]:
        def refused(now: float) -> None:
            self._pace.refused(ticket, now)
            self.seen.refusals.append(now)

        def answered(now: float) -> None:
            self._pace.answered(ticket, now)
            self.seen.answers.append(now)

        def done(now: float) -> None:
            self._server.under_way -= 1
            self._at(now + self._jitter(), answered)

        def arrived(now: float) -> None:
            if not self._server.lets_in(now):
                self._at(now + _REFUSAL_SECONDS, refused)
                return
            self._server.under_way += 1
            self._at(now + self._server.latency(self._server.under_way) * self._random.uniform(0.9, 1.1), done)

        return arrived

    def _jitter(self) -> float:
        return self._random.uniform(0, _ON_THE_WAY)


def run(server: Server, seconds: float, pace: Pace) -> Seen:
    """What a client sees of a server in so many seconds."""
    return Client(pace, server).run(seconds)
