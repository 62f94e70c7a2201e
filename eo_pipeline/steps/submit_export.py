"""Submit an export exactly once: look at every trace of it, decide, act.

What does not belong here: recording the outcome, and which partitions to submit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from eo_pipeline.core import keys
from eo_pipeline.core.export_plan import ExportTask
from eo_pipeline.core.reconcile import Act, Decision, Operation, Submission, Traces, decide_submission
from eo_pipeline.earth_engine import operations
from eo_pipeline.earth_engine.session import Session
from eo_pipeline.errors import EoPipelineError
from eo_pipeline.steps.plan_export import PlannedExport
from eo_pipeline.storage.objects import Bucket


class ExportFailedError(EoPipelineError):
    """Earth Engine failed this export for good; the message holds its words and what to change."""


@dataclass(frozen=True)
class Desk:
    """What submissions of one run share.

    Attributes:
        session: of exports.
        bucket: that tiles go to.
        by_digest: operations that bear a digest, as listed when the run began.
        by_head: active operations by the head of their description, product.area.period.
    """

    session: Session
    bucket: Bucket
    by_digest: Mapping[str, Sequence[Operation]]
    by_head: Mapping[str, Sequence[Operation]]


@dataclass(frozen=True)
class Outcome:
    """What became of one submission.

    Attributes:
        submission: for the ledger.
        reason: why, for a person.
        act: what was done; None where there is no image.
    """

    submission: Submission
    reason: str
    act: Act | None


def open_desk(session: Session, bucket: Bucket) -> Desk:
    """List the project's operations once, for all submissions of a run."""
    by_digest: dict[str, list[Operation]] = {}
    by_head: dict[str, list[Operation]] = {}
    for operation in operations.list_operations(session):
        if operation.request_id is None:
            continue
        digest, _ = keys.parse_request_id(operation.request_id)
        by_digest.setdefault(digest, []).append(operation)
        if operation.state.active:
            by_head.setdefault(keys.description_head(operation.description), []).append(operation)
    return Desk(session, bucket, by_digest, by_head)


def submit_export(
    desk: Desk, planned: PlannedExport, previous: Submission | None, *, resubmit: bool = False
) -> Outcome:
    """Bring one planned export under way, or find that it is, or that there is nothing to export.

    Raises:
        ExportFailedError: an earlier attempt failed for a reason that trying again cannot change.
        ServiceError: the service refused the request.
    """
    task, digest = planned.task, planned.task.digest
    service, inputs = desk.session.service, planned.inputs.fingerprint
    known = previous if previous is not None and previous.service == service else None
    if planned.inputs.count == 0:
        nothing = Submission(digest, 0, "", "no_images", service, inputs)
        return Outcome(nothing, "no image is left after the filters", None)
    decision = decide_submission(_traces(desk, task, known), resubmit=resubmit)
    for name in decision.cancel:
        operations.cancel_operation(desk.session, name)
    if decision.act is Act.FAIL:
        raise ExportFailedError(decision.reason)
    if decision.act is Act.REUSE_OBJECTS:
        found = Submission(digest, decision.generation, "", "found", service, inputs)
        return Outcome(found, decision.reason, decision.act)
    name = _operation(desk, planned, decision)
    sent = Submission(digest, decision.generation, name, "submitted", service, inputs)
    return Outcome(sent, decision.reason, decision.act)


def _operation(desk: Desk, planned: PlannedExport, decision: Decision) -> str:
    if decision.operation is not None:
        return decision.operation.name
    started = operations.start_export(desk.session, planned.task, planned.image, generation=decision.generation)
    return started.name


def _traces(desk: Desk, task: ExportTask, previous: Submission | None) -> Traces:
    digest = task.digest
    found = list(desk.by_digest.get(digest, ()))
    same = previous if previous is not None and previous.digest == digest else None
    if same is not None and same.operation and same.operation not in {o.name for o in found}:
        unlisted = operations.get_operation(desk.session, same.operation)
        found += [unlisted] if unlisted is not None else []
    outdated = _outdated(desk, task, previous)
    objects = 0 if found else sum(o.name.endswith(".tif") for o in desk.bucket.list(task.prefix))
    return Traces(same, found, outdated, objects, task.tile_count)


def _outdated(desk: Desk, task: ExportTask, previous: Submission | None) -> list[Operation]:
    """Active operations of this partition that make another digest's data."""
    mine = set(desk.by_digest.get(task.digest, ()))
    others = [o for o in desk.by_head.get(keys.description_head(task.description(1)), ()) if o not in mine]
    if previous is None or previous.digest == task.digest or previous.operation in {"", *(o.name for o in others)}:
        return others
    last = operations.get_operation(desk.session, previous.operation)
    others += [last] if last is not None and last.state.active else []
    return others
