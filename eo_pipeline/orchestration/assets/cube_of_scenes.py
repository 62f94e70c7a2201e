"""`cube` of a product whose pixels are composed here: one area and period is one change, made shard by shard.

What does not belong here: cubes of mosaics (`cube`), and which scenes there are (`inputs`).
"""

import os
from typing import Any

import dagster as dg

from eo_pipeline.core.cubes.cube_ledger import State
from eo_pipeline.core.product import Cube
from eo_pipeline.core.scenes.fingerprint import fingerprint
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
from eo_pipeline.orchestration.scenes.versions import recorded
from eo_pipeline.orchestration.scenes.work import SceneWork, open_work
from eo_pipeline.steps.cubes.plan_region import RegionPlan
from eo_pipeline.steps.cubes.write_scenes_region import ScenesRegionReport, Workers
from eo_pipeline.storage.cubes import CubeAddress, open_slots

PARTITIONS_A_RUN = 10
"""A partition takes minutes: a run that dies keeps those it finished."""


def build_cube_of_scenes(chain: Chain, declared: Cube) -> dg.AssetsDefinition:
    """The asset for one product."""
    product = chain.product

    @cube_asset(
        chain,
        declared,
        after="inputs",
        how="Scenes read, masked and composed here; only shards whose scenes or recipe changed are made",
        version=chain.recipe_version(),
        backfill=grouped(PARTITIONS_A_RUN),
    )
    def cube(
        context: dg.AssetExecutionContext,
        config: ComposeConfig,
        scenes: ScenesResource,
        cube_io: dg.ResourceParam[CubeIO],
    ) -> Stored:
        with for_all_partitions(context):
            work = open_work(chain, scenes, context.instance)
            workers = Workers(config.opened(product, scenes.settings()), environment=worker_environment(os.environ))
            address = cube_io.address(declared)

        def make(key: str) -> Made:
            plan, lines = work.plan(key), ProgressLines(context.log.info, key)
            provenance = provenance_of(context, chain, key, plan.digest)
            report = work.write(key, plan, workers, address, provenance, progress=lines)
            pictures = {**_composite(work, report, address, key), **timeline_shown(report.timeline, title=key)}
            return Made(_metadata(chain, plan, report, cube_io.place.address, address), pictures)

        return each_partition(context, make)

    return cube


def _metadata(
    chain: Chain, plan: RegionPlan, report: ScenesRegionReport, root: str, address: CubeAddress
) -> dict[str, Any]:
    return {
        names.STATE: report.record.state.value,
        names.DIGEST: fingerprint(plan.scenes),
        names.RECIPE_VERSION: chain.recipe_version(),
        names.ROOT: root,
        **recorded(plan.versions),
        "scenes": len(plan.scenes),
        **change_shown(address, report.snapshot, report.slot, changed=report.changed),
        "shards made": report.made,
        "shards unchanged": report.unchanged,
        **{f"shards {state.value.replace('_', ' ')}": count for state, count in report.states.items()},
        "usable share": round(report.record.valid_share, 4),
        "worker-seconds": round(report.timeline.worker_seconds, 1),
        "batches tried again": report.timeline.retries,
    }


def _composite(work: SceneWork, report: ScenesRegionReport, address: CubeAddress, key: str) -> dict[str, Any]:
    """The picture of what the cube holds, made now or left as it was; none if nothing usable is there."""
    if report.record.state is not State.WRITTEN:
        return {}
    slots = open_slots(address, snapshot=report.snapshot)
    return composite_picture(slots, report.slot, report.record.region, work.template.bands, title=key)
