"""What one evaluation may use: time and memory, asked for wherever much of them may go.

Whoever starts an evaluation says what it may use (`allowed`); whoever loops says `proceed()` in each turn, and whoever
makes large arrays says `reserve()` before. Where nobody has said anything, everything is allowed.
What does not belong here: how much is allowed by default (`settings`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

import numpy as np

from eo_pipeline.sandbox.errors import ServiceError

TIMED_OUT = "Computation timed out."
MEMORY_EXCEEDED = "User memory limit exceeded."

_ASK_SECONDS = 0.05
"""Between two questions whether the evaluation is still wanted."""


def _wanted() -> None:
    """Nobody asks to stop."""


@dataclass(frozen=True)
class Allowance:
    """What an evaluation may use.

    Attributes:
        seconds: real seconds until it is refused; 0: any.
        memory: bytes that it may hold at once, as estimated; 0: any.
        stopped: raises if the evaluation is no longer wanted; called now and then.
        timed_out: text of the refusal after `seconds`.
        memory_exceeded: text of the refusal above `memory`.
    """

    seconds: float = 0.0
    memory: int = 0
    stopped: Callable[[], object] = _wanted
    timed_out: str = TIMED_OUT
    memory_exceeded: str = MEMORY_EXCEEDED


class _Use:
    """What an evaluation has used of its allowance."""

    def __init__(self, allowance: Allowance) -> None:
        self.allowance = allowance
        now = time.monotonic()
        self._end = now + allowance.seconds if allowance.seconds else float("inf")
        self._next = now

    def check(self) -> None:
        now = time.monotonic()
        if now < self._next:
            return
        if now >= self._end:
            raise ServiceError(self.allowance.timed_out)
        self.allowance.stopped()
        self._next = min(now + _ASK_SECONDS, self._end)


_USE: ContextVar[_Use | None] = ContextVar("use", default=None)


@contextmanager
def allowed(allowance: Allowance) -> Iterator[None]:
    """Everything in the block, in this thread, is one evaluation with this allowance."""
    token = _USE.set(_Use(allowance))
    try:
        yield
    finally:
        _USE.reset(token)


def proceed() -> None:
    """Goes on if there is time left.

    Raises:
        ServiceError: there is none.
    """
    use = _USE.get()
    if use is not None:
        use.check()


def each[T](members: Iterable[T]) -> Iterator[T]:
    """The members, as long as there is time left for another one; raises ServiceError when there is none."""
    for member in members:
        proceed()
        yield member


def reserve(size: float) -> None:
    """Goes on if so many bytes may be held at once.

    Raises:
        ServiceError: they are too many.
    """
    use = _USE.get()
    if use is not None and 0 < use.allowance.memory < size:
        raise memory_exceeded()


def memory_exceeded() -> ServiceError:
    """The refusal of what needs too much memory."""
    use = _USE.get()
    return ServiceError(MEMORY_EXCEEDED if use is None else use.allowance.memory_exceeded)


def timed_out() -> ServiceError:
    """The refusal of what takes too long."""
    use = _USE.get()
    return ServiceError(TIMED_OUT if use is None else use.allowance.timed_out)


def held_bytes(array: np.ndarray) -> int:
    """Bytes of an array's own elements; an axis along which one element stands for all counts once."""
    lengths = [length if stride else 1 for length, stride in zip(array.shape, array.strides, strict=True)]
    return int(np.prod(lengths)) * array.itemsize if array.size else 0
