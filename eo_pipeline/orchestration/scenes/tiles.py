"""Partitions of one product of aligned tiles: which tiles there are of a period, and copying them into the cube.

What does not belong here: where tiles lie, and copying itself (`steps.cubes.ingest_tiles`).
"""

from collections.abc import Callable
from dataclasses import dataclass

import dagster as dg

from eo_pipeline.core.cubes.cube_ledger import Provenance, Record
from eo_pipeline.core.cubes.cube_template import CubeTemplate
from eo_pipeline.core.periods import Period
from eo_pipeline.engines import Engine, Environment, Progress
from eo_pipeline.errors import ProductError
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.cubes.templates import cube_rule, cube_template
from eo_pipeline.orchestration.partitions import PartitionKey
from eo_pipeline.orchestration.scenes.resource import ScenesResource
from eo_pipeline.sources.aligned_tiles.archive import SlotTiles, TileArchive
from eo_pipeline.steps.cubes.ingest_tiles import Ingested, ingest_tiles
from eo_pipeline.steps.cubes.plan_slot import SlotPlan, plan_slot
from eo_pipeline.steps.cubes.tile_tasks import digest_of_slot
from eo_pipeline.storage.cubes import CubeAddress, open_or_create_cube


@dataclass(frozen=True)
class TilesWork:
    """What partitions of one product share.

    Attributes:
        chain: the product.
        template: its cube, which is its one area.
        archive: of the tiles of all periods.
    """

    chain: Chain
    template: CubeTemplate
    archive: TileArchive

    def period(self, key: str) -> Period:
        """Of a partition."""
        return self.chain.period(PartitionKey.parse(key).period)

    def found(self, key: str) -> SlotTiles:
        """The tiles of a partition, as they are listed now.

        Raises:
            SourceError: there is none, or they cannot be listed.
        """
        return self.archive.slot(self.period(key))

    def plan(self, key: str, held: Record | None) -> SlotPlan:
        """What copying a partition would do, given the cube's row of it (see `plan_slot`)."""
        return plan_slot(self.template, self.archive, self.period(key), recipe=self.chain.recipe_version(), held=held)

    def fingerprint(self, key: str) -> str:
        """Of a partition's tiles and of how they are copied, as they are listed now (see `found`)."""
        return self.fingerprint_of(self.found(key))

    def fingerprint_of(self, found: SlotTiles) -> str:
        """The same of tiles that are known."""
        return digest_of_slot(self.chain.recipe_version(), found)

    def copy(
        self,
        key: str,
        engine: Engine,
        address: CubeAddress,
        provenance: Provenance,
        *,
        environment: Environment,
        progress: Callable[[Progress], None],
    ) -> Ingested:
        """Copy what is not in the cube yet (see `ingest_tiles`); the provenance's hash is the recipe's."""
        return ingest_tiles(
            open_or_create_cube(address, self.template),
            self.period(key),
            self.archive,
            engine,
            provenance=provenance,
            area_key=PartitionKey.parse(key).area,
            environment=environment,
            progress=progress,
        )


def open_tiles_work(chain: Chain, scenes: ScenesResource, instance: dg.DagsterInstance) -> TilesWork:
    """What partitions of a product share, read now; nothing is listed yet.

    Raises:
        ProductError: the product is not made of tiles.
        SourceError: an address that cannot be listed.
    """
    declared, archive = chain.product.cube, scenes.tiles(chain)
    if declared is None:
        raise ProductError(f"cube: expected a cube of {chain.product.name}, got none; declare it")
    return TilesWork(chain, cube_template(chain, declared, cube_rule(chain, instance)), archive)
