"""What periods of a product of aligned tiles would take: tiles and shards; they are listed, no pixel is read.

What does not belong here: one period's plan (`steps.cubes.plan_slot`), printing (`cli`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from eo_pipeline.core.cubes.cube_ledger import Record, State
from eo_pipeline.orchestration.scenes.asking import ask_each, held_rows
from eo_pipeline.orchestration.scenes.tiles import TilesWork
from eo_pipeline.steps.cubes.find_stale import stale_shards
from eo_pipeline.steps.cubes.plan_slot import SlotPlan
from eo_pipeline.storage.cubes import CubeAddress


@dataclass(frozen=True)
class PeriodTiles:
    """What one period would take.

    Attributes:
        period: its key.
        there: tiles that are listed.
        missing: places that other periods have and this one lacks.
        outside: places of `there` wholly outside the cube; None if the cube holds these tiles and nobody looked.
        shards: of the cube.
        discarded: of these, shards where no period has a tile: ocean.
        without_tiles: of these, shards where only other periods have one.
        to_copy: of these, shards that would be read and written now.
        bytes: of the cube's uncompressed numbers that would be copied.
        is_current: whether the cube holds the period as it would be copied today.
    """

    period: str
    there: int
    missing: tuple[str, ...]
    outside: tuple[str, ...] | None
    shards: int
    discarded: int
    without_tiles: int
    to_copy: int
    bytes: int
    is_current: bool

    @property
    def discarded_share(self) -> float:
        """Of all shards, 0 to 1."""
        return self.discarded / self.shards


@dataclass
class TilesPlan:
    """What periods would take.

    Attributes:
        product: name of the product.
        wanted: how many were asked about.
        periods: those whose tiles could be listed.
        problems: why others could not, by Dagster's key.
    """

    product: str
    wanted: int
    periods: list[PeriodTiles] = field(default_factory=list)
    problems: dict[str, str] = field(default_factory=dict)

    @property
    def current(self) -> int:
        """Periods that the cube holds as they would be copied today."""
        return sum(period.is_current for period in self.periods)

    @property
    def bytes(self) -> int:
        """Of all periods."""
        return sum(period.bytes for period in self.periods)


def plan_copies(
    work: TilesWork, address: CubeAddress, keys: Sequence[str], progress: Callable[[int, int], None]
) -> TilesPlan:
    """List the tiles of partitions, and compare with what the cube holds.

    Args:
        work: of the product.
        address: of its cube, which need not be there.
        keys: Dagster's.
        progress: called with how many were asked about, of how many.

    Raises:
        StorageError: the cube cannot be reached.
    """
    bytes_a_pixel = sum(np.dtype(band.dtype).itemsize for band in work.template.bands)
    found, rows = TilesPlan(work.chain.product.name, len(keys)), held_rows(address, work.template)
    for answer in ask_each(work.plan, rows, keys, found.problems, progress):
        found.periods.append(_told(answer.partition.period, answer.plan, answer.held, bytes_a_pixel))
    return found


def _told(period: str, plan: SlotPlan, held: Record | None, bytes_a_pixel: int) -> PeriodTiles:
    stale = set(stale_shards(plan, held))
    copied = [shard.rectangle for shard in plan.shards if shard.rectangle in stale and shard.without is None]
    return PeriodTiles(
        period,
        there=len(plan.found.tiles),
        missing=plan.missing,
        outside=plan.outside,
        shards=len(plan.shards),
        discarded=plan.without(State.OCEAN),
        without_tiles=plan.without(State.NO_IMAGES),
        to_copy=len(copied),
        bytes=sum(shard.pixels for shard in copied) * bytes_a_pixel,
        is_current=not stale,
    )
