"""What partitions of a product that is made here would take: shards and scenes; its source is asked, nothing is read.

What does not belong here: one partition's plan (`steps.cubes.plan_region`), printing (`cli`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from eo_pipeline.core.cubes.cube_ledger import Record
from eo_pipeline.orchestration.scenes.asking import ask_each, held_rows
from eo_pipeline.orchestration.scenes.work import SceneWork
from eo_pipeline.steps.cubes.find_stale import stale_shards
from eo_pipeline.steps.cubes.plan_region import RegionPlan
from eo_pipeline.storage.cubes import CubeAddress


@dataclass
class ScenePlan:
    """What partitions would take.

    Attributes:
        product: name of the product.
        wanted: how many partitions were asked about.
        current: of them, partitions that the cube holds as they would be made today.
        shards: of all of them.
        discarded: of these, shards that are pure ocean or outside the area of interest.
        without_scenes: of these, shards that no scene meets.
        to_make: of these, shards that would be read and composed now.
        reads: scenes of each shard that would be made, together.
        most_scenes: of one shard.
        bytes: of the cube's uncompressed numbers that would be written.
        scenes: (collection, id) of those of all partitions.
        problems: why partitions could not be asked about, by Dagster's key.
    """

    product: str
    wanted: int
    current: int = 0
    shards: int = 0
    discarded: int = 0
    without_scenes: int = 0
    to_make: int = 0
    reads: int = 0
    most_scenes: int = 0
    bytes: int = 0
    scenes: set[tuple[str, str]] = field(default_factory=set)
    problems: dict[str, str] = field(default_factory=dict)

    @property
    def discarded_share(self) -> float:
        """Of all shards, 0 to 1."""
        return self.discarded / self.shards if self.shards else 0.0

    def add(self, plan: RegionPlan, held: Record | None, *, bytes_a_pixel: int) -> None:
        """Count one partition, given the cube's row of it."""
        stale = set(stale_shards(plan, held))
        made = [shard for shard in plan.shards if shard.rectangle in stale and shard.scenes]
        self.current += not stale
        self.shards += len(plan.shards)
        self.discarded += plan.discarded
        self.without_scenes += sum(not shard.scenes and not shard.discarded for shard in plan.shards)
        self.to_make += len(made)
        self.reads += sum(len(shard.scenes) for shard in made)
        self.most_scenes = max(self.most_scenes, plan.most_scenes)
        self.bytes += sum(shard.rectangle.pixels for shard in made) * bytes_a_pixel
        self.scenes |= {(scene.collection, scene.id) for scene in plan.scenes}


def plan_scenes(
    work: SceneWork, address: CubeAddress, keys: Sequence[str], progress: Callable[[int, int], None]
) -> ScenePlan:
    """Ask the source about partitions, and compare with what the cube holds.

    Args:
        work: of the product.
        address: of its cube, which need not be there.
        keys: Dagster's.
        progress: called with how many were asked about, of how many.

    Raises:
        StorageError: the cube cannot be reached.
    """
    bytes_a_pixel = sum(np.dtype(band.dtype).itemsize for band in work.template.bands)
    found, rows = ScenePlan(work.chain.product.name, len(keys)), held_rows(address, work.template)
    for answer in ask_each(lambda key, _: work.plan(key), rows, keys, found.problems, progress):
        found.add(answer.plan, answer.held, bytes_a_pixel=bytes_a_pixel)
    return found
