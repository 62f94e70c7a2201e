"""One run's submissions: what they share is asked once, then each partition is planned and submitted.

What does not belong here: Dagster's side of it (`assets.submission`), and one export (`steps.exports.submit_export`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from eo_pipeline.core.compute.usage import spread
from eo_pipeline.core.exports.export_plan import Destination
from eo_pipeline.core.exports.operations import Operation
from eo_pipeline.core.exports.queue import look_at_queue, room
from eo_pipeline.core.exports.reconcile import Wish
from eo_pipeline.core.exports.submissions import Submission, SubmissionState
from eo_pipeline.earth_engine.session import counted
from eo_pipeline.errors import CredentialsError, EoPipelineError, ServiceUnreachableError
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.event_log.ledger import Recorded
from eo_pipeline.orchestration.submissions.allowances import Allowances
from eo_pipeline.orchestration.submissions.destinations import Services, open_destination, unwritten
from eo_pipeline.orchestration.submissions.planner import Planner, open_planner, road
from eo_pipeline.steps.exports.desk import Desk, Gate, open_desk
from eo_pipeline.steps.exports.plan_export import PlannedExport
from eo_pipeline.steps.exports.submit_export import leave_to_requests, submit_export


@dataclass(frozen=True)
class Sent:
    """What became of one partition.

    Attributes:
        submission: for the ledger.
        place: address that the service writes to.
        reason: for a person.
        images: source images; None if unknown.
        decision: what was done, in the words of `core.exports.reconcile.Act`.
        operations: that were started now.
        requests: interactive ones that were made for it.
        ended: operations of the same data that are over.
    """

    submission: Submission
    place: str
    reason: str
    images: int | None = None
    decision: str = ""
    operations: tuple[str, ...] = ()
    requests: int = 0
    ended: tuple[Operation, ...] = ()


@dataclass(frozen=True)
class SubmissionOffice:
    """What the submissions of one run share.

    Attributes:
        planner: of its partitions.
        destination: that is written to.
        desk: to Earth Engine.
        priority: of the tasks; the product's if None.
        requests: interactive ones made for each partition so far, by key.
    """

    planner: Planner
    destination: Destination
    desk: Desk
    priority: int | None
    requests: Mapping[str, int]

    def submit(self, key: str, before: Recorded | None, wish: Wish) -> Sent:
        """Plan a partition's export and bring it under way, or leave it to be fetched at once.

        Raises:
            EoPipelineError: see `submit_export`.
        """
        planned = self.planner.plan(key, self.destination, priority=self.priority)
        previous = before.submission if before is not None else None
        choice = road(self.planner.chain, key)
        if choice.road == "interactive" and planned.inputs.count != 0 and self._is_untouched(planned):
            outcome = leave_to_requests(self.desk, planned, choice.reason, previous)
        else:
            outcome = submit_export(self.desk, planned, previous, wish=wish)
        return Sent(
            submission=outcome.submission,
            place=self.destination.address,
            reason=outcome.reason,
            images=planned.inputs.count,
            decision=", ".join(dict.fromkeys(act.value for act in outcome.acts)),
            operations=outcome.sent,
            requests=self.requests.get(key, 0),
            ended=outcome.ended,
        )

    def _is_untouched(self, planned: PlannedExport) -> bool:
        """True if no task was ever started for it: what was begun by tasks is finished by them."""
        return not self.desk.by_digest.get(planned.task.digest)


def open_office(
    chain: Chain,
    keys: Sequence[str],
    services: Services,
    allowances: Allowances,
    *,
    priority: int | None = None,
) -> SubmissionOffice:
    """Check the destination before anything is computed, then the source; read all inputs and list the operations.

    Raises:
        EoPipelineError: something that every partition needs is wrong or away.
    """
    product, settings = chain.product, services.earth_engine.settings()
    only_requests = all(road(chain, key).road == "interactive" for key in keys)
    destination = (unwritten if only_requests else open_destination)(product, services)
    interactive = services.earth_engine.session(interactive=True)
    with counted(interactive) as count:
        planner = open_planner(chain, keys, settings, interactive)

    def gate(listed: Sequence[Operation]) -> Gate:
        look = look_at_queue(listed, concurrency=settings.max_concurrent_exports)
        wanted = product.export.priority if priority is None else priority
        allowance = allowances(listed)
        return Gate(
            room(look, priority=wanted),
            allowance=lambda exports: allowance(chain, exports),
            pause=timedelta(seconds=settings.poll_seconds),
        )

    desk = open_desk(services.earth_engine.session(), destination.count, gate)
    return SubmissionOffice(planner, destination.value, desk, priority, spread(count.requests, keys))


def may_pass(error: EoPipelineError, *, worked: bool) -> bool:
    """True if the same may succeed later without anybody changing the product.

    Args:
        error: that was met.
        worked: True if this product was submitted on this service before: then an unreachable service and refused
            credentials are an outage, else a mistake that somebody should see at once.
    """
    if isinstance(error, ServiceUnreachableError | CredentialsError):
        return worked
    return error.passes


def postponed(before: Recorded | None, error: EoPipelineError, service: str, *, priority: int, exported: bool) -> Sent:
    """A partition that could not be looked at: what was exported stays, anything else is tried again later.

    Args:
        before: its last submission.
        error: what was in the way.
        service: that would be asked.
        priority: of its tasks, if it was not submitted before.
        exported: True if `export` stands for the last submission.
    """
    place = before.place if before is not None else ""
    if before is not None and exported:
        return Sent(before.submission, place, f"nothing new, since the services are away: {error}")
    known = Submission("", SubmissionState.HELD, service, "", priority=priority)
    if before is not None and before.submission.state is not SubmissionState.WITHDRAWN:
        known = before.submission
    held = Gate().held(str(error), known.held, pause=True)
    return Sent(replace(known, state=SubmissionState.HELD, held=held), place, f"held back: {held.reason}")
