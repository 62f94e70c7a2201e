from dataclasses import replace

import pytest

from eo_pipeline.core.reconcile import (
    MAX_GENERATIONS,
    Act,
    Operation,
    Report,
    State,
    Submission,
    Traces,
    decide_report,
    decide_submission,
)
from eo_pipeline.errors import ServiceError

DIGEST = "d" * 40
NOTHING = Traces(previous=None, operations=(), outdated=(), objects=0, expected_objects=4)
SENT = Submission(DIGEST, 1, "projects/p/operations/A", "submitted", "here p", "inputs")


def operation(state: State, *, generation: int = 1, error: str = "", name: str = "A") -> Operation:
    return Operation(
        f"projects/p/operations/{name}", state, description=f"x.y.z:eo-{DIGEST}-g{generation}", error=error
    )


def test_without_any_trace_the_first_generation_is_submitted() -> None:
    decision = decide_submission(NOTHING)
    assert (decision.act, decision.generation, decision.cancel) == (Act.SUBMIT, 1, ())


@pytest.mark.parametrize("state", [State.PENDING, State.RUNNING, State.CANCELLING])
def test_an_active_operation_is_never_doubled(state: State) -> None:
    traces = replace(NOTHING, operations=(operation(state, generation=2),))
    for resubmit in (False, True):
        decision = decide_submission(traces, resubmit=resubmit)
        assert (decision.act, decision.generation) == (Act.REATTACH, 2)


def test_a_success_is_reused_unless_a_person_means_it() -> None:
    traces = replace(NOTHING, operations=(operation(State.SUCCEEDED, generation=3),))
    assert decide_submission(traces).act is Act.REUSE
    again = decide_submission(traces, resubmit=True)
    assert (again.act, again.generation) == (Act.SUBMIT, 4)


def test_a_success_without_our_description_is_known_by_the_record() -> None:
    anonymous = replace(operation(State.SUCCEEDED), description="renamed")
    decision = decide_submission(replace(NOTHING, previous=SENT, operations=(anonymous,)))
    assert (decision.act, decision.generation) == (Act.REUSE, 1)


def test_a_transient_failure_is_tried_again_up_to_a_bound() -> None:
    failed = operation(State.FAILED, error="Internal error.")
    assert decide_submission(replace(NOTHING, operations=(failed,))).generation == 2
    last = operation(State.FAILED, error="Internal error.", generation=MAX_GENERATIONS)
    decision = decide_submission(replace(NOTHING, operations=(last,)))
    assert decision.act is Act.FAIL
    assert f"after {MAX_GENERATIONS} attempts" in decision.reason


def test_a_permanent_failure_is_final_and_says_what_to_change() -> None:
    failed = operation(State.FAILED, error="User memory limit exceeded.")
    decision = decide_submission(replace(NOTHING, operations=(failed,)))
    assert decision.act is Act.FAIL
    assert "User memory limit exceeded" in decision.reason
    assert "area.tile" in decision.reason


def test_the_newest_generation_decides() -> None:
    old = operation(State.FAILED, error="Internal error.", name="A")
    new = operation(State.SUCCEEDED, generation=2, name="B")
    assert decide_submission(replace(NOTHING, operations=(new, old))).act is Act.REUSE


def test_objects_without_an_operation_are_reused_only_if_they_are_all_there() -> None:
    assert decide_submission(replace(NOTHING, objects=4)).act is Act.REUSE_OBJECTS
    assert decide_submission(replace(NOTHING, objects=3)).act is Act.SUBMIT


def test_a_cancelled_export_starts_again_when_a_person_asks() -> None:
    decision = decide_submission(replace(NOTHING, operations=(operation(State.CANCELLED, generation=2),)))
    assert (decision.act, decision.generation) == (Act.SUBMIT, 3)


def test_a_vanished_operation_is_followed_by_the_next_generation() -> None:
    decision = decide_submission(replace(NOTHING, previous=SENT))
    assert (decision.act, decision.generation) == (Act.SUBMIT, 2)


def test_only_active_operations_of_an_older_recipe_are_cancelled() -> None:
    running = Operation("projects/p/operations/OLD", State.RUNNING)
    done = Operation("projects/p/operations/DONE", State.SUCCEEDED)
    decision = decide_submission(replace(NOTHING, outdated=(running, done)))
    assert decision.cancel == ("projects/p/operations/OLD",)
    assert decision.act is Act.SUBMIT


@pytest.mark.parametrize(
    ("found", "report", "settle"),
    [
        (operation(State.RUNNING), Report.WAIT, False),
        (operation(State.SUCCEEDED), Report.EXPORTED, False),
        (operation(State.FAILED, error="Internal error."), Report.FAILED, True),
        (operation(State.FAILED, error="Computation timed out."), Report.FAILED, True),
        (operation(State.CANCELLED), Report.CANCELLED, False),
        (None, Report.FAILED, True),
    ],
)
def test_what_is_reported(found: Operation | None, report: Report, settle: bool) -> None:
    decision = decide_report(SENT, found)
    assert (decision.report, decision.settle) == (report, settle)


@pytest.mark.parametrize("state", ["no_images", "found"])
def test_what_needs_no_operation_is_reported_at_once(state: str) -> None:
    nothing = replace(SENT, operation="", state=state)
    assert decide_report(nothing, None).report is Report.EXPORTED


def test_operations_are_read_from_the_services_json() -> None:
    found = Operation.from_json(
        {
            "name": "projects/p/operations/ABC",
            "metadata": {
                "state": "FAILED",
                "description": f"n.a.p:eo-{DIGEST}-g2",
                "batchEecuUsageSeconds": 12.5,
                "createTime": "2024-01-01T00:00:00Z",
                "progress": 0.5,
                "destinationUris": ["https://x"],
                "attempt": 3,
            },
            "done": True,
            "error": {"code": 3, "message": "User memory limit exceeded."},
        }
    )
    assert found.state is State.FAILED
    assert found.error == "User memory limit exceeded."
    assert (found.eecu_seconds, found.attempt, found.uris) == (12.5, 3, ("https://x",))
    assert found.request_id == f"eo-{DIGEST}-g2"
    assert found.url.endswith("/ABC")


def test_a_state_nobody_documented_is_an_error() -> None:
    with pytest.raises(ServiceError, match="expected the state of projects/p/operations/A as one of"):
        Operation.from_json({"name": "projects/p/operations/A", "metadata": {"state": "DREAMING"}})
