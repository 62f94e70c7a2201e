"""Servers with quotas in virtual time, and a client that keeps a pace. What does not belong here: expectations."""

import heapq
import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from eo_pipeline.core.requests.pace import Pace

_REFUSAL_SECONDS = 0.005


@dataclass
class Server:
    """Lets in so many at once, so many in any second (or minute), and answers each after its latency.

    Attributes:
        at_once: by time.
        per_second: by time.
        per_minute: in any minute.
        latency: seconds, by how many are under way.
        bucket: tokens a second, of which a tenth of a second's are held.
        luck: share of requests that are refused whatever they are.
        others: requests of others under way, by time.
    """

    latency: Callable[[int], float]
    at_once: Callable[[float], float] = lambda _: math.inf
    per_second: Callable[[float], float] = lambda _: math.inf
    per_minute: float = math.inf
    bucket: float = 0.0
    luck: float = 0.0
    others: Callable[[float], int] = lambda _: 0
    random: Random = field(default_factory=lambda: Random(5))
    under_way: int = 0
    tokens: float = math.inf
    filled: float = 0.0
    second: deque[float] = field(default_factory=deque)
    minute: deque[float] = field(default_factory=deque)

    def lets_in(self, now: float) -> bool:
        for kept, seconds in ((self.second, 1), (self.minute, 60)):
            while kept and kept[0] <= now - seconds:
                kept.popleft()
        if (
            self.under_way + self.others(now) >= self.at_once(now)
            or len(self.second) >= self.per_second(now)
            or len(self.minute) >= self.per_minute
            or self.random.random() < self.luck
        ):
            return False
        if self.bucket:
            self.tokens, self.filled = min(self.bucket / 10, self.tokens + (now - self.filled) * self.bucket), now
            if self.tokens < 1:
                return False
            self.tokens -= 1
        self.second.append(now)
        self.minute.append(now)
        return True


@dataclass
class Seen:
    """What happened by the end: times of answers and refusals, and (time, requests at once allowed, rate allowed)."""

    answers: list[float] = field(default_factory=list)
    refusals: list[float] = field(default_factory=list)
    allowed: list[tuple[float, float, float]] = field(default_factory=list)

    def rate(self, begin: float, end: float) -> float:
        return sum(begin <= time < end for time in self.answers) / (end - begin)

    def refused(self, begin: float, end: float) -> float:
        no = sum(begin <= time < end for time in self.refusals)
        return no / max(1, no + sum(begin <= time < end for time in self.answers))

    def at_once(self, time: float) -> float:
        return [number for when, number, _ in self.allowed if when <= time][-1]


def run(pace: Pace, server: Server, seconds: float, jitter: float = 0.002) -> Seen:
    """There is always something to ask for."""
    seen, random, events, number = Seen(), Random(3), [], 0
    now = 0.0

    def push(time: float, act: Callable[[float], None]) -> None:
        nonlocal number
        number += 1
        heapq.heappush(events, (time, number, act))

    def arrive(ticket, now):
        if not server.lets_in(now):
            push(now + _REFUSAL_SECONDS, lambda t: (pace.refused(ticket, t), seen.refusals.append(t)))
            return
        server.under_way += 1

        def done(t):
            server.under_way -= 1
            push(t + random.uniform(0, jitter), lambda u: (pace.answered(ticket, u), seen.answers.append(u)))

        push(now + server.latency(server.under_way) * random.uniform(0.9, 1.1), done)

    woken = math.inf
    while now < seconds:
        while (pause := pace.wait(now)) == 0:
            ticket = pace.sent(now)
            push(now + random.uniform(0, jitter), lambda t, ticket=ticket: arrive(ticket, t))
        if (due := now + pause + 1e-4) < woken:
            woken = due
            push(woken, lambda t: None)
        seen.allowed.append((now, pace.at_once.value, pace.per_second.value))
        now, _, act = heapq.heappop(events)
        act(now)
        if now >= woken:
            woken = math.inf
    return seen
