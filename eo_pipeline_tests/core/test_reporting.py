"""What listed operations mean for a submission of one part or of several."""

from dataclasses import replace

import pytest

from eo_pipeline.core.exports.operations import Operation, State
from eo_pipeline.core.exports.reporting import Report, decide_report
from eo_pipeline.core.exports.submissions import Held, Part, Submission, SubmissionState

DIGEST = "d" * 40


def submission(*names: str, state: SubmissionState = SubmissionState.SUBMITTED) -> Submission:
    parts = tuple(Part(f"{n:040d}", 1, name, f"prefix{n}") for n, name in enumerate(names))
    return Submission(DIGEST, state, "here p", "inputs", parts)


def listed(**states: tuple[State, str] | None) -> dict[str, Operation | None]:
    return {name: Operation(name, found[0], error=found[1]) if found else None for name, found in states.items()}


@pytest.mark.parametrize(
    ("found", "report", "settle"),
    [
        ((State.RUNNING, ""), Report.WAIT, False),
        ((State.SUCCEEDED, ""), Report.EXPORTED, False),
        ((State.FAILED, "Internal error."), Report.FAILED, True),
        ((State.FAILED, "Computation timed out."), Report.FAILED, True),
        ((State.FAILED, "Cancelled."), Report.FAILED, False),
        ((State.CANCELLED, ""), Report.CANCELLED, False),
        (None, Report.FAILED, True),
    ],
)
def test_one_part(found: tuple[State, str] | None, report: Report, settle: bool) -> None:
    decision = decide_report(submission("A"), listed(A=found))
    assert (decision.report, decision.settle) == (report, settle)


@pytest.mark.parametrize(
    ("first", "second", "report", "settle"),
    [
        ((State.SUCCEEDED, ""), (State.SUCCEEDED, ""), Report.EXPORTED, False),
        ((State.SUCCEEDED, ""), (State.RUNNING, ""), Report.WAIT, False),
        ((State.RUNNING, ""), (State.FAILED, "User memory limit exceeded."), Report.FAILED, True),
        ((State.SUCCEEDED, ""), None, Report.FAILED, True),
        ((State.RUNNING, ""), (State.CANCELLED, ""), Report.WAIT, False),
        ((State.FAILED, "Internal error."), (State.CANCELLED, ""), Report.CANCELLED, False),
        ((State.SUCCEEDED, ""), (State.CANCELLED, ""), Report.CANCELLED, False),
    ],
)
def test_several_parts(
    first: tuple[State, str], second: tuple[State, str] | None, report: Report, settle: bool
) -> None:
    decision = decide_report(submission("A", "B"), listed(A=first, B=second))
    assert (decision.report, decision.settle) == (report, settle)


@pytest.mark.parametrize("state", [SubmissionState.NO_IMAGES, SubmissionState.FOUND, SubmissionState.INTERACTIVE])
def test_what_needs_no_operation_is_reported_at_once(state: SubmissionState) -> None:
    assert decide_report(submission(state=state), {}).report is Report.EXPORTED


def test_what_is_held_back_is_no_failure_and_says_why() -> None:
    held = replace(submission("A", "", state=SubmissionState.HELD), held=Held("the queue is full"))
    decision = decide_report(held, listed(A=(State.SUCCEEDED, "")))
    assert (decision.report, decision.message) == (Report.HELD, "the queue is full")
    assert decide_report(held, listed(A=(State.FAILED, "Internal error."))).settle
    assert decide_report(held, listed(A=(State.RUNNING, ""))).report is Report.WAIT


def test_what_was_refused_for_now_is_let_alone_until_its_pause_is_over() -> None:
    """Else it would be settled at every tick for as long as the service is away."""
    refused = Held("the credentials have expired", until="2026-11-21T12:00:00+00:00")
    held = replace(submission("A", state=SubmissionState.HELD), held=refused)
    for state in (State.FAILED, State.CANCELLED, State.SUCCEEDED):
        decision = decide_report(held, listed(A=(state, "Internal error.")))
        assert (decision.report, decision.settle, decision.message) == (Report.HELD, False, refused.reason)
    assert decide_report(held, listed(A=(State.RUNNING, ""))).report is Report.WAIT


def test_what_a_person_withdrew_is_cancelled() -> None:
    assert decide_report(submission("A", state=SubmissionState.WITHDRAWN), {}).report is Report.CANCELLED
