"""What to do about one planned export, given every trace of it: pure decisions, no requests.

`decide_submission` is asked by the submission asset, `decide_report` by the sensor. What does not belong here: where
traces come from (`orchestration.ledger`, `earth_engine.operations`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Self

from eo_pipeline.core import keys
from eo_pipeline.core.failures import FailureClass, classify
from eo_pipeline.errors import ServiceError

MAX_GENERATIONS = 5
"""Attempts at one digest before its transient failure is final."""


class State(Enum):
    """States of an operation, in the service's words."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    CANCELLING = "CANCELLING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"

    @property
    def active(self) -> bool:
        """True while the service may still write its files."""
        return self in (State.PENDING, State.RUNNING, State.CANCELLING)


_STATES = {s.value: s for s in State} | {
    "READY": State.PENDING,
    "COMPLETED": State.SUCCEEDED,
    "CANCEL_REQUESTED": State.CANCELLING,
}


@dataclass(frozen=True)
class Operation:
    """An Earth Engine operation as listed.

    Attributes:
        name: `projects/P/operations/ID`.
        state: see `State`.
        description: as submitted; ours end with the request id.
        error: the service's message, empty unless FAILED or CANCELLED.
        eecu_seconds: compute used so far.
        created, started, ended: RFC 3339 text, empty if not yet.
        progress: 0..1.
        uris: folders the service wrote to.
        attempt: the service's own automatic attempts, from 1; 0 if unknown.
    """

    name: str
    state: State
    description: str = ""
    error: str = ""
    eecu_seconds: float = 0.0
    created: str = ""
    started: str = ""
    ended: str = ""
    progress: float = 0.0
    uris: tuple[str, ...] = ()
    attempt: int = 0

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Self:
        """Read the service's JSON.

        Raises:
            ServiceError: if the state is one that nobody documented.
        """
        metadata = body.get("metadata", {})
        state = _STATES.get(metadata.get("state", ""))
        if state is None:
            raise ServiceError(
                f"expected the state of {body.get('name')} as one of {', '.join(_STATES)}, "
                f"got {metadata.get('state')!r}"
            )
        return cls(
            name=body["name"],
            state=state,
            description=metadata.get("description", ""),
            error=body.get("error", {}).get("message", ""),
            eecu_seconds=float(metadata.get("batchEecuUsageSeconds", 0.0)),
            created=metadata.get("createTime", ""),
            started=metadata.get("startTime", ""),
            ended=metadata.get("endTime", ""),
            progress=float(metadata.get("progress", 0.0)),
            uris=tuple(metadata.get("destinationUris", ())),
            attempt=int(metadata.get("attempt", 0)),
        )

    @property
    def request_id(self) -> str | None:
        """The request id at the end of the description, or None if the task is not ours."""
        return keys.request_id_of_description(self.description)

    @property
    def url(self) -> str:
        """Page of the task in Earth Engine's console."""
        return f"https://code.earthengine.google.com/tasks/{self.name.rsplit('/', 1)[-1]}"


@dataclass(frozen=True)
class Submission:
    """What the ledger holds about the last submission of one partition.

    Attributes:
        digest: of the export.
        generation: attempt number, from 1; 0 where nothing was sent.
        operation: `projects/P/operations/ID`, or empty where nothing was sent.
        state: submitted, no_images or found (objects were there without an operation).
        service: address and project that the operation lives on.
        inputs: fingerprint of the source images.
    """

    digest: str
    generation: int
    operation: str
    state: str
    service: str
    inputs: str


class Act(Enum):
    """What the submission does."""

    SUBMIT = "submit"
    REATTACH = "reattach"
    REUSE = "reuse"
    REUSE_OBJECTS = "reuse_objects"
    FAIL = "fail"


@dataclass(frozen=True)
class Decision:
    """An act and its reason.

    Attributes:
        act: see `Act`.
        generation: the attempt that is submitted or attached to.
        operation: the operation attached to or reused, or None.
        cancel: operations of older digests to cancel first.
        reason: a sentence for the event log.
    """

    act: Act
    generation: int
    operation: Operation | None
    cancel: tuple[str, ...]
    reason: str


@dataclass(frozen=True)
class Traces:
    """Everything known about one digest before it is submitted.

    Attributes:
        previous: the partition's last submission on this service, or None.
        operations: listed or found operations of this digest, any order.
        outdated: active operations of the partition's previous digest.
        objects: number of objects under the digest's prefix, whole tiles only.
        expected_objects: number of tiles that the export makes.
    """

    previous: Submission | None
    operations: Sequence[Operation]
    outdated: Sequence[Operation]
    objects: int
    expected_objects: int


def decide_submission(traces: Traces, *, resubmit: bool = False) -> Decision:
    """Submit, attach, reuse or fail; the digest decides, not who asks.

    Args:
        traces: of one digest.
        resubmit: submit again although the digest succeeded (`resubmit: true`); never beside an active operation.
    """
    cancel = tuple(o.name for o in traces.outdated if o.state.active)
    newest, generation = _newest(traces)
    if newest is not None and newest.state.active:
        return Decision(Act.REATTACH, generation, newest, cancel, f"{newest.name} is {newest.state.value.lower()}")
    if resubmit:
        return Decision(Act.SUBMIT, generation + 1, None, cancel, "resubmission was asked for")
    if newest is not None and newest.state is State.SUCCEEDED:
        return Decision(Act.REUSE, generation, newest, cancel, f"{newest.name} succeeded")
    if newest is not None and newest.state is State.FAILED:
        return _after_failure(newest, generation, cancel)
    if newest is None and 0 < traces.expected_objects <= traces.objects:
        reason = f"all {traces.expected_objects} tiles of this digest lie in the bucket"
        return Decision(Act.REUSE_OBJECTS, generation, None, cancel, reason)
    reason = "no trace of this digest" if newest is None else f"{newest.name} was cancelled"
    return Decision(Act.SUBMIT, generation + 1, None, cancel, reason)


def _newest(traces: Traces) -> tuple[Operation | None, int]:
    """The operation with the highest generation, and the highest generation known from any trace."""
    found: list[tuple[int, Operation]] = []
    previous = traces.previous
    for operation in traces.operations:
        if operation.request_id is not None:
            found.append((keys.parse_request_id(operation.request_id)[1], operation))
        elif previous is not None and previous.operation == operation.name:
            found.append((previous.generation, operation))
    recorded = previous.generation if previous is not None else 0
    if not found:
        return None, recorded
    generation, newest = max(found, key=lambda pair: pair[0])
    return newest, max(generation, recorded)


_OUTSIDE = {
    FailureClass.PERMISSION,
    FailureClass.NOT_FOUND,
    FailureClass.NOT_REGISTERED,
    FailureClass.API_DISABLED,
    FailureClass.CREDENTIALS,
}
"""Causes that a person removes without changing the product: the digest stays, so trying again must be said."""

_AGAIN = "Then export again: `eo-pipeline run PRODUCT --resubmit`, or `resubmit: true` in the run's configuration."


def _after_failure(operation: Operation, generation: int, cancel: tuple[str, ...]) -> Decision:
    failure = classify(operation.error)
    if failure.retry and generation < MAX_GENERATIONS:
        reason = f"{operation.name} failed ({failure.kind.value}): {operation.error}"
        return Decision(Act.SUBMIT, generation + 1, None, cancel, reason)
    ending = f" after {generation} attempts" if failure.retry else ""
    advice = f"{failure.advice} {_AGAIN}" if failure.kind in _OUTSIDE else failure.advice
    reason = f"Earth Engine: {operation.error.rstrip('.')}{ending}. {advice}".strip()
    return Decision(Act.FAIL, generation, operation, cancel, reason)


class Report(Enum):
    """What the sensor says about a submission."""

    WAIT = "wait"
    EXPORTED = "exported"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class ReportDecision:
    """A report and whether the submission is to run again so that it settles the failure."""

    report: Report
    settle: bool
    message: str


def decide_report(submission: Submission, operation: Operation | None) -> ReportDecision:
    """What a listed operation, or its absence from a complete listing, means for its submission."""
    if submission.state != "submitted":
        return ReportDecision(Report.EXPORTED, settle=False, message=submission.state)
    if operation is None:
        return ReportDecision(Report.FAILED, settle=True, message="Earth Engine no longer lists this task")
    if operation.state.active:
        return ReportDecision(Report.WAIT, settle=False, message=operation.state.value)
    if operation.state is State.SUCCEEDED:
        return ReportDecision(Report.EXPORTED, settle=False, message="SUCCEEDED")
    if operation.state is State.CANCELLED:
        return ReportDecision(Report.CANCELLED, settle=False, message=operation.error or "cancelled")
    kind = classify(operation.error).kind
    settle = kind is not FailureClass.CANCELLED
    return ReportDecision(Report.FAILED, settle=settle, message=operation.error or operation.state.value)
