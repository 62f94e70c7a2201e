"""The job `<product>_cancel`: a person cancels partitions from Dagster's UI.

What does not belong here: what cancelling a partition means (`cancelling`).
"""

import dagster as dg

from eo_pipeline.errors import EoPipelineError
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.removing.cancelling import cancel, standings
from eo_pipeline.orchestration.resources import CloudStorageResource, DriveResource, EarthEngineResource
from eo_pipeline.orchestration.submissions.destinations import Services


def cancel_name(chain: Chain) -> str:
    """Of the job."""
    return f"{chain.product.name}_cancel"


def build_cancel_job(chain: Chain) -> dg.JobDefinition:
    """The job of one product: one partition a run, or a range by Dagster's range tags."""

    @dg.op(name=f"{chain.product.name}_cancel_partitions")
    def cancel_partitions(
        context: dg.OpExecutionContext,
        earth_engine: EarthEngineResource,
        cloud_storage: CloudStorageResource,
        drive: DriveResource,
    ) -> None:
        services = Services(earth_engine, cloud_storage, drive)
        reason = f"cancelled by run {context.run_id}"
        try:
            for standing in standings(context.instance, chain, list(context.partition_keys), services=services):
                done = cancel(context.instance, chain, standing, services=services, reason=reason)
                context.log.info(done.sentence)
        except EoPipelineError as error:
            raise dg.Failure(description=str(error), allow_retries=False) from error

    @dg.job(
        name=cancel_name(chain),
        partitions_def=chain.by_area_and_period,
        executor_def=dg.in_process_executor,
        description=(
            f"Cancels exports of {chain.product.name}: choose the partitions. Their tasks on Earth Engine end, what is "
            "held back stops waiting, and nothing is sent again until `submission` is materialised. What was exported "
            "or made already stays."
        ),
    )
    def job() -> None:
        cancel_partitions()

    return job
