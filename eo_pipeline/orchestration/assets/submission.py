"""`submission`: every partition's export is under way exactly once, is held back, or has nothing to export.

What does not belong here: deciding (`core.reconcile`) and following operations (`sensors`).
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import dagster as dg

from eo_pipeline.core.operations import Operation, State
from eo_pipeline.core.reconcile import Wish
from eo_pipeline.core.submissions import SubmissionState
from eo_pipeline.errors import EoPipelineError
from eo_pipeline.orchestration import ledger, names
from eo_pipeline.orchestration.allowances import Allowances, allowances
from eo_pipeline.orchestration.automation import SUBMISSIONS_A_RUN, grouped
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.destinations import Services
from eo_pipeline.orchestration.fan_out import Made, each_partition
from eo_pipeline.orchestration.ledger import Recorded
from eo_pipeline.orchestration.resources import (
    CloudStorageResource,
    DataRootResource,
    DriveResource,
    EarthEngineResource,
)
from eo_pipeline.orchestration.stored_submissions import metadata_of
from eo_pipeline.orchestration.submission_office import Sent, SubmissionOffice, may_pass, open_office, postponed
from eo_pipeline.orchestration.usage_events import INTERACTIVE, OPERATIONS, operations_metadata


class SubmissionConfig(dg.Config):
    """How a person may override the digest and the queue.

    Attributes:
        resubmit: export again although the same export succeeded before.
        lost: export again what was deleted at its destination before it was collected.
        priority: of the tasks, 0 to 9999; the product's if absent. Above 100 is urgent: queued and started first.
    """

    resubmit: bool = False
    lost: bool = False
    priority: int | None = None


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
        keys, service = list(context.partition_keys), earth_engine.settings().service
        before = ledger.last_submissions(context.instance, context.asset_key, keys, service=service)
        wish = Wish(resubmit=config.resubmit, lost=config.lost)
        services = Services(earth_engine, cloud_storage, drive)
        limits = allowances(earth_engine.settings(), data_root.place, [product.name])
        office = _opened(context, chain, services, limits, priority=config.priority)

        def make(key: str) -> Made:
            last = before.get(key)
            sent = _sent(office, key, last, _renewed(wish, last), service)
            context.log.info(f"{key}: {sent.reason}")
            return Made(_metadata(sent))

        each_partition(context, make)

    return submission


def _opened(
    context: dg.AssetExecutionContext,
    chain: Chain,
    services: Services,
    limits: Allowances,
    *,
    priority: int | None,
) -> SubmissionOffice | EoPipelineError:
    """The office, or what is in its way for now; only what worked before is waited for.

    Raises:
        dg.Failure: never retried by Dagster.
    """
    try:
        return open_office(chain, list(context.partition_keys), services, limits, priority=priority)
    except EoPipelineError as error:
        worked = ledger.has_submitted(context.instance, context.asset_key, services.earth_engine.settings().service)
        if may_pass(error, worked=worked):
            return error
        raise dg.Failure(description=str(error), allow_retries=False) from error


def _sent(
    office: SubmissionOffice | EoPipelineError, key: str, before: Recorded | None, wish: Wish, service: str
) -> Sent:
    if isinstance(office, EoPipelineError):
        return postponed(before, office, service)
    try:
        return office.submit(key, before, wish)
    except EoPipelineError as error:
        if may_pass(error, worked=True):
            return postponed(before, error, service)
        raise


def _renewed(wish: Wish, last: Recorded | None) -> Wish:
    """What was withdrawn is asked for anew; its files may be deleted by now."""
    withdrawn = last is not None and last.submission.state is SubmissionState.WITHDRAWN
    return replace(wish, lost=True) if withdrawn else wish


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
