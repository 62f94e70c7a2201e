"""`compute_usage`: the table of compute of all products, brought up to date.

What does not belong here: rows and how they are read (`orchestration.compute.usage`), and when (`usage_schedule`).
"""

from collections.abc import Sequence
from datetime import UTC, datetime

import dagster as dg

from eo_pipeline.earth_engine.metering import meter
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.compute.usage import brought_up_to_date, months_to_meter, with_metered
from eo_pipeline.orchestration.compute.usage_shown import usage_metadata
from eo_pipeline.orchestration.resources import DataRootResource, EarthEngineResource
from eo_pipeline.storage.usage_table import read_usage, write_usage

KEY = dg.AssetKey(["compute_usage"])


def build_usage(chains: Sequence[Chain]) -> dg.AssetsDefinition:
    """The asset for all products; it depends on none, so that no partitions are looked up for it."""
    products = [chain.product.name for chain in chains]

    @dg.asset(
        key=KEY,
        group_name="compute",
        kinds={"earthengine"},
        description=(
            "What every product computed on Earth Engine, export by export: `usage/eecu.parquet` and `.csv` below the "
            "root. Rows stay when Dagster's history goes. Months are UTC."
        ),
    )
    def compute_usage(
        context: dg.AssetExecutionContext, earth_engine: EarthEngineResource, data_root: DataRootResource
    ) -> dg.MaterializeResult[None]:
        settings, place, now = earth_engine.settings(), data_root.place(), datetime.now(UTC)
        table = brought_up_to_date(read_usage(place), context.instance, chains)
        before, month = months_to_meter(now)
        metered = {name: meter(settings, name) for name in (before, month)}
        for name, found in metered.items():
            table = with_metered(table, products, name, found, service=settings.service, now=now)
        write_usage(place, table)
        return dg.MaterializeResult(
            metadata=usage_metadata(table, metered[month], month, settings=settings, place=place)
        )

    return compute_usage
