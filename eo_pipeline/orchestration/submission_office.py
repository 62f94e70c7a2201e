"""One run's submissions: what they share is asked once, then each partition is planned and submitted.

What does not belong here: Dagster's side of it (`assets.submission`), and one export (`steps.submit_export`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from eo_pipeline.core.export_plan import CloudStorage
from eo_pipeline.core.failures import classify
from eo_pipeline.core.grids import Area
from eo_pipeline.core.operations import Operation
from eo_pipeline.core.periods import Period
from eo_pipeline.core.queue import look_at_queue, room
from eo_pipeline.core.reconcile import Wish
from eo_pipeline.core.settings import Settings
from eo_pipeline.core.submissions import Submission, SubmissionState
from eo_pipeline.errors import CredentialsError, EoPipelineError, ServiceError, ServiceUnreachableError
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.ledger import Recorded
from eo_pipeline.orchestration.partitions import PartitionKey
from eo_pipeline.orchestration.resources import CloudStorageResource, EarthEngineResource
from eo_pipeline.steps.desk import Desk, Gate, open_desk
from eo_pipeline.steps.plan_export import Inputs, PlannedExport, check_source, plan_export, read_inputs
from eo_pipeline.steps.submit_export import submit_export


@dataclass(frozen=True)
class Sent:
    """What became of one partition.

    Attributes:
        submission: for the ledger.
        place: address that the service writes to.
        reason: for a person.
        images: source images; None if unknown.
        decision: what was done, in the words of `core.reconcile.Act`.
        operations: that were started now.
    """

    submission: Submission
    place: str
    reason: str
    images: int | None = None
    decision: str = ""
    operations: tuple[str, ...] = ()


@dataclass(frozen=True)
class SubmissionOffice:
    """What the submissions of one run share.

    Attributes:
        chain: the product.
        settings: of the deployment.
        destination: that is written to.
        native_resolution: metres a pixel of the source; None if unknown.
        inputs: of each partition, by key.
        desk: to Earth Engine.
        priority: of the tasks; the product's if None.
    """

    chain: Chain
    settings: Settings
    destination: CloudStorage
    native_resolution: float | None
    inputs: Mapping[str, Inputs]
    desk: Desk
    priority: int | None

    def submit(self, key: str, before: Recorded | None, wish: Wish) -> Sent:
        """Plan a partition's export and bring it under way.

        Raises:
            EoPipelineError: see `submit_export`.
        """
        planned = self._plan(key)
        previous = before.submission if before is not None else None
        outcome = submit_export(self.desk, planned, previous, wish=wish)
        return Sent(
            submission=outcome.submission,
            place=self.destination.address,
            reason=outcome.reason,
            images=planned.inputs.count,
            decision=", ".join(dict.fromkeys(act.value for act in outcome.acts)),
            operations=outcome.sent,
        )

    def _plan(self, key: str) -> PlannedExport:
        area, period = _pair(self.chain, key)
        return plan_export(
            self.settings,
            self.chain.product,
            area=area,
            period=period,
            inputs=self.inputs[key],
            destination=self.destination,
            native_resolution=self.native_resolution,
            priority=self.priority,
        )


def open_office(
    chain: Chain,
    keys: Sequence[str],
    earth_engine: EarthEngineResource,
    cloud_storage: CloudStorageResource,
    *,
    priority: int | None = None,
) -> SubmissionOffice:
    """Check the source and the destination, read the inputs of all partitions and list the operations.

    Raises:
        EoPipelineError: something that every partition needs is wrong or away.
    """
    product, settings = chain.product, earth_engine.settings()
    pairs = [_pair(chain, key) for key in keys]
    interactive = earth_engine.session(interactive=True)
    resolution = check_source(interactive, product, pairs[0][0])
    inputs = dict(zip(keys, (found for _, found in read_inputs(interactive, product, pairs)), strict=True))
    bucket = cloud_storage.open(product.export.bucket)
    bucket.check()

    def gate(listed: Sequence[Operation]) -> Gate:
        look = look_at_queue(listed, concurrency=settings.max_concurrent_exports)
        wanted = product.export.priority if priority is None else priority
        return Gate(room(look, priority=wanted), pause=timedelta(seconds=settings.poll_seconds))

    desk = open_desk(earth_engine.session(), bucket.count_tiles, gate)
    destination = CloudStorage(bucket.name, product.export.prefix)
    return SubmissionOffice(chain, settings, destination, resolution, inputs, desk, priority)


def _pair(chain: Chain, key: str) -> tuple[Area, Period]:
    parsed = PartitionKey.parse(key)
    return chain.area(parsed), chain.period(parsed.period)


def may_pass(error: EoPipelineError, *, worked: bool) -> bool:
    """True if the same may succeed later without anybody changing the product.

    Args:
        error: that was met.
        worked: True if this product was submitted on this service before: then an unreachable service and refused
            credentials are an outage, else a mistake that somebody should see at once.
    """
    if isinstance(error, ServiceUnreachableError | CredentialsError):
        return worked
    return isinstance(error, ServiceError) and classify(error.said).passes


def postponed(before: Recorded | None, error: EoPipelineError, service: str) -> Sent:
    """A partition that could not be looked at: what is known of it stays, or it waits."""
    gate = Gate()
    if before is not None and before.submission.state is not SubmissionState.HELD:
        return Sent(before.submission, before.place, f"nothing new, since the services are away: {error}")
    times = before.submission.held if before is not None else None
    held = gate.held(str(error), times, pause=True)
    waiting = Submission("", SubmissionState.HELD, service, "", held=held)
    return Sent(waiting, before.place if before is not None else "", f"held back: {held.reason}")
