"""Hourly, if anything was recorded since, the table of compute is brought up to date.

It spends nothing, so it is on. What does not belong here: the asset (`assets.usage`).
"""

from collections.abc import Sequence

import dagster as dg

from eo_pipeline.orchestration.assets.usage import KEY
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.compute.usage import is_behind
from eo_pipeline.orchestration.resources import DataRootResource
from eo_pipeline.storage.usage_table import read_usage

NAME = "compute_usage_hourly"
_HOURLY = "7 * * * *"


def build_usage_schedule(chains: Sequence[Chain]) -> dg.ScheduleDefinition:
    """The schedule; a look costs a few queries a product, whatever the number of partitions."""

    @dg.schedule(
        name=NAME,
        cron_schedule=_HOURLY,
        execution_timezone="UTC",
        target=dg.AssetSelection.assets(KEY),
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Brings the table of compute up to date if exports ended since; asks Earth Engine nothing.",
    )
    def compute_usage_hourly(
        context: dg.ScheduleEvaluationContext, data_root: DataRootResource
    ) -> dg.RunRequest | dg.SkipReason:
        if is_behind(read_usage(data_root.place()), context.instance, chains):
            return dg.RunRequest()
        return dg.SkipReason("Nothing was recorded since the table was made.")

    return compute_usage_hourly
