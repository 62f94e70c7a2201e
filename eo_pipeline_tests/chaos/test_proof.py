"""The proof must be able to fail: journals written by hand."""

from typing import Any

from eo_pipeline_tests.chaos.proof import prove

DIGEST = "0123456789" * 4


def operation(
    number: int, name: str, state: str, *, request: str = f"eo-{DIGEST}-g1", head: str = "p"
) -> dict[str, Any]:
    description = f"{head}:{request}"
    return {
        "number": number,
        "event": "operation",
        "name": name,
        "state": state,
        "requestId": request,
        "description": description,
    }


SECOND = f"eo-{DIGEST}-g2"


def test_attempts_one_after_the_other_are_right() -> None:
    journal = [
        operation(0, "a", "PENDING"),
        operation(1, "a", "RUNNING"),
        operation(2, "a", "FAILED"),
        operation(3, "b", "PENDING", request=SECOND),
        operation(4, "b", "SUCCEEDED", request=SECOND),
        operation(5, "c", "PENDING", head="other partition"),
        {
            "number": 6,
            "event": "operation",
            "name": "others",
            "state": "PENDING",
            "requestId": None,
            "description": "x",
        },
    ]
    proof = prove([*journal[:5], journal[6]])
    assert proof.violations == []
    assert {name: told.state for name, told in proof.operations.items()} == {"a": "FAILED", "b": "SUCCEEDED"}


def test_an_attempt_beside_a_living_or_succeeded_one_is_a_violation() -> None:
    for state in ("PENDING", "RUNNING", "CANCELLING", "SUCCEEDED"):
        [said] = prove([operation(0, "a", state), operation(1, "b", "PENDING", request=SECOND)]).violations
        assert said == f"event 1: b began (p:{SECOND}) while a was {state}"


def test_a_request_id_counts_once() -> None:
    ended = [operation(0, "a", "PENDING"), operation(1, "a", "FAILED")]
    [said] = prove([*ended, operation(2, "b", "PENDING")]).violations
    assert said == f"event 2: b bears the request id eo-{DIGEST}-g1 of a"


def test_what_the_service_forgot_may_be_sent_again() -> None:
    forgotten = {"number": 1, "event": "fault", "kind": "vanish", "operation": "a"}
    assert prove([operation(0, "a", "PENDING"), forgotten, operation(2, "b", "PENDING")]).violations == []
    back = operation(2, "a", "PENDING")
    assert len(prove([operation(0, "a", "PENDING"), forgotten, back, operation(3, "b", "PENDING")]).violations) == 2
