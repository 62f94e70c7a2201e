"""What copying a date of an archive means for each shard of a cube: which windows of which tiles, or none.

Every tile is opened once. What does not belong here: copying (`ingest_tiles`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from eo_pipeline.core.cubes.cube_ledger import State
from eo_pipeline.core.cubes.cube_template import CubeTemplate
from eo_pipeline.core.keys import digest
from eo_pipeline.core.mosaics import MosaicPlan
from eo_pipeline.core.mosaics.lattice import frame
from eo_pipeline.core.periods import Period
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.core.scenes.scene import Scene
from eo_pipeline.errors import GridMismatchError, SourceError
from eo_pipeline.sources.aligned_tiles.archive import SlotTiles, TileArchive
from eo_pipeline.sources.aligned_tiles.scenes import laid_on, versions_of
from eo_pipeline.sources.aligned_tiles.source import AlignedTiles
from eo_pipeline.sources.source import Loader
from eo_pipeline.steps.cubes.copy_shard import copy_shard
from eo_pipeline.storage.cubes import ShardTask, shards_in

_COPIED = "aligned tiles 1"
"""Part of every digest: changes when the same tiles would be copied otherwise."""


def digest_of_tiles(recipe: str, versions: Mapping[str, str], lacking: Sequence[str] = (), *, state: str = "") -> str:
    """40 hexadecimal digits, the same for the same tiles in the same versions.

    Args:
        recipe: digest of whatever else decides the pixels.
        versions: of the tiles, by place.
        lacking: places of tiles of other dates, which count.
        state: of a shard that is not read.
    """
    told = sorted([place, version] for place, version in versions.items())
    return digest({"copied": _COPIED, "recipe": recipe, "tiles": told, "lacking": sorted(lacking), "state": state})


def digest_of_slot(recipe: str, found: SlotTiles) -> str:
    """The same of all tiles of a date."""
    return digest_of_tiles(recipe, found.versions, [tile.place for tile in found.elsewhen])


@dataclass(frozen=True)
class TileWork:
    """A date of an archive, laid on a cube.

    Attributes:
        tasks: one for each shard, those that begin with the same tile beside each other.
        outside: places wholly outside the cube.
    """

    tasks: tuple[ShardTask, ...]
    outside: tuple[str, ...]


def plan_tiles(
    template: CubeTemplate, archive: TileArchive, found: SlotTiles, period: Period, *, recipe: str
) -> TileWork:
    """Place the tiles of a date on a cube and cut shards out of them.

    A shard that no tile of any date meets is ocean; one that only a missing tile would meet has no image.

    Args:
        template: of the cube.
        archive: of the tiles.
        found: the date.
        period: that it is called by.
        recipe: see `digest_of_tiles`.

    Raises:
        SourceError, GridMismatchError: see `ingest_tiles`.
    """
    source = AlignedTiles(archive, template.bands)
    scenes = source.scenes_of(found.tiles, period)
    plan, lacking = laid_on(template.geobox, scenes), _lacking(template, source, found, period)
    laid = _Laid(template, source.loader, scenes, plan, lacking, recipe)
    made = sorted(laid.task(shard) for shard in shards_in(template, frame(template.geobox)))
    inside = {placement.tile for placement in plan.placements}
    outside = tuple(scene.id for number, scene in enumerate(scenes) if number not in inside)
    return TileWork(tuple(one.task for one in made), outside)


def _lacking(template: CubeTemplate, source: AlignedTiles, found: SlotTiles, period: Period) -> MosaicPlan | None:
    """Where the missing tiles would lie, as those of other dates do; None if these cannot be placed either."""
    try:
        return laid_on(template.geobox, source.scenes_of(found.elsewhen, period))
    except (SourceError, GridMismatchError):
        return None


@dataclass(frozen=True)
class _Ordered:
    """A task with what it is sorted by: the first tile of its shard, and the shard."""

    first: int
    task: ShardTask

    def __lt__(self, other: "_Ordered") -> bool:
        return (self.first, self.task.region) < (other.first, other.task.region)


@dataclass(frozen=True)
class _Laid:
    template: CubeTemplate
    loader: Loader
    scenes: Sequence[Scene]
    plan: MosaicPlan
    lacking: MosaicPlan | None
    recipe: str

    def task(self, shard: Rectangle) -> _Ordered:
        met = sorted({placement.tile for placement in self.plan.within(shard)})
        if not met:
            is_known = self.lacking is not None and not self.lacking.within(shard)
            state = State.OCEAN if is_known else State.NO_IMAGES
            task = ShardTask(shard, digest_of_tiles(self.recipe, {}, state=state), None, state)
            return _Ordered(len(self.scenes), task)
        scenes = [self.scenes[number] for number in met]
        read = partial(copy_shard, self.loader, scenes, self.template.geobox, self.template.bands)
        return _Ordered(met[0], ShardTask(shard, digest_of_tiles(self.recipe, versions_of(scenes)), read))
