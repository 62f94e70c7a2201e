"""`cube`: one area and period is one commit of an Icechunk repository, or one row of the ledger in plain Zarr."""

from typing import Any

import dagster as dg

from eo_pipeline.core import keys
from eo_pipeline.core.product import Cube
from eo_pipeline.orchestration.assets.cube_asset import cube_asset
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.cubes.provenance import provenance_of
from eo_pipeline.orchestration.cubes.stored import change_shown
from eo_pipeline.orchestration.cubes.templates import cube_rule, cube_template
from eo_pipeline.orchestration.event_log import names
from eo_pipeline.orchestration.fan_out import Made, each_partition, for_all_partitions
from eo_pipeline.orchestration.io_managers import CubeIO, CubeRegion, Mosaic, MosaicIO, Stored
from eo_pipeline.orchestration.partitions import PartitionKey
from eo_pipeline.orchestration.scenes.engines import ProgressLines
from eo_pipeline.orchestration.scenes.shown import timeline_shown
from eo_pipeline.steps.cubes.write_mosaic_region import CubeRegionReport


def build_cube(chain: Chain, declared: Cube) -> dg.AssetsDefinition:
    """The asset for one product."""

    @cube_asset(chain, declared, after="mosaic", how="Zarr cube of mosaics, copied shard by shard")
    def cube(
        context: dg.AssetExecutionContext, mosaic_io: dg.ResourceParam[MosaicIO], cube_io: dg.ResourceParam[CubeIO]
    ) -> Stored:
        with for_all_partitions(context):
            template = cube_template(chain, declared, cube_rule(chain, context.instance))

        def make(key: str) -> Made:
            mosaic: Mosaic = mosaic_io.load(chain.key("mosaic"), key)
            inputs_hash = keys.digest({"export": mosaic.digest, "state": mosaic.state})
            partition = PartitionKey.parse(key)
            report = cube_io.store(
                context.asset_key,
                key,
                CubeRegion(
                    mosaic=mosaic,
                    template=template,
                    address=cube_io.address(declared),
                    period=chain.period(partition.period),
                    area_key=partition.area,
                    geobox=chain.area(partition).geobox,
                    provenance=provenance_of(context, chain, key, inputs_hash),
                    progress=ProgressLines(context.log.info, key),
                ),
            )
            return Made(_metadata(report, mosaic, cube_io, declared), _timeline(report, key))

        return each_partition(context, make)

    return cube


def _metadata(report: CubeRegionReport, mosaic: Mosaic, io: CubeIO, declared: Cube) -> dict[str, Any]:
    return {
        names.STATE: mosaic.state,
        names.DIGEST: mosaic.digest,
        names.ROOT: io.place.address,
        **change_shown(io.address(declared), report.snapshot, report.slot, changed=report.changed),
        "shards made": len(report.timeline.bars),
        "worker-seconds": round(report.timeline.worker_seconds, 1),
    }


def _timeline(report: CubeRegionReport, key: str) -> dict[str, Any]:
    """Who copied which shard when; a picture of one says nothing."""
    return timeline_shown(report.timeline, title=key) if len(report.timeline.bars) > 1 else {}
