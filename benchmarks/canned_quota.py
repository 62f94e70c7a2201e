"""A project's quota and what was asked of it, shared by the processes of one canned server.

What does not belong here: answering (`canned_pixels`).
"""

import multiprocessing
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

_TOKENS, _FILLED, _UNDER_WAY, _MOST, _REQUESTS, _REFUSED, _SPOILT = range(7)


@dataclass(frozen=True)
class Quota:
    """What is let in.

    Attributes:
        at_once: requests being answered; 0 for any number.
        per_second: requests a second, as a bucket that fills at this rate; 0 for any number.
        burst: seconds of the rate that the bucket holds.
    """

    at_once: int = 0
    per_second: float = 0.0
    burst: float = 1.0

    def seconds(self, count: int, latency: float) -> float:
        """The least time in which `count` requests, answered after `latency` seconds each, are let in and answered."""
        by_rate = max(0.0, count / self.per_second - self.burst) if self.per_second else 0.0
        by_number = -(-count // self.at_once) * latency if self.at_once else 0.0
        return max(by_rate + latency, by_number)


@dataclass(frozen=True)
class Counts:
    """What a server saw so far.

    Attributes:
        requests: for pixels, refused and spoilt ones included.
        refused: answered 429 since the quota was used up.
        spoilt: answered with an error, broken off or cut short on purpose.
        most_at_once: requests being answered at the same time.
    """

    requests: int
    refused: int
    spoilt: int
    most_at_once: int


class Turnstile:
    """Lets requests in by a quota and counts them; made before the processes that share it are forked.

    Args:
        quota: of all of them together.
        clock: seconds, the same in all processes.
    """

    def __init__(self, quota: Quota, clock: Callable[[], float] = monotonic) -> None:
        forked = multiprocessing.get_context("fork")
        self._quota, self._clock, self._lock = quota, clock, forked.Lock()
        self._state = forked.RawArray("d", 7)
        self._state[_TOKENS], self._state[_FILLED] = self._bucket, clock()

    def enter(self) -> bool:
        """A request came: whether it is let in. One that is must `leave`."""
        with self._lock:
            state, now = self._state, self._clock()
            state[_REQUESTS] += 1
            if not self._has_room(now):
                state[_REFUSED] += 1
                return False
            state[_UNDER_WAY] += 1
            state[_MOST] = max(state[_MOST], state[_UNDER_WAY])
            return True

    def leave(self, *, spoilt: bool = False) -> None:
        """A request that was let in is answered."""
        with self._lock:
            self._state[_UNDER_WAY] -= 1
            self._state[_SPOILT] += spoilt

    def counts(self) -> Counts:
        """What all processes saw."""
        with self._lock:
            state = list(self._state)
        return Counts(int(state[_REQUESTS]), int(state[_REFUSED]), int(state[_SPOILT]), int(state[_MOST]))

    @property
    def _bucket(self) -> float:
        return max(1.0, self._quota.per_second * self._quota.burst)

    def _has_room(self, now: float) -> bool:
        """Takes a token where there has to be one."""
        state, quota = self._state, self._quota
        if quota.at_once and state[_UNDER_WAY] >= quota.at_once:
            return False
        if quota.per_second:
            tokens = min(self._bucket, state[_TOKENS] + (now - state[_FILLED]) * quota.per_second)
            state[_TOKENS], state[_FILLED] = (tokens - 1 if tokens >= 1 else tokens), now
            return bool(tokens >= 1)
        return True
