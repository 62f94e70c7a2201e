"""What submissions of one run share: the project's operations as listed once, and how many more may be queued.

What does not belong here: what becomes of one export (`submit_export`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from eo_pipeline.core import keys
from eo_pipeline.core.exports.operations import Operation
from eo_pipeline.core.exports.queue import Room
from eo_pipeline.core.exports.submissions import Held
from eo_pipeline.earth_engine import operations
from eo_pipeline.earth_engine.session import Session

LONGEST_PAUSE = timedelta(hours=1)


def unlimited(_exports: int) -> str:
    """An allowance that holds nothing back."""
    return ""


@dataclass
class Gate:
    """Lets exports through to the queue, and says why it holds others back.

    Attributes:
        room: in the queue when the run began; as much as is wanted if None.
        allowance: the reason why that many exports more would spend too much; empty if they would not.
        pause: after the first refusal; doubled at each further one.
        sent: exports let through so far.
        closed: why nothing is let through any more; empty while it is open.
    """

    room: Room | None = None
    allowance: Callable[[int], str] = unlimited
    pause: timedelta = timedelta(seconds=30)
    sent: int = 0
    closed: str = ""

    def refusal(self) -> str:
        """Why the next export has to wait; empty if it may go."""
        if self.closed:
            return self.closed
        if self.room is not None and self.sent >= self.room.tasks:
            return self.room.reason
        return self.allowance(self.sent + 1)

    def held(self, reason: str, before: Held | None, *, pause: bool) -> Held:
        """A submission that waits, once more if it waited before."""
        times = before.times + 1 if before is not None else 1
        if not pause:
            return Held(reason, "", times)
        until = datetime.now(UTC) + min(LONGEST_PAUSE, self.pause * 2 ** min(times - 1, 10))
        return Held(reason, until.isoformat(timespec="seconds"), times)


@dataclass(frozen=True)
class Desk:
    """What submissions of one run share.

    Attributes:
        session: of exports.
        count_tiles: whole files that lie at the destination below a prefix.
        by_digest: operations that bear a digest, as listed when the run began.
        by_head: active operations by the head of their description, product.area.period.
        gate: to the queue.
    """

    session: Session
    count_tiles: Callable[[str], int]
    by_digest: Mapping[str, Sequence[Operation]]
    by_head: Mapping[str, Sequence[Operation]]
    gate: Gate = field(default_factory=Gate)


def open_desk(
    session: Session,
    count_tiles: Callable[[str], int],
    make_gate: Callable[[Sequence[Operation]], Gate] | None = None,
) -> Desk:
    """List the project's operations once, for all submissions of a run."""
    listed = operations.list_operations(session)
    by_digest: dict[str, list[Operation]] = {}
    by_head: dict[str, list[Operation]] = {}
    for operation in listed:
        if operation.request_id is None:
            continue
        digest, _ = keys.parse_request_id(operation.request_id)
        by_digest.setdefault(digest, []).append(operation)
        if operation.state.active:
            by_head.setdefault(keys.description_head(operation.description), []).append(operation)
    return Desk(session, count_tiles, by_digest, by_head, make_gate(listed) if make_gate is not None else Gate())
