"""`export`: tiles that Earth Engine wrote into the bucket; external, reported by the sensor, never run by Dagster."""

import dagster as dg

from eo_pipeline.orchestration.chain import Chain


def build_export(chain: Chain) -> dg.AssetSpec:
    """The external asset for one product."""
    return dg.AssetSpec(
        key=chain.key("export"),
        deps=[chain.key("submission")],
        partitions_def=chain.by_area_and_period,
        group_name=chain.product.name,
        owners=chain.product.owners,
        kinds={"gcs"},
        description=chain.describe(
            "Tiles that Earth Engine wrote into the bucket. The sensor earth_engine_operations reports each partition "
            "when its task ends; there is nothing to run here."
        ),
    )
