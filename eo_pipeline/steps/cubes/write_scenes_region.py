"""One area's scenes of a period become one slot of its region in the cube, shard by shard, by an engine's workers.

What does not belong here: what would be done (`plan_region`), and what a worker does with a shard (`read_shard`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from eo_pipeline.core.cubes.cube_ledger import Provenance, Record, State
from eo_pipeline.core.cubes.cube_template import CubeTemplate
from eo_pipeline.core.periods import Period
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.core.scenes.scene import Scene
from eo_pipeline.engines import Engine, Environment, Policy, Progress
from eo_pipeline.engines.timeline import Timeline
from eo_pipeline.sources.source import Source
from eo_pipeline.steps.cubes.find_stale import stale_shards
from eo_pipeline.steps.cubes.plan_region import RegionPlan, ShardPlan
from eo_pipeline.steps.cubes.read_shard import MEMORY, read_shard
from eo_pipeline.steps.cubes.spawned import Spawned
from eo_pipeline.storage.cubes import (
    CubeAddress,
    ShardReader,
    ShardTask,
    extend_time,
    open_or_create_cube,
    read_record,
    write_partition,
)


@dataclass(frozen=True)
class Workers:
    """Who makes shards, and how.

    Attributes:
        engine: of `engines.open_engine`.
        policy: losses, timeouts, first failure.
        environment: credentials and settings that hold in workers.
        batch_size: shards that a worker gets at once.
        memory: bytes that a worker's observations may take.
    """

    engine: Engine
    policy: Policy = field(default_factory=Policy)
    environment: Environment = field(default_factory=Environment)
    batch_size: int = 1
    memory: int = MEMORY


@dataclass(frozen=True)
class ScenesRegionReport:
    """What writing a partition came to.

    Attributes:
        snapshot: id of the snapshot that holds the region; empty in plain Zarr.
        changed: False if the cube already held the same inputs.
        slot: of the period, counted from 0.
        record: the ledger's row; its `shards` tell of each.
        states: number of shards by state, as the ledger has them now.
        unchanged: shards that were left as they were.
        timeline: of the workers; empty if none was needed.
    """

    snapshot: str
    changed: bool
    slot: int
    record: Record
    states: dict[State, int]
    unchanged: int
    timeline: Timeline

    @property
    def made(self) -> int:
        """Shards that were recorded anew."""
        return len(self.record.shards) - self.unchanged


def write_scenes_region(
    plan: RegionPlan,
    source: Source,
    workers: Workers,
    *,
    template: CubeTemplate,
    repository: CubeAddress,
    period: Period,
    area_key: str,
    provenance: Provenance,
    progress: Callable[[Progress], None] | None = None,
) -> ScenesRegionReport:
    """Make the shards whose inputs are not those in the cube, by `write_partition`; cube and slot are made if need be.

    Args:
        plan: of `plan_region`.
        source: of its scenes.
        workers: who makes shards.
        template: the cube.
        repository: where it is, in Icechunk or plain Zarr.
        period: the slot.
        area_key: the area's key.
        provenance: for the ledger; its `inputs_hash` is the plan's digest.
        progress: told how many batches are done.

    Raises:
        CubeError: the repository holds another template, or another area holds one of the shards.
        SourceError: lists the scenes that cannot be read; nothing of the partition counts that was made.
        EngineError: the engine cannot be reached, or workers were lost or too slow.
        DiskFullError: no room; nothing of the partition counts that was made.
    """
    cube = open_or_create_cube(repository, template)
    extend_time(cube, period)
    before = read_record(cube, period, plan.region, area_key=area_key)
    stale = frozenset(stale_shards(plan, before))
    settled = _settled(plan, source, stale)

    def read(scenes: Sequence[Scene]) -> ShardReader:
        return partial(read_shard, plan.recipe, source, scenes, template.geobox, memory=workers.memory)

    spawned = Spawned(workers.engine, policy=workers.policy, environment=workers.environment, progress=progress)
    commit = write_partition(
        cube,
        period,
        plan.region,
        [_task(shard, tuple(settled[scene.id] for scene in shard.scenes), read) for shard in plan.shards],
        spawned,
        area_key=area_key,
        provenance=provenance,
        batch_size=workers.batch_size,
    )
    found = [row.state for row in commit.record.shards]
    return ScenesRegionReport(
        commit.snapshot,
        commit.changed,
        commit.slot,
        commit.record,
        {state: found.count(state) for state in State if state in found},
        len(plan.shards) - len(stale) if commit.changed else len(plan.shards),
        spawned.timeline,
    )


def _settled(plan: RegionPlan, source: Source, stale: frozenset[Rectangle]) -> dict[str, Scene]:
    """The scenes by id; those of stale shards as their pixels say where items are in doubt."""
    needed = {scene.id for shard in plan.shards if shard.rectangle in stale for scene in shard.scenes}
    looked_at = source.settled([scene for scene in plan.scenes if scene.id in needed])
    return {scene.id: plan.recipe.of(scene) for scene in (*plan.scenes, *looked_at)}


def _task(shard: ShardPlan, scenes: Sequence[Scene], read: Callable[[Sequence[Scene]], ShardReader]) -> ShardTask:
    """What a worker does for a shard of so many scenes; nothing without any."""
    if scenes:
        return ShardTask(shard.rectangle, shard.inputs_hash, read(scenes))
    without = State.OCEAN if shard.discarded else State.NO_IMAGES
    return ShardTask(shard.rectangle, shard.inputs_hash, None, without)
