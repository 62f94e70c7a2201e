"""Partitions of one product as work on scenes: what they share is read once.

What does not belong here: one partition's plan and pixels (`steps.cubes`), and Dagster's side of it (`assets`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import dagster as dg

from eo_pipeline.core.cubes.cube_ledger import Provenance
from eo_pipeline.core.cubes.cube_region import region_of
from eo_pipeline.core.cubes.cube_template import CubeTemplate
from eo_pipeline.core.cubes.discard import Kept, Shapes, kept_shards
from eo_pipeline.core.periods import Period
from eo_pipeline.core.product import Cube
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.core.scenes.fingerprint import fingerprint
from eo_pipeline.engines import Progress
from eo_pipeline.errors import ProductError
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.cubes.templates import cube_rule, cube_template
from eo_pipeline.orchestration.partitions import PartitionKey
from eo_pipeline.orchestration.scenes.resource import ScenesResource
from eo_pipeline.sources.source import Source
from eo_pipeline.steps.cubes.plan_region import RegionPlan, plan_region
from eo_pipeline.steps.cubes.write_scenes_region import ScenesRegionReport, Workers, write_scenes_region
from eo_pipeline.steps.load_areas import find_beside
from eo_pipeline.steps.load_land import PACKAGED, find_land, load_interest, load_land
from eo_pipeline.storage.cubes import CubeAddress


@dataclass(frozen=True)
class SceneWork:
    """What partitions of one product share.

    Attributes:
        chain: the product.
        template: its cube.
        source: of its scenes.
        kept: shards that are made.
    """

    chain: Chain
    template: CubeTemplate
    source: Source
    kept: Kept

    def region(self, key: str) -> Rectangle:
        """Pixels of a partition's area in the cube.

        Raises:
            CubeError: the area does not sit on the cube's grid and shards.
        """
        return region_of(self.template, self.chain.area(PartitionKey.parse(key)).geobox)

    def period(self, key: str) -> Period:
        """Of a partition."""
        return self.chain.period(PartitionKey.parse(key).period)

    def plan(self, key: str) -> RegionPlan:
        """What a partition is made of today; asks the source, reads no pixels.

        Raises:
            SourceError: the source refuses.
            ServiceUnreachableError: it does not answer.
        """
        return plan_region(
            self.chain.product, self.template, self.region(key), self.period(key), self.source, kept=self.kept
        )

    def fingerprint(self, key: str) -> str:
        """Of the scenes that a partition is made of today (see `plan`)."""
        return fingerprint(self.plan(key).scenes)

    def write(
        self,
        key: str,
        plan: RegionPlan,
        workers: Workers,
        address: CubeAddress,
        provenance: Provenance,
        *,
        progress: Callable[[Progress], None],
    ) -> ScenesRegionReport:
        """Make a partition's shards that are not what the plan says, and store them (see `write_scenes_region`)."""
        return write_scenes_region(
            plan,
            self.source,
            workers,
            template=self.template,
            repository=address,
            period=self.period(key),
            area_key=PartitionKey.parse(key).area,
            provenance=provenance,
            progress=progress,
        )


def open_work(chain: Chain, scenes: ScenesResource, instance: dg.DagsterInstance) -> SceneWork:
    """What partitions of a product share, read now; the source is not asked yet.

    Raises:
        ProductError: the product is not made here, or a file is not there.
        ZonesError: a file of land or of interest cannot be used.
    """
    declared = chain.product.cube
    if declared is None:
        raise ProductError(f"cube: expected a cube of {chain.product.name}, got none; declare it")
    template = cube_template(chain, declared, cube_rule(chain, instance))
    land = _land(chain, declared, scenes.settings().land)
    kept = kept_shards(template, land=land, area=load_interest(chain.interest_file))
    return SceneWork(chain, template, scenes.source(chain), kept)


def _land(chain: Chain, declared: Cube, setting: str) -> Shapes | None:
    if declared.land is None:
        return None
    if declared.land != PACKAGED and chain.land_file is not None:
        return load_land(("cube.land", chain.land_file))
    return load_land(find_land("cube.land", None, setting, find_beside(Path.cwd())))
