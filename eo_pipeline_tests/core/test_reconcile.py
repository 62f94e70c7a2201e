"""What is done about an export, from every trace of it."""

from dataclasses import replace

import pytest

from eo_pipeline.core.exports.operations import Operation, State
from eo_pipeline.core.exports.reconcile import MAX_ATTEMPTS, Act, Traces, Wish, decide
from eo_pipeline.core.exports.submissions import Part

DIGEST = "d" * 40
PLAIN = Wish()
NOTHING = Traces(recorded=None, operations=(), objects=0, expected_objects=4)
SENT = Part(DIGEST, 1, "projects/p/operations/A", "prefix")


def operation(state: State, *, generation: int = 1, error: str = "", name: str = "A") -> Operation:
    return Operation(
        f"projects/p/operations/{name}", state, description=f"x.y.z:eo-{DIGEST}-g{generation}", error=error
    )


def test_without_any_trace_the_first_generation_is_submitted() -> None:
    decision = decide(NOTHING, PLAIN)
    assert (decision.act, decision.generation) == (Act.SUBMIT, 1)


@pytest.mark.parametrize("state", [State.PENDING, State.RUNNING])
def test_an_active_operation_is_never_doubled(state: State) -> None:
    traces = replace(NOTHING, operations=(operation(state, generation=2),))
    for resubmit in (False, True):
        decision = decide(traces, Wish(resubmit=resubmit))
        assert (decision.act, decision.generation) == (Act.REATTACH, 2)


def test_what_is_being_cancelled_is_waited_for() -> None:
    traces = replace(NOTHING, operations=(operation(State.CANCELLING, generation=2),))
    decision = decide(traces, Wish(resubmit=True))
    assert (decision.act, decision.generation) == (Act.WAIT, 2)
    assert "still being cancelled" in decision.reason


def test_a_success_is_reused_unless_a_person_means_it() -> None:
    traces = replace(NOTHING, operations=(operation(State.SUCCEEDED, generation=3),))
    assert decide(traces, PLAIN).act is Act.REUSE
    again = decide(traces, Wish(resubmit=True))
    assert (again.act, again.generation) == (Act.SUBMIT, 4)


def test_a_success_without_our_description_is_known_by_the_record() -> None:
    anonymous = replace(operation(State.SUCCEEDED), description="renamed")
    decision = decide(replace(NOTHING, recorded=SENT, operations=(anonymous,)), PLAIN)
    assert (decision.act, decision.generation) == (Act.REUSE, 1)


def test_a_transient_failure_is_tried_again_up_to_a_bound() -> None:
    failed = operation(State.FAILED, error="Internal error.")
    assert decide(replace(NOTHING, operations=(failed,)), PLAIN).generation == 2
    last = operation(State.FAILED, error="Internal error.", generation=MAX_ATTEMPTS)
    decision = decide(replace(NOTHING, operations=(last,)), PLAIN)
    assert decision.act is Act.FAIL
    assert f"after {MAX_ATTEMPTS} attempts" in decision.reason


def test_waiting_for_an_allowance_is_no_attempt_and_takes_time() -> None:
    limit = "Your usage exceeded the custom quota for 'earthengine.googleapis.com/daily_eecu_usage_time'."
    failed = [operation(State.FAILED, error=limit, generation=n, name=f"A{n}") for n in range(1, 9)]
    decision = decide(replace(NOTHING, operations=failed), PLAIN)
    assert (decision.act, decision.generation, decision.pause) == (Act.SUBMIT, 9, True)
    broken = operation(State.FAILED, error="Internal error.", generation=9, name="B")
    decision = decide(replace(NOTHING, operations=[*failed, broken]), PLAIN)
    assert (decision.act, decision.generation, decision.pause) == (Act.SUBMIT, 10, False)


@pytest.mark.parametrize("error", ["User memory limit exceeded.", "Computation timed out."])
def test_what_is_too_much_at_once_is_split_while_that_is_possible(error: str) -> None:
    failed = operation(State.FAILED, error=error)
    assert decide(replace(NOTHING, operations=(failed,), can_split=True), PLAIN).act is Act.SPLIT
    decision = decide(replace(NOTHING, operations=(failed,)), PLAIN)
    assert decision.act is Act.FAIL
    assert error.rstrip(".") in decision.reason
    assert "smallest piece" in decision.reason
    whole = decide(replace(NOTHING, operations=(failed,), indivisible=True), PLAIN)
    assert whole.act is Act.FAIL
    assert "a table or an Earth Engine asset cannot be made in pieces" in whole.reason


def test_what_was_split_stays_split_whatever_became_of_its_operation() -> None:
    assert decide(replace(NOTHING, was_split=True, can_split=True), Wish(resubmit=True)).act is Act.SPLIT


def test_what_still_runs_is_joined_although_it_was_split() -> None:
    running = operation(State.RUNNING)
    assert decide(replace(NOTHING, operations=(running,), was_split=True), PLAIN).act is Act.REATTACH


def test_a_permanent_failure_is_final_and_says_what_to_change() -> None:
    failed = operation(State.FAILED, error="Exported bands must have compatible data types; found Float32 and UInt16.")
    decision = decide(replace(NOTHING, operations=(failed,), can_split=True), PLAIN)
    assert decision.act is Act.FAIL
    assert "compatible data types" in decision.reason
    assert "cast them in the recipe" in decision.reason


def test_deleted_tiles_are_exported_again_but_not_those_that_are_there() -> None:
    done = operation(State.SUCCEEDED, generation=2)
    lost = Wish(lost=True)
    again = decide(replace(NOTHING, operations=(done,), objects=3), lost)
    assert (again.act, again.generation) == (Act.SUBMIT, 3)
    assert decide(replace(NOTHING, operations=(done,), objects=4), lost).act is Act.REUSE
    running = operation(State.RUNNING, generation=3, name="B")
    assert decide(replace(NOTHING, operations=(done, running)), lost).act is Act.REATTACH


def test_the_newest_generation_decides() -> None:
    old = operation(State.FAILED, error="Internal error.", name="A")
    new = operation(State.SUCCEEDED, generation=2, name="B")
    assert decide(replace(NOTHING, operations=(new, old)), PLAIN).act is Act.REUSE


def test_objects_without_an_operation_are_reused_only_if_they_are_all_there() -> None:
    assert decide(replace(NOTHING, objects=4), PLAIN).act is Act.REUSE_OBJECTS
    assert decide(replace(NOTHING, objects=3), PLAIN).act is Act.SUBMIT


def test_a_cancelled_export_starts_again_when_a_person_asks() -> None:
    decision = decide(replace(NOTHING, operations=(operation(State.CANCELLED, generation=2),)), PLAIN)
    assert (decision.act, decision.generation) == (Act.SUBMIT, 3)


def test_a_vanished_operation_is_followed_by_the_next_generation() -> None:
    decision = decide(replace(NOTHING, recorded=SENT), PLAIN)
    assert (decision.act, decision.generation) == (Act.SUBMIT, 2)
