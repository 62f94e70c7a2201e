"""What to do about one planned export, given every trace of it: pure decisions, no requests.

`decide` is asked by the submission, for a partition's export and for each smaller one that it was split into. What does
not belong here: where traces come from (`steps.exports.submit_export`), and what is reported of them (`reporting`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from eo_pipeline.core import keys
from eo_pipeline.core.exports.failures import FailureAct, FailureClass, classify
from eo_pipeline.core.exports.operations import Operation, State
from eo_pipeline.core.exports.submissions import Part

MAX_ATTEMPTS = 5
"""Attempts at one digest before its transient failure is final; those that only had to wait do not count."""


class Act(Enum):
    """What the submission does."""

    SUBMIT = "submit"
    WAIT = "wait"
    REATTACH = "reattach"
    REUSE = "reuse"
    REUSE_OBJECTS = "reuse_objects"
    SPLIT = "split"
    FAIL = "fail"


@dataclass(frozen=True)
class Decision:
    """An act and its reason.

    Attributes:
        act: see `Act`.
        generation: the attempt that is submitted or attached to.
        operation: the operation attached to or reused, or None.
        reason: a sentence for the event log.
        pause: True if time has to pass between the failure that is followed by this attempt and its start.
    """

    act: Act
    generation: int
    operation: Operation | None
    reason: str
    pause: bool = False


@dataclass(frozen=True)
class Traces:
    """Everything known about one digest before it is submitted.

    Attributes:
        recorded: the part of this digest in the partition's last submission on this service, or None.
        operations: listed or found operations of this digest, any order.
        objects: number of objects under the digest's prefix, whole tiles only.
        expected_objects: number of tiles that the export makes.
        was_split: True if it is recorded that this export was given up for smaller ones.
        can_split: True if there are smaller ones.
        indivisible: True if what it makes is never made in pieces: a table, or an Earth Engine asset.
    """

    recorded: Part | None
    operations: Sequence[Operation]
    objects: int
    expected_objects: int
    was_split: bool = False
    can_split: bool = False
    indivisible: bool = False


@dataclass(frozen=True)
class Wish:
    """What a person or the sensor asks for beside the export itself.

    Attributes:
        resubmit: submit again although the digest succeeded; never beside an active operation.
        lost: the tiles were deleted after the export: submit again what has too few objects.
    """

    resubmit: bool = False
    lost: bool = False


def decide(traces: Traces, wish: Wish) -> Decision:
    """Submit, attach, wait, reuse, split or fail; the digest decides, not who asks."""
    newest, generation = _newest(traces)
    if newest is not None and newest.state is State.CANCELLING:
        return Decision(Act.WAIT, generation, newest, f"{newest.name} is still being cancelled")
    if newest is not None and newest.state.active:
        return Decision(Act.REATTACH, generation, newest, f"{newest.name} is {newest.state.value.lower()}")
    if traces.was_split:
        return Decision(Act.SPLIT, generation, newest, "it was split before")
    if wish.resubmit:
        return Decision(Act.SUBMIT, generation + 1, None, "resubmission was asked for")
    return _of_ended(traces, wish, newest, generation)


def _of_ended(traces: Traces, wish: Wish, newest: Operation | None, generation: int) -> Decision:
    """What an operation calls for that is over, or that left at most its objects."""
    if newest is None:
        return _without_operation(traces, generation)
    if newest.state is State.SUCCEEDED:
        return _after_success(traces, wish, newest, generation)
    if newest.state is State.FAILED:
        return _after_failure(traces, newest, generation)
    return Decision(Act.SUBMIT, generation + 1, None, f"{newest.name} was cancelled")


def _without_operation(traces: Traces, generation: int) -> Decision:
    if 0 < traces.expected_objects <= traces.objects:
        reason = f"all {traces.expected_objects} tiles of this digest lie at the destination"
        return Decision(Act.REUSE_OBJECTS, generation, None, reason)
    return Decision(Act.SUBMIT, generation + 1, None, "no trace of this digest")


def _newest(traces: Traces) -> tuple[Operation | None, int]:
    """The operation with the highest generation, and the highest generation known from any trace."""
    found: list[tuple[int, Operation]] = []
    recorded = traces.recorded
    for operation in traces.operations:
        if operation.request_id is not None:
            found.append((keys.parse_request_id(operation.request_id)[1], operation))
        elif recorded is not None and recorded.operation == operation.name:
            found.append((recorded.generation, operation))
    known = recorded.generation if recorded is not None else 0
    if not found:
        return None, known
    generation, newest = max(found, key=lambda pair: pair[0])
    return newest, max(generation, known)


def _after_success(traces: Traces, wish: Wish, newest: Operation, generation: int) -> Decision:
    if wish.lost and traces.objects < traces.expected_objects:
        reason = f"{traces.objects} of {traces.expected_objects} tiles of {newest.name} are still there"
        return Decision(Act.SUBMIT, generation + 1, None, reason)
    return Decision(Act.REUSE, generation, newest, f"{newest.name} succeeded")


_OUTSIDE = {
    FailureClass.PERMISSION,
    FailureClass.NOT_FOUND,
    FailureClass.NOT_REGISTERED,
    FailureClass.API_DISABLED,
    FailureClass.CREDENTIALS,
    FailureClass.STORAGE_FULL,
}
"""Causes that a person removes without changing the product: the digest stays, so trying again must be said."""

_AGAIN = "Then export again: `eo-pipeline run PRODUCT --resubmit`, or `resubmit: true` in the run's configuration."


def _after_failure(traces: Traces, operation: Operation, generation: int) -> Decision:
    failure = classify(operation.error)
    reason = f"{operation.name} failed ({failure.kind.value}): {operation.error}"
    attempts = generation - _waits(traces)
    if failure.act is FailureAct.SPLIT and traces.can_split:
        return Decision(Act.SPLIT, generation, operation, reason)
    if failure.act is FailureAct.WAIT:
        return Decision(Act.SUBMIT, generation + 1, None, reason, pause=True)
    if failure.act is FailureAct.RETRY and attempts < MAX_ATTEMPTS:
        return Decision(Act.SUBMIT, generation + 1, None, reason)
    endings = {
        FailureAct.RETRY: f" after {attempts} attempts",
        FailureAct.SPLIT: ", and a table or an Earth Engine asset cannot be made in pieces"
        if traces.indivisible
        else ", and this is the smallest piece that it can be split into",
    }
    ending = endings.get(failure.act, "")
    advice = f"{failure.advice} {_AGAIN}" if failure.kind in _OUTSIDE else failure.advice
    words = f"Earth Engine: {operation.error.rstrip('.')}{ending}. {advice}".strip()
    return Decision(Act.FAIL, generation, operation, words)


def _waits(traces: Traces) -> int:
    """Attempts that failed only because an allowance was spent."""
    failed = [operation for operation in traces.operations if operation.state is State.FAILED]
    return sum(classify(operation.error).act is FailureAct.WAIT for operation in failed)
