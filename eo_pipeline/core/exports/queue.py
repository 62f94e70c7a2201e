"""How many more tasks may be queued: about what drains in a day, and never near the service's limit.

Others use the same queue: their tasks count towards the limit, ours alone towards what drains in a day. What does not
belong here: which partitions go first, and compute (`budget`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from statistics import mean

from eo_pipeline.core.exports.failures import FailureClass, classify
from eo_pipeline.core.exports.operations import Operation, State

LIMIT = 3000
"""Tasks that may wait in a project's queue, as documented."""

ORDINARY_SHARE, URGENT_SHARE = 0.8, 0.95
"""Shares of the limit up to which ordinary and urgent exports are queued; the rest is for other people."""

DEFAULT_PRIORITY = 100
"""Of an export that is not urgent."""

FEWEST = 50
"""Tasks of ours that may wait in any case, however slowly they drain."""

ONE_DAY = 86_400
UNKNOWN_RUN_SECONDS = 570.0
"""Of a task, while none has ended: the median of recorded production tasks."""

AVERAGE_CONCURRENCY = 2
"""Tasks that a project runs at once on average, as documented."""

RECENT = 200
"""Ended tasks that tell how long one takes."""


@dataclass(frozen=True)
class QueueLook:
    """The project's queue at one listing.

    Attributes:
        pending: tasks of anybody that wait.
        ours: of those, tasks of this project's pipelines.
        running: tasks of anybody that run.
        drained_a_day: tasks that the project ends in a day when it always has some.
        out_of_compute: True if no task has started since one met the compute limit.
    """

    pending: int = 0
    ours: int = 0
    running: int = 0
    drained_a_day: float = ONE_DAY / UNKNOWN_RUN_SECONDS * AVERAGE_CONCURRENCY
    out_of_compute: bool = False


@dataclass(frozen=True)
class Room:
    """How many more tasks may be queued, and what sets the bound."""

    tasks: int
    reason: str


def look_at_queue(operations: Sequence[Operation], *, concurrency: int | None = None) -> QueueLook:
    """Sum up a complete listing.

    Args:
        operations: all of the project's.
        concurrency: tasks that the project's plan runs at once; observed if None.
    """
    pending = [o for o in operations if o.state is State.PENDING]
    running = sum(o.state in (State.RUNNING, State.CANCELLING) for o in operations)
    ended = sorted((o for o in operations if o.started and o.ended), key=lambda o: o.ended)[-RECENT:]
    at_once = concurrency or max(AVERAGE_CONCURRENCY, running, most_at_once((o.started, o.ended) for o in ended))
    seconds = max(1.0, mean(o.run_seconds for o in ended)) if ended else UNKNOWN_RUN_SECONDS
    return QueueLook(
        pending=len(pending),
        ours=sum(o.request_id is not None for o in pending),
        running=running,
        drained_a_day=at_once * ONE_DAY / seconds,
        out_of_compute=_out_of_compute(operations),
    )


def room(look: QueueLook, *, priority: int = DEFAULT_PRIORITY, limit: int = LIMIT) -> Room:
    """How many more tasks of a priority may be queued now."""
    urgent = priority > DEFAULT_PRIORITY
    share = URGENT_SHARE if urgent else ORDINARY_SHARE
    below_limit = int(limit * share) - look.pending
    if look.out_of_compute:
        tried = look.pending + look.running
        return Room(0 if tried else 1, "the project's compute limit was met; one task at a time tries if that is over")
    a_day = max(FEWEST, round(look.drained_a_day))
    in_a_day = below_limit if urgent else a_day - look.ours
    if below_limit <= in_a_day:
        others = look.pending - look.ours
        return Room(
            max(0, below_limit),
            f"{look.pending} tasks wait in the project's queue, {others} of them not ours; up to {int(limit * share)} "
            f"of {limit} are used",
        )
    return Room(max(0, in_a_day), f"{look.ours} of our tasks wait, and about {a_day} are done in a day")


def most_at_once[T: (str, float)](intervals: Iterable[tuple[T, T]]) -> int:
    """How many intervals overlap at most; those that only touch do not. Bounds are instants in any comparable form."""
    edges = [edge for start, end in intervals for edge in ((start, 1), (end, -1))]
    return max(accumulate(step for _, step in sorted(edges)), default=0)


def _out_of_compute(operations: Sequence[Operation]) -> bool:
    met = max((o.ended for o in operations if o.state is State.FAILED and _is_compute_limit(o)), default="")
    began = max((o.started for o in operations if o.state is not State.FAILED), default="")
    return met > began


def _is_compute_limit(operation: Operation) -> bool:
    return classify(operation.error).kind is FailureClass.COMPUTE_LIMIT
