"""`submission`: every partition's export is under way exactly once, is held back, or has nothing to export.

What does not belong here: deciding (`core.exports.reconcile`) and following operations (`sensors`).
"""

import json
from collections.abc import Mapping
from typing import Any

import dagster as dg

from eo_pipeline.core.exports.operations import Operation, State
from eo_pipeline.orchestration.automation import SUBMISSIONS_A_RUN, grouped
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.compute.usage_events import INTERACTIVE, OPERATIONS, operations_metadata
from eo_pipeline.orchestration.event_log import names
from eo_pipeline.orchestration.event_log.stored_submissions import metadata_of
from eo_pipeline.orchestration.fan_out import Made, each_partition
from eo_pipeline.orchestration.resources import (
    CloudStorageResource,
    DataRootResource,
    DriveResource,
    EarthEngineResource,
)
from eo_pipeline.orchestration.submissions.destinations import Services
from eo_pipeline.orchestration.submissions.submission_office import Sent
from eo_pipeline.orchestration.submissions.submission_run import SubmissionConfig, SubmissionRun


def build_submission(chain: Chain) -> dg.AssetsDefinition:
    """The asset for one product."""
    product = chain.product

    @dg.asset(
        key=chain.key("submission"),
        partitions_def=chain.by_area_and_period,
        group_name=product.name,
        owners=product.owners,
        kinds={"earthengine"},
        description=chain.describe(
            "Asks Earth Engine to export each area and period, once: the same recipe, images and grid are not exported "
            "again, however often this is materialised. All that follows runs by itself."
        ),
        backfill_policy=grouped(SUBMISSIONS_A_RUN),
        pool="earth_engine_submission",
        metadata={"recipe": _recipe(chain)},
    )
    def submission(  # noqa: PLR0917  # Dagster gives them by name
        context: dg.AssetExecutionContext,
        config: SubmissionConfig,
        earth_engine: EarthEngineResource,
        cloud_storage: CloudStorageResource,
        drive: DriveResource,
        data_root: DataRootResource,
    ) -> None:
        run = SubmissionRun(context, chain, config, Services(earth_engine, cloud_storage, drive), data_root)
        each_partition(context, lambda key: Made(_metadata(run.submit(key))))

    return submission


def _metadata(sent: Sent) -> Mapping[str, Any]:
    submission = sent.submission
    shown: dict[str, Any] = {
        **metadata_of(submission, place=sent.place),
        names.SENT: json.dumps(sent.operations),
        "state": submission.state.value,
        "reason": sent.reason,
    }
    if sent.decision:
        shown["decision"] = sent.decision
    if sent.ended:
        shown[OPERATIONS] = operations_metadata(sent.ended)
    if sent.requests:
        shown[INTERACTIVE] = sent.requests
    if sent.images is not None:
        shown["images"] = sent.images
    if submission.operations:
        shown["task"] = dg.MetadataValue.url(Operation(submission.operations[0], State.PENDING).url)
    if len(submission.parts) > 1:
        shown["pieces"] = len(submission.parts)
    return shown


def _recipe(chain: Chain) -> dg.JsonMetadataValue:
    return dg.MetadataValue.json(chain.product.model_dump(mode="json", by_alias=True, exclude_defaults=True))
