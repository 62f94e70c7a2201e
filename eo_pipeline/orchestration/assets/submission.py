"""`submission`: every partition's export is under way exactly once, or is known to have nothing to export.

What does not belong here: deciding (`core.reconcile`) and following operations (`sensors`).
"""

from typing import Any

import dagster as dg

from eo_pipeline.core.grids import Area
from eo_pipeline.core.periods import Period
from eo_pipeline.core.reconcile import Operation, State
from eo_pipeline.earth_engine.session import Session
from eo_pipeline.orchestration import ledger
from eo_pipeline.orchestration.automation import SUBMISSIONS_A_RUN, grouped
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.fan_out import Made, each_partition, for_all_partitions
from eo_pipeline.orchestration.partitions import PartitionKey
from eo_pipeline.orchestration.resources import CloudStorageResource, EarthEngineResource
from eo_pipeline.steps.plan_export import Inputs, check_source, plan_export, read_inputs
from eo_pipeline.steps.submit_export import Desk, Outcome, open_desk, submit_export


class SubmissionConfig(dg.Config):
    """How a person may override the digest.

    Attributes:
        resubmit: export again although the same export succeeded before.
    """

    resubmit: bool = False


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
    def submission(
        context: dg.AssetExecutionContext,
        config: SubmissionConfig,
        earth_engine: EarthEngineResource,
        cloud_storage: CloudStorageResource,
    ) -> None:
        settings = earth_engine.settings()
        wanted = {key: _pair(chain, key) for key in context.partition_keys}
        with for_all_partitions(context):
            interactive = earth_engine.session(interactive=True)
            resolution = check_source(interactive, product, next(iter(wanted.values()))[0])
            inputs = dict(zip(wanted, _inputs(chain, interactive, list(wanted.values())), strict=True))
            bucket = cloud_storage.open(product.export.bucket)
            bucket.check()
            desk = open_desk(earth_engine.session(), bucket)

        def make(key: str) -> Made:
            area, period = wanted[key]
            planned = plan_export(
                settings,
                product,
                area=area,
                period=period,
                inputs=inputs[key],
                bucket=bucket.name,
                native_resolution=resolution,
            )
            previous = ledger.last_submission(context.instance, context.asset_key, key, service=settings.service)
            outcome = submit_export(
                desk, planned, None if previous is None else previous.submission, resubmit=config.resubmit
            )
            context.log.info(f"{key}: {outcome.reason}")
            return Made(_metadata(outcome, desk, prefix=planned.task.prefix, inputs=inputs[key]))

        each_partition(context, make)

    return submission


def _pair(chain: Chain, key: str) -> tuple[Area, Period]:
    parsed = PartitionKey.parse(key)
    return chain.area(parsed), chain.period(parsed.period)


def _inputs(chain: Chain, session: Session, wanted: list[tuple[Area, Period]]) -> list[Inputs]:
    return [found for _, found in read_inputs(session, chain.product, wanted)]


def _metadata(outcome: Outcome, desk: Desk, *, prefix: str, inputs: Inputs) -> dict[str, Any]:
    submission = outcome.submission
    shown: dict[str, Any] = dict(ledger.metadata_of(submission, bucket=desk.bucket.name, prefix=prefix))
    shown["decision"] = outcome.act.value if outcome.act is not None else "nothing to export"
    shown["reason"] = outcome.reason
    if inputs.count is not None:
        shown["images"] = inputs.count
    if submission.operation:
        shown["task"] = dg.MetadataValue.url(Operation(submission.operation, State.PENDING).url)
    return shown


def _recipe(chain: Chain) -> dg.JsonMetadataValue:
    return dg.MetadataValue.json(chain.product.model_dump(mode="json", by_alias=True, exclude_defaults=True))
