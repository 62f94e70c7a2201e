"""What copying a period's aligned tiles would do, shard by shard; of tiles nothing but headers is read.

What does not belong here: copying (`ingest_tiles`), and where tiles fall (`tile_tasks`).
"""

from dataclasses import dataclass

from eo_pipeline.core.cubes.cube_ledger import Record, State
from eo_pipeline.core.cubes.cube_template import CubeTemplate
from eo_pipeline.core.mosaics.lattice import frame
from eo_pipeline.core.periods import Period
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.sources.aligned_tiles.archive import SlotTiles, TileArchive
from eo_pipeline.steps.cubes.tile_tasks import digest_of_slot, plan_tiles
from eo_pipeline.storage.cubes import shards_in

_NOTHING = (State.OCEAN, State.NO_IMAGES)


@dataclass(frozen=True)
class SlotShard:
    """One shard before it is copied.

    Attributes:
        rectangle: its pixels in the cube.
        inputs_hash: of its tiles and the recipe, or of why it has none.
        without: why no tile is read for it, OCEAN or NO_IMAGES; None if one is.
    """

    rectangle: Rectangle
    inputs_hash: str
    without: State | None


@dataclass(frozen=True)
class SlotPlan:
    """One period before its tiles are copied.

    Attributes:
        found: its tiles, as they are listed now.
        region: all pixels of the cube.
        shards: row by row from the upper left.
        outside: places wholly outside the cube; None if the cube holds the same tiles and nobody looked.
    """

    found: SlotTiles
    region: Rectangle
    shards: tuple[SlotShard, ...]
    outside: tuple[str, ...] | None

    @property
    def versions(self) -> dict[str, str]:
        """Of the tiles, by place."""
        return self.found.versions

    @property
    def missing(self) -> tuple[str, ...]:
        """Places that other periods have and this one lacks."""
        return tuple(tile.place for tile in self.found.elsewhen)

    def without(self, state: State) -> int:
        """Shards that hold nothing for a reason."""
        return sum(shard.without is state for shard in self.shards)


def plan_slot(
    template: CubeTemplate, archive: TileArchive, period: Period, *, recipe: str, held: Record | None = None
) -> SlotPlan:
    """List a period's tiles and tell which shard is made of which; no tile is opened if the cube holds the same ones.

    Args:
        template: of the cube.
        archive: of the tiles.
        period: whose key is the tiles' date.
        recipe: see `tile_tasks.digest_of_tiles`.
        held: the cube's row of the period.

    Raises:
        SourceError: no tile of the date, or lists tiles that cannot be opened or hold other bands.
        GridMismatchError: names tiles that do not lie on the cube's pixels, or over each other.
    """
    found, region = archive.slot(period), frame(template.geobox)
    known = None if held is None else _known(template, held, digest_of_slot(recipe, found))
    if known is not None:
        return SlotPlan(found, region, known, None)
    work = plan_tiles(template, archive, found, period, recipe=recipe)
    tasks = {task.region: task for task in work.tasks}
    shards = tuple(
        SlotShard(shard, tasks[shard].inputs_hash, tasks[shard].without if tasks[shard].read is None else None)
        for shard in shards_in(template, region)
    )
    return SlotPlan(found, region, shards, work.outside)


def _known(template: CubeTemplate, held: Record, inputs_hash: str) -> tuple[SlotShard, ...] | None:
    """The shards as the cube holds them; None if they are not of these inputs."""
    if held.state is State.FAILED or held.provenance.inputs_hash != inputs_hash or not held.shards:
        return None
    return tuple(
        SlotShard(shard, row.inputs_hash, row.state if row.state in _NOTHING else None)
        for shard, row in zip(shards_in(template, held.region), held.shards, strict=True)
    )
