"""`inputs`: what a partition is to be made of, as its source says today; nothing is read.

What does not belong here: making it (`cube_of_scenes`), and what came late (`late`).
"""

from datetime import UTC, datetime
from typing import Any

import dagster as dg

from eo_pipeline.core.cubes.cube_ledger import State
from eo_pipeline.core.scenes.fingerprint import fingerprint
from eo_pipeline.orchestration.automation import grouped, on_crash
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.event_log import names
from eo_pipeline.orchestration.fan_out import Made, each_partition, for_all_partitions
from eo_pipeline.orchestration.scenes.opening import open_inputs
from eo_pipeline.orchestration.scenes.resource import ScenesResource
from eo_pipeline.orchestration.scenes.shown import scene_table, tile_table
from eo_pipeline.orchestration.scenes.tiles import TilesWork
from eo_pipeline.orchestration.scenes.work import SceneWork
from eo_pipeline.sources.aligned_tiles.archive import SlotTiles
from eo_pipeline.steps.cubes.plan_region import RegionPlan


def build_inputs(chain: Chain) -> dg.AssetsDefinition:
    """The asset for one product."""
    product = chain.product

    @dg.asset(
        key=chain.key("inputs"),
        partitions_def=chain.by_area_and_period,
        group_name=product.name,
        owners=product.owners,
        kinds={"stac"} if product.place == "stac" else set(),
        description=chain.describe(
            "Asks the source which scenes or tiles there are of each area and period, and remembers them by a "
            "fingerprint. Nothing is read; `cube` follows by itself, and does nothing if they are what it holds."
        ),
        backfill_policy=grouped(),
        retry_policy=on_crash(),
        metadata={
            "recipe": dg.MetadataValue.json(product.model_dump(mode="json", by_alias=True, exclude_defaults=True))
        },
    )
    def inputs(context: dg.AssetExecutionContext, scenes: ScenesResource) -> None:
        with for_all_partitions(context):
            work = open_inputs(chain, scenes, context.instance)
        each_partition(context, lambda key: _seen(work, key))

    return inputs


def _seen(work: SceneWork | TilesWork, key: str) -> Made:
    """What the source has of a partition."""
    if isinstance(work, TilesWork):
        return _told_of_tiles(work, work.found(key))
    return _told(work.plan(key), work.source.name)


def _told_of_tiles(work: TilesWork, found: SlotTiles) -> Made:
    shown: dict[str, Any] = {
        names.STATE: State.WRITTEN.value,
        names.DIGEST: work.fingerprint_of(found),
        "tiles": len(found.tiles),
        "places without a tile": len(found.elsewhen),
        "source": work.chain.archive or "",
        "looked": dg.MetadataValue.timestamp(datetime.now(UTC)),
    }
    return Made(shown, {"table": tile_table(found.tiles)})


def _told(plan: RegionPlan, source: str) -> Made:
    nothing = State.OCEAN if plan.discarded == len(plan.shards) else State.NO_IMAGES
    shown: dict[str, Any] = {
        names.STATE: State.WRITTEN.value if plan.scenes else nothing.value,
        names.DIGEST: fingerprint(plan.scenes),
        "scenes": len(plan.scenes),
        "shards": len(plan.shards),
        "shards with scenes": plan.to_make,
        "discarded shards": plan.discarded,
        "source": source,
        "looked": dg.MetadataValue.timestamp(datetime.now(UTC)),
    }
    return Made(shown, {"table": scene_table(plan.scenes)} if plan.scenes else {})
