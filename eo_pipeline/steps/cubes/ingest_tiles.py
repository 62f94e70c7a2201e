"""One date of an archive of aligned tiles becomes one slot of a cube: copied in parallel, in one change.

Only shards whose tiles changed are copied again. What does not belong here: which dates are wanted, and what is to be
done for each shard (`tile_tasks`).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from eo_pipeline.core.cubes.cube_ledger import Provenance
from eo_pipeline.core.keys import WHOLE
from eo_pipeline.core.mosaics.lattice import frame
from eo_pipeline.core.periods import Period
from eo_pipeline.engines import Engine, Environment, Policy, Progress
from eo_pipeline.engines.timeline import Timeline, timeline_of
from eo_pipeline.errors import SourceError
from eo_pipeline.sources.aligned_tiles.archive import SlotTiles, TileArchive
from eo_pipeline.steps.cubes.spawned import Spawned
from eo_pipeline.steps.cubes.tile_tasks import TileWork, digest_of_slot, plan_tiles
from eo_pipeline.storage.cubes import (
    CubeStore,
    RegionCommit,
    ShardBatch,
    WrittenBatch,
    extend_time,
    held_partition,
    write_partition,
)

_BATCHES, _MOST = 64, 64
"""Batches that a date is cut into, and shards in a batch at most."""

_NO_WORK = timeline_of(())


@dataclass(frozen=True)
class Ingested:
    """What copying a date came to.

    Attributes:
        commit: its `changed` is False if the cube held the same tiles and nothing was done; `record.shards` tell what
            became of each shard.
        found: tiles of the date, and those that it lacks.
        outside: places wholly outside the cube; not looked for if nothing was done.
        copied: shards that were made.
        timeline: of the workers.
    """

    commit: RegionCommit
    found: SlotTiles
    outside: tuple[str, ...] = ()
    copied: int = 0
    timeline: Timeline = _NO_WORK

    @property
    def tiles(self) -> int:
        """Of the date."""
        return len(self.found.tiles)

    @property
    def missing(self) -> tuple[str, ...]:
        """Places that other dates have and this one lacks.

        What only they would cover is recorded as without images; what no tile of any date covers, as ocean.
        """
        return tuple(tile.place for tile in self.found.elsewhen)


def ingest_tiles(
    cube: CubeStore,
    period: Period,
    archive: TileArchive,
    engine: Engine,
    *,
    provenance: Provenance,
    area_key: str = WHOLE,
    policy: Policy | None = None,
    environment: Environment | None = None,
    progress: Callable[[Progress], None] | None = None,
    batch_size: int | None = None,
) -> Ingested:
    """Copy the tiles of a period into its slot, or do nothing if the same tiles are there (see `write_partition`).

    A worker's memory holds one shard of all bands.

    Args:
        cube: open; its grid is the area.
        period: whose key is the tiles' date; its slot is made if it is not there.
        archive: of the tiles.
        engine: that copies.
        provenance: of the commit. Its `inputs_hash` is of whatever else decides the pixels; that of the tiles is added.
        area_key: of the row in the ledger.
        policy: losses, timeouts, first failure.
        environment: of the workers; keys of the archive are added.
        progress: told whenever something changed.
        batch_size: shards that a worker gets at once; None for some.

    Raises:
        SourceError: no tile of the date; or names tiles that cannot be read, hold other bands or changed meanwhile.
        GridMismatchError: names tiles that do not lie on the cube's pixels, with the numbers, or over each other.
        CubeError: another area holds a shard.
        EngineError: workers could not do it.
    """
    found, recipe = archive.slot(period), provenance.inputs_hash
    provenance = replace(provenance, inputs_hash=digest_of_slot(recipe, found))
    region = frame(cube.template.geobox)
    held = held_partition(cube, period, region, area_key=area_key, inputs_hash=provenance.inputs_hash)
    if held is not None:
        return Ingested(held, found)
    work = plan_tiles(cube.template, archive, found, period, recipe=recipe)
    extend_time(cube, period)
    secrets = archive.access.secrets_for(tile.href for tile in found.tiles)
    given = environment or Environment()
    everything = Environment(given.variables, {**given.secrets, **secrets})
    spawned = Spawned(engine, policy=policy, environment=everything, progress=progress)
    copying = _Copying(spawned, archive, period, found)
    commit = write_partition(
        cube, period, region, work.tasks, copying.run, area_key=area_key, provenance=provenance,
        batch_size=batch_size or _batch_size(work),
    )  # fmt: skip
    return Ingested(commit, found, work.outside, copying.copied, spawned.timeline)


def _batch_size(work: TileWork) -> int:
    return max(1, min(_MOST, len(work.tasks) // _BATCHES))


class _Copying:
    """Workers, and a last look at the archive before what they copied is committed."""

    def __init__(self, spawned: Spawned, archive: TileArchive, period: Period, found: SlotTiles) -> None:
        self._spawned, self._archive, self._period, self._found = spawned, archive, period, found
        self.copied = 0

    def run(
        self, function: Callable[[ShardBatch], WrittenBatch], batches: Sequence[ShardBatch]
    ) -> Iterator[WrittenBatch]:
        for written in self._spawned(function, batches):
            self.copied += len(written.rows)
            yield written
        self._refuse_changes()

    def _refuse_changes(self) -> None:
        now = set(self._archive.slot(self._period).tiles)
        if changed := sorted({tile.place for tile in now ^ set(self._found.tiles)}):
            raise SourceError(
                f"expected the tiles of {self._period.key} in {self._archive.name} to stay as they were while they "
                f"were copied, got {len(changed)} that changed: {', '.join(changed[:20])}; the period is not done: run "
                "again"
            )
