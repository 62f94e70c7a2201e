"""`cube`: one area and period is one commit of an Icechunk repository."""

from typing import Any

import dagster as dg

from eo_pipeline.core import keys
from eo_pipeline.core.product import Cube
from eo_pipeline.orchestration.automation import as_soon_as_possible, grouped, on_crash
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.cubes.provenance import provenance_of
from eo_pipeline.orchestration.cubes.templates import cube_rule, cube_template
from eo_pipeline.orchestration.event_log import names
from eo_pipeline.orchestration.fan_out import Made, each_partition, for_all_partitions
from eo_pipeline.orchestration.io_managers import REPOSITORY, CubeIO, CubeRegion, Mosaic, MosaicIO, Stored
from eo_pipeline.orchestration.partitions import PartitionKey
from eo_pipeline.steps.cubes.write_mosaic_region import CubeRegionReport


def build_cube(chain: Chain, declared: Cube) -> dg.AssetsDefinition:
    """The asset for one product."""
    product = chain.product

    @dg.asset(
        key=chain.key("cube"),
        deps=[chain.key("mosaic")],
        partitions_def=chain.by_area_and_period,
        group_name=product.name,
        owners=product.owners,
        kinds={"icechunk", "zarr"},
        io_manager_key="cube_io",
        description=chain.describe(
            "Zarr cube in an Icechunk repository: one commit for each area and period; the same inputs commit nothing."
        ),
        automation_condition=as_soon_as_possible(),
        backfill_policy=grouped(),
        retry_policy=on_crash(),
        pool=f"{product.name}_cube",
        metadata={REPOSITORY: declared.repository},
    )
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
                    address=cube_io.address(declared.repository),
                    period=chain.period(partition.period),
                    area_key=partition.area,
                    geobox=chain.area(partition).geobox,
                    provenance=provenance_of(context, chain, key, inputs_hash),
                ),
            )
            return Made(_metadata(report, mosaic, cube_io, declared))

        return each_partition(context, make)

    return cube


def _metadata(report: CubeRegionReport, mosaic: Mosaic, io: CubeIO, declared: Cube) -> dict[str, Any]:
    return {
        names.STATE: mosaic.state,
        names.DIGEST: mosaic.digest,
        names.ROOT: io.place.address,
        "snapshot": report.snapshot,
        "committed": report.changed,
        "slot": report.slot,
        "repository": dg.MetadataValue.path(io.address(declared.repository).uri),
    }
