"""`cube` of a product of aligned tiles: a period's tiles are copied as they are, in one change.

What does not belong here: cubes whose pixels are composed (`cube_of_scenes`), and which tiles there are (`inputs`).
"""

import os
from typing import Any

import dagster as dg

from eo_pipeline.core.cubes.cube_ledger import State
from eo_pipeline.core.product import Cube
from eo_pipeline.orchestration.assets.cube_asset import cube_asset
from eo_pipeline.orchestration.automation import grouped
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.cubes.provenance import provenance_of
from eo_pipeline.orchestration.cubes.stored import change_shown
from eo_pipeline.orchestration.event_log import names
from eo_pipeline.orchestration.fan_out import Made, each_partition, for_all_partitions
from eo_pipeline.orchestration.io_managers import CubeIO, Stored
from eo_pipeline.orchestration.scenes.engines import ComposeConfig, ProgressLines, worker_environment
from eo_pipeline.orchestration.scenes.resource import ScenesResource
from eo_pipeline.orchestration.scenes.shown import composite_picture, timeline_shown
from eo_pipeline.orchestration.scenes.tiles import TilesWork, open_tiles_work
from eo_pipeline.orchestration.scenes.versions import recorded
from eo_pipeline.steps.cubes.ingest_tiles import Ingested
from eo_pipeline.storage.cubes import CubeAddress, open_slots

PLACES_SHOWN = 20
"""Places without a tile that are listed."""


def build_cube_of_tiles(chain: Chain, declared: Cube) -> dg.AssetsDefinition:
    """The asset for one product."""
    product = chain.product

    @cube_asset(
        chain,
        declared,
        after="inputs",
        how="Aligned tiles copied as they are; only shards whose tiles changed are copied again",
        unit="period",
        version=chain.recipe_version(),
        backfill=grouped(1),
    )
    def cube(
        context: dg.AssetExecutionContext,
        config: ComposeConfig,
        scenes: ScenesResource,
        cube_io: dg.ResourceParam[CubeIO],
    ) -> Stored:
        with for_all_partitions(context):
            work = open_tiles_work(chain, scenes, context.instance)
            engine, environment = config.opened(product, scenes.settings()), worker_environment(os.environ)
            address = cube_io.address(declared)

        def make(key: str) -> Made:
            provenance = provenance_of(context, chain, key, chain.recipe_version())
            lines = ProgressLines(context.log.info, key)
            done = work.copy(key, engine, address, provenance, environment=environment, progress=lines)
            pictures = {**_slot(work, done, address, key), **timeline_shown(done.timeline, title=key)}
            return Made(_metadata(chain, done, cube_io.place.address, address), pictures)

        return each_partition(context, make)

    return cube


def _metadata(chain: Chain, done: Ingested, root: str, address: CubeAddress) -> dict[str, Any]:
    record = done.commit.record
    states = [row.state for row in record.shards]
    return {
        names.STATE: record.state.value,
        names.DIGEST: record.provenance.inputs_hash,
        names.RECIPE_VERSION: chain.recipe_version(),
        names.ROOT: root,
        **recorded(done.found.versions),
        "tiles": done.tiles,
        "places without a tile": len(done.missing),
        **({"without a tile": ", ".join(done.missing[:PLACES_SHOWN])} if done.missing else {}),
        **({"tiles outside the cube": len(done.outside)} if done.outside else {}),
        **change_shown(address, done.commit.snapshot, done.commit.slot, changed=done.commit.changed),
        "shards made": done.copied,
        **{f"shards {state.value.replace('_', ' ')}": states.count(state) for state in sorted(set(states))},
        "worker-seconds": round(done.timeline.worker_seconds, 1),
        "batches tried again": done.timeline.retries,
    }


def _slot(work: TilesWork, done: Ingested, address: CubeAddress, key: str) -> dict[str, Any]:
    """The picture of the slot, copied now or left as it was; none if nothing usable is there."""
    if done.commit.record.state is not State.WRITTEN:
        return {}
    slots = open_slots(address, snapshot=done.commit.snapshot)
    return composite_picture(slots, done.commit.slot, done.commit.record.region, work.template.bands, title=key)
