"""What listed operations mean for the submission that they belong to: pure decisions, no requests.

What does not belong here: what is then submitted (`reconcile`), and the events that tell of it
(`orchestration.following.reports`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from eo_pipeline.core.exports.failures import FailureClass, classify
from eo_pipeline.core.exports.operations import Operation, State
from eo_pipeline.core.exports.submissions import Submission, SubmissionState

GONE = "Earth Engine no longer lists this task"


class Report(Enum):
    """What the sensor says about a submission."""

    WAIT = "wait"
    HELD = "held"
    EXPORTED = "exported"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class ReportDecision:
    """A report and whether the submission is to run again so that it settles the failure."""

    report: Report
    settle: bool
    message: str


_NOTHING_TO_WAIT_FOR = {SubmissionState.FOUND, SubmissionState.NO_IMAGES, SubmissionState.INTERACTIVE}


def decide_report(submission: Submission, operations: Mapping[str, Operation | None]) -> ReportDecision:
    """What listed operations, or their absence from a complete listing, mean for their submission.

    A failure is settled while other parts are still under way: they are joined again. A cancelled part waits for a
    person, once the other parts ended. What was refused for now is let alone until its pause is over, whatever its
    parts came to.
    """
    if submission.state in _NOTHING_TO_WAIT_FOR:
        return ReportDecision(Report.EXPORTED, settle=False, message=submission.state.value)
    if submission.state is SubmissionState.WITHDRAWN:
        return ReportDecision(Report.CANCELLED, settle=False, message="cancelled here")
    return _of_parts(submission, [operations.get(name) for name in submission.operations])


def _of_parts(submission: Submission, found: Sequence[Operation | None]) -> ReportDecision:
    active = any(o is not None and o.state.active for o in found)
    if submission.held is not None and submission.held.until and not active:
        return ReportDecision(Report.HELD, settle=False, message=submission.held.reason)
    cancelled = next((o for o in found if o is not None and o.state is State.CANCELLED), None)
    failed = next((o for o in found if o is None or o.state is State.FAILED), cancelled)
    if cancelled is None and (None in found or failed is not None):
        return _failed(failed)
    if active:
        return ReportDecision(Report.WAIT, settle=False, message="under way")
    if cancelled is not None:
        return ReportDecision(Report.CANCELLED, settle=False, message=cancelled.error or "cancelled")
    if submission.held is not None:
        return ReportDecision(Report.HELD, settle=False, message=submission.held.reason)
    return ReportDecision(Report.EXPORTED, settle=False, message="SUCCEEDED")


def _failed(operation: Operation | None) -> ReportDecision:
    if operation is None:
        return ReportDecision(Report.FAILED, settle=True, message=GONE)
    settle = classify(operation.error).kind is not FailureClass.CANCELLED
    return ReportDecision(Report.FAILED, settle=settle, message=operation.error or operation.state.value)
