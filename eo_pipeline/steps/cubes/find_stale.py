"""Which partitions of a cube are not made of today's scenes or tiles, and which of their shards; no pixel is read.

What does not belong here: asking the source (`plan_region`, `plan_slot`), and making anything again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from eo_pipeline.core.cubes.cube_ledger import Record, State
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.core.scenes.changes import SceneChanges, changes_since


class PlannedShard(Protocol):
    """One shard before it is made."""

    @property
    def rectangle(self) -> Rectangle:
        """Its pixels in the cube."""
        ...

    @property
    def inputs_hash(self) -> str:
        """Of everything that decides its pixels."""
        ...


class Planned(Protocol):
    """One area and period before it is made: a `RegionPlan` or a `SlotPlan`."""

    @property
    def region(self) -> Rectangle:
        """The area's pixels in the cube."""
        ...

    @property
    def shards(self) -> Sequence[PlannedShard]:
        """Row by row from the upper left."""
        ...

    @property
    def versions(self) -> Mapping[str, str]:
        """Of what it is made of, by id."""
        ...


@dataclass(frozen=True)
class Today:
    """What a partition would be made of now.

    Attributes:
        period_key: of the partition.
        area_key: likewise.
        plan: as the source says today.
        recorded: versions by id of what it was made of, as they were recorded; None if that is not known.
    """

    period_key: str
    area_key: str
    plan: Planned
    recorded: Mapping[str, str] | None = None


@dataclass(frozen=True)
class StalePartition:
    """A partition that would be made otherwise today.

    Attributes:
        period_key: of the partition.
        area_key: likewise.
        state: that the ledger has; None if it was never made.
        shards: that would be made again, as their pixels in the cube.
        changes: of its scenes or tiles; None if what it was made of is not known.
    """

    period_key: str
    area_key: str
    state: State | None
    shards: tuple[Rectangle, ...]
    changes: SceneChanges | None

    @property
    def reason(self) -> str:
        """In words."""
        if self.state is None:
            return "never made"
        if self.state is State.FAILED:
            return "it failed"
        if self.changes is None:
            return "other inputs, or another recipe"
        return "another recipe or other areas of land" if self.changes == SceneChanges() else str(self.changes)


def find_stale(held: Mapping[tuple[str, str], Record], today: Sequence[Today]) -> tuple[StalePartition, ...]:
    """The partitions whose ledger rows are not of today's inputs, in the order given.

    Args:
        held: the cube's rows by period and area (`storage.cubes.read_partitions`).
        today: what each partition would be made of.
    """
    compared = (_compared(one, held.get((one.period_key, one.area_key))) for one in today)
    return tuple(stale for stale in compared if stale is not None)


def stale_shards(plan: Planned, found: Record | None) -> tuple[Rectangle, ...]:
    """The shards of a plan whose inputs are not those of a ledger's row."""
    usable = found is not None and found.state is not State.FAILED and found.region == plan.region
    rows = found.shards if found is not None and usable else ()
    held = [row.inputs_hash for row in rows] or [""] * len(plan.shards)
    pairs = zip(plan.shards, held, strict=True)
    return tuple(shard.rectangle for shard, known in pairs if shard.inputs_hash != known)


def _compared(today: Today, found: Record | None) -> StalePartition | None:
    shards = stale_shards(today.plan, found)
    if not shards:
        return None
    changes = None if today.recorded is None else changes_since(today.recorded, today.plan.versions)
    return StalePartition(today.period_key, today.area_key, found.state if found else None, shards, changes)
