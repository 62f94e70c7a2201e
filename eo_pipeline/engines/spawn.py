"""A function on batches, by whichever engine: one answer a batch, in the order in which they come.

What does not belong here: workers (`processes`, `dask`, `lithops`), and what becomes of losses (`board`).
"""

import time
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from eo_pipeline.engines.board import Board, Settled
from eo_pipeline.engines.calls import Answer, packed
from eo_pipeline.engines.crew import Crew, Engine
from eo_pipeline.engines.environment import Environment
from eo_pipeline.engines.outcomes import Attempt, Outcome
from eo_pipeline.engines.policy import Policy

__all__ = ["Attempt", "Engine", "Outcome", "Progress", "spawn"]


@dataclass(frozen=True)
class Progress:
    """How far a call of `spawn` is.

    Attributes:
        total: batches.
        running: of those, with the engine.
        done: of those, settled, well or not.
        failed: of those, not well; those given up do not count.
        lost: workers so far.
    """

    total: int
    running: int
    done: int
    failed: int
    lost: int


def spawn[Batch, Result](
    function: Callable[[Batch], Result],
    batches: Sequence[Batch],
    *,
    engine: Engine,
    policy: Policy | None = None,
    environment: Environment | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Generator[Outcome[Batch, Result]]:
    """Run a function on every batch and yield one outcome each, as they come.

    Workers exist from the first `next` until the last outcome, or until the generator is closed: read it to its end, or
    within `contextlib.closing`. While the caller is busy with an outcome no further batch is sent.

    Args:
        function: at the top of a module that workers can import; may be called twice for a batch whose worker is lost.
        batches: plain values that pickle.
        engine: of `open_engine`.
        policy: losses, timeouts, first failure.
        environment: variables that the function finds; secrets among them are never shown.
        progress: called in this thread whenever something changed.

    Raises:
        EngineError: the engine cannot be reached or set up, or function or batches do not pickle; errors of
            batches are outcomes.
    """
    policy, environment = policy or Policy(), environment or Environment()
    board, tell = Board(len(batches), policy), _teller(progress, len(batches))
    if not batches:
        return
    with engine.crew(len(batches), policy.timeout) as crew:
        while not board.finished:
            for number in _next(board, crew):
                crew.send(number, packed(function, batches[number], environment))
            tell(board)
            for settled in _settled(board, crew):
                tell(board)
                yield _outcome(settled, batches[settled.number])


def _next(board: Board, crew: Crew) -> Iterable[int]:
    """Batches to send, as long as there is room."""
    while crew.room() > 0 and (number := board.next_to_send(time.time())) is not None:
        yield number


def _settled(board: Board, crew: Crew) -> Iterable[Settled]:
    """What is settled by the next events or by the clock; the engine lets go of what it still has."""
    settled: list[Settled] = []
    for event in crew.wait(board.seconds_left(time.monotonic())):
        settled += board.take(event, at=time.time(), now=time.monotonic())
    settled += board.overdue(at=time.time(), now=time.monotonic())
    if abandoned := [one.number for one in settled if one.abandoned]:
        crew.end(abandoned)
    return settled


def _outcome(settled: Settled, batch: Any) -> Outcome[Any, Any]:
    answer = settled.answer
    if not isinstance(answer, Answer):
        return Outcome(settled.number, batch, None, answer, settled.attempts)
    value = answer.unpickled()
    result, error = (None, value) if answer.failed else (value, None)
    return Outcome(settled.number, batch, result, error, settled.attempts)


def _teller(progress: Callable[[Progress], None] | None, total: int) -> Callable[[Board], None]:
    """Calls `progress` with what is new."""
    last: list[Progress] = []

    def tell(board: Board) -> None:
        standing = Progress(total, board.running, board.done, board.failed, board.lost)
        if progress is not None and last != [standing]:
            last[:] = [standing]
            progress(standing)

    return tell
