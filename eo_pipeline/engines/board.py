"""Which batches wait, are sent, are settled: the policy carried out, without any clock or worker.

What does not belong here: moving bytes (`crew`).
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace

from eo_pipeline.engines.calls import Answer
from eo_pipeline.engines.crew import Answered, Event, Expired, Lost, Started
from eo_pipeline.engines.outcomes import Attempt, Ended
from eo_pipeline.engines.policy import Policy
from eo_pipeline.errors import BatchCancelledError, BatchTimeoutError, EngineError, WorkerLostError


@dataclass(frozen=True)
class _Sent:
    """A batch that is with the engine.

    Attributes:
        worker: that works at it; empty if none is known to.
        start: seconds since 1970: of the work, or of sending while none is known to work at it.
        since: start of the work by the board's clock; None if unknown.
        past: attempts before this one.
    """

    start: float
    worker: str = ""
    since: float | None = None
    past: tuple[Attempt, ...] = ()

    def ended(self, how: Ended, at: float) -> tuple[Attempt, ...]:
        """All attempts, this one ended."""
        return (*self.past, Attempt(self.worker, self.start, max(at, self.start), how))


@dataclass(frozen=True)
class Settled:
    """A batch with its one answer.

    Attributes:
        number: of the batch.
        answer: of the function, or what the board says in its place.
        attempts: every try.
        abandoned: True if the engine still has it.
    """

    number: int
    answer: Answer | EngineError
    attempts: tuple[Attempt, ...]
    abandoned: bool = False


class Board:
    """Batches of one call of `spawn`.

    Args:
        count: of batches, numbered from 0.
        policy: to carry out.
    """

    def __init__(self, count: int, policy: Policy) -> None:
        self._policy = policy
        self._waiting: deque[tuple[int, tuple[Attempt, ...]]] = deque((number, ()) for number in range(count))
        self._sent: dict[int, _Sent] = {}
        self._total = count
        self.failed = self.lost = 0

    @property
    def running(self) -> int:
        """Batches that are with the engine."""
        return len(self._sent)

    @property
    def done(self) -> int:
        """Batches that are settled."""
        return self._total - len(self._waiting) - len(self._sent)

    @property
    def finished(self) -> bool:
        """True if all are."""
        return self.done == self._total

    def next_to_send(self, at: float) -> int | None:
        """A batch that is sent now, at so many seconds since 1970; None if none waits."""
        if not self._waiting:
            return None
        number, past = self._waiting.popleft()
        self._sent[number] = _Sent(at, past=past)
        return number

    def take(self, event: Event, *, at: float, now: float) -> tuple[Settled, ...]:
        """What follows from an event; one about a batch that is settled is late, and nothing follows.

        Args:
            event: of the crew.
            at: seconds since 1970.
            now: seconds of the clock that `overdue` is asked by.
        """
        sent = self._sent.get(event.number)
        if sent is None:
            return ()
        match event:
            case Started(number, worker, start):
                return self._started(number, replace(sent, worker=worker, start=start, since=now), sent)
            case Answered(number, answer):
                return self._answered(number, answer, sent)
            case Lost(number, why, final):
                return self._lost(number, sent, sent.ended("lost", at), why, final=final)
            case Expired(number):
                return self._expired(number, sent, at, abandoned=False)

    def overdue(self, *, at: float, now: float) -> tuple[Settled, ...]:
        """Batches that have taken longer than they may; the engine has to end them."""
        limit = self._policy.timeout
        if limit is None:
            return ()
        late = [(n, sent) for n, sent in self._sent.items() if sent.since is not None and now - sent.since > limit]
        settled: list[Settled] = []
        for number, sent in late:
            if number in self._sent:
                settled += self._expired(number, sent, at, abandoned=True)
        return tuple(settled)

    def seconds_left(self, now: float) -> float | None:
        """Until the first batch may be overdue; None if none may."""
        limit = self._policy.timeout
        begun = [sent.since for sent in self._sent.values() if sent.since is not None]
        return None if limit is None or not begun else max(0.0, min(begun) + limit - now)

    def _started(self, number: int, started: _Sent, before: _Sent) -> tuple[Settled, ...]:
        if before.since is None:
            self._sent[number] = started
            return ()
        attempts = before.ended("lost", started.start)  # the engine tries again by itself
        settled = self._lost(number, before, attempts, "the engine gave its batch to another", abandoned=True)
        if not settled:
            self._waiting.popleft()
            self._sent[number] = replace(started, past=attempts)
        return settled

    def _answered(self, number: int, answer: Answer, sent: _Sent) -> tuple[Settled, ...]:
        attempt = Attempt(answer.worker, answer.start, answer.end, "failed" if answer.failed else "done")
        del self._sent[number]
        settled = Settled(number, answer, (*sent.past, attempt))
        return self._after_failure(settled) if answer.failed else (settled,)

    def _lost(
        self,
        number: int,
        sent: _Sent,
        attempts: tuple[Attempt, ...],
        why: str,
        *,
        final: bool = False,
        abandoned: bool = False,
    ) -> tuple[Settled, ...]:
        self.lost += 1
        del self._sent[number]
        losses = sum(attempt.ended == "lost" for attempt in attempts)
        if losses <= self._policy.retries and not final:
            self._waiting.appendleft((number, attempts))
            return ()
        error = WorkerLostError(
            f"batch {number}: expected a worker that lasts, lost {losses} (the last: {sent.worker or 'unknown'}, {why})"
            "; look at its memory and its log, make batches smaller or allow more retries"
        )
        return self._after_failure(Settled(number, error, attempts, abandoned))

    def _expired(self, number: int, sent: _Sent, at: float, *, abandoned: bool) -> tuple[Settled, ...]:
        del self._sent[number]
        error = BatchTimeoutError(
            f"batch {number}: expected it to take {self._policy.timeout} s at most, got no answer in that time from "
            f"{sent.worker or 'its worker'}; make batches smaller or allow more time"
        )
        return self._after_failure(Settled(number, error, sent.ended("timed_out", at), abandoned))

    def _after_failure(self, settled: Settled) -> tuple[Settled, ...]:
        self.failed += 1
        if self._policy.first_failure == "try_all":
            return (settled,)
        last = settled.attempts[-1].end
        return (settled, *self._given_up(settled.number, last))

    def _given_up(self, failed: int, at: float) -> Iterator[Settled]:
        error = BatchCancelledError(
            f"not done, since batch {failed} had failed; repair that, or let the policy try all batches"
        )
        for number, sent in sorted(self._sent.items()):
            yield Settled(number, error, sent.ended("given_up", at), abandoned=True)
        for number, past in sorted(self._waiting):
            yield Settled(number, error, past)
        self._sent.clear()
        self._waiting.clear()
