"""The queue of operations: who starts when, what becomes of each, and how a client stops one.

What does not belong here: the work itself, which is a callable, and the form of the answers.
"""

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.frame.clock import Clock
from eo_pipeline.sandbox.frame.compute_limits import ComputeLimits
from eo_pipeline.sandbox.frame.faults import Fault, FaultBox
from eo_pipeline.sandbox.frame.journal import Journal
from eo_pipeline.sandbox.frame.request_fields import text
from eo_pipeline.sandbox.graph.allowances import batch
from eo_pipeline.sandbox.graph.limits import allowed
from eo_pipeline.sandbox.settings import LiveSettings
from eo_pipeline.sandbox.tasks.operation_files import OperationFiles
from eo_pipeline.sandbox.tasks.operation_table import OperationTable
from eo_pipeline.sandbox.tasks.operations import Failure, Operation, random_id
from eo_pipeline.sandbox.tasks.submission import Submission
from eo_pipeline.sandbox.tasks.task_work import (
    CANCELLED_OUTCOME,
    EXHAUSTED,
    EXPIRED,
    INTERNAL,
    INVALID,
    Outcome,
    StopWorkError,
    Work,
    outcome_of,
)

_POLL_SECONDS = 0.02


@dataclass(frozen=True)
class QueueParts:
    """What a queue works with."""

    files: OperationFiles
    clock: Clock
    settings: LiveSettings
    faults: FaultBox
    journal: Journal
    compute: ComputeLimits
    ids: random.Random


class TaskQueue:
    """Operations of all projects; a restart takes up again what was running.

    Args:
        parts: Files, clock, settings, faults, journal and the source of ids.
        work: Called in a thread of its own for each operation that starts.
    """

    def __init__(self, parts: QueueParts, work: Work) -> None:
        self._parts = parts
        self._work = work
        self._lock = threading.RLock()
        self._closing = threading.Event()
        self._table = OperationTable(parts.files, parts.journal)
        self._outcomes: dict[str, Outcome] = {}
        self._hanging: set[str] = set()
        self._threads: list[threading.Thread] = []
        for operation in self._table.unfinished():
            self._take_up(operation)

    def open(self) -> None:
        """Start to run operations as the clock goes on."""
        self._spawn(self._poll, "queue")

    def close(self, *, wait_seconds: float = 5.0) -> None:
        """Stop; what runs stays RUNNING on disk and starts again at the next opening."""
        self._closing.set()
        for thread in self._threads:
            thread.join(wait_seconds)

    def submit(self, submission: Submission) -> Operation:
        """Queue an operation.

        Raises:
            ServiceError: The queue is full, or the request id is taken and the setting says ALREADY_EXISTS.
        """
        with self._lock:
            first = self._table.of_request(submission.project, submission.request_id)
            if first is not None:
                return self._repeated(first)
            self._check_room(submission.project)
            operation = submission.operation(
                task_id=random_id(self._parts.ids), order=self._table.next_order(), now=self._parts.clock.now()
            )
            self._table.keep(operation)
            return operation

    def get(self, name: str) -> Operation:
        """The operation of that resource name.

        Raises:
            ServiceError: 404, there is none.
        """
        with self._lock:
            return self._table.get(name)

    def newest_first(self, project: str) -> list[Operation]:
        """All operations of a project, the latest submission first."""
        with self._lock:
            return self._table.newest_first(project)

    def cancel(self, name: str) -> None:
        """Ask an operation to stop; one that has ended stays as it is.

        Raises:
            ServiceError: 404, there is none.
        """
        with self._lock:
            operation = self._table.get(name)
            if operation.state == "PENDING" or name in self._hanging:
                self._hanging.discard(name)
                self._end(operation, CANCELLED_OUTCOME)
            elif operation.state == "RUNNING":
                self._table.keep(replace(operation, state="CANCELLING", updated=self._parts.clock.now()))

    def advance(self) -> None:
        """Bring every operation to the state that is due now."""
        with self._lock:
            for operation in self._expired():
                self._expire(operation)
            for name in list(self._outcomes):
                self._settle(name)
            for operation in self._due():
                self._start(operation)

    # --- lifetime

    def _expired(self) -> list[Operation]:
        """Operations that have not ended in their time."""
        oldest = self._parts.clock.now() - timedelta(days=self._parts.settings.now.operation_days)
        return [operation for operation in self._table.unfinished() if operation.created < oldest]

    def _expire(self, operation: Operation) -> None:
        settings = self._parts.settings.now
        message = settings.expired_operation.replace("{days}", f"{settings.operation_days:g}")
        self._hanging.discard(operation.name)
        self._outcomes.pop(operation.name, None)
        self._end(operation, Outcome("FAILED", failure=Failure(EXPIRED, message)))

    # --- submission

    def _repeated(self, first: Operation) -> Operation:
        if self._parts.settings.now.duplicate_request == "first_operation":
            return first
        raise ServiceError(f"An operation with request ID '{first.request_id}' already exists.", 409, "ALREADY_EXISTS")

    def _check_room(self, project: str) -> None:
        settings = self._parts.settings.now
        if self._table.count_pending(project) >= settings.pending_limit:
            raise ServiceError(
                f"Too many tasks already in the queue ({settings.pending_limit}). "
                "Please wait for some of them to complete.",
                settings.pending_limit_code,
                "RESOURCE_EXHAUSTED",
            )

    # --- starting

    def _due(self) -> list[Operation]:
        """Operations that may start now, in order."""
        settings = self._parts.settings.now
        waited = self._parts.clock.now() - timedelta(seconds=settings.pending_seconds)
        room: dict[str, int] = {}
        due: list[Operation] = []
        for operation in self._table.pending():
            if operation.project not in room:
                room[operation.project] = self._room(operation.project)
            if room[operation.project] > 0 and operation.updated <= waited:
                room[operation.project] -= 1
                due.append(operation)
        return due

    def _room(self, project: str) -> int:
        """How many more operations of a project may start."""
        settings, compute = self._parts.settings.now, self._parts.compute
        if settings.tasks_over_limit == "wait" and compute.refusal(project):
            return 0
        return compute.settings_for(project).running_at_once - self._table.count_running(project)

    def _start(self, operation: Operation) -> None:
        if refusal := self._parts.compute.refusal(operation.project):
            self._end(operation, Outcome("FAILED", failure=Failure(EXHAUSTED, refusal)))
            return
        now, attempt = self._parts.clock.now(), operation.attempt + 1
        running = replace(operation, state="RUNNING", started=now, updated=now, attempt=attempt, progress=0.0)
        self._table.keep(running)
        fault = self._parts.faults.for_operation(operation.description)
        if fault is None:
            self._spawn(lambda: self._run(running), operation.id)
        else:
            self._spoil(running, fault)

    def _spoil(self, operation: Operation, fault: Fault) -> None:
        self._parts.journal.record("fault", {"kind": fault.kind, "operation": operation.name})
        if fault.kind == "vanish":
            self._table.forget(operation)
        elif fault.kind == "hang":
            self._hanging.add(operation.name)
        elif fault.kind == "cancel":
            self._outcomes[operation.name] = CANCELLED_OUTCOME
        else:
            code = INTERNAL if fault.kind == "stumble" else INVALID
            self._outcomes[operation.name] = Outcome("FAILED", failure=Failure(code, fault.message))

    def _take_up(self, operation: Operation) -> None:
        """What the last run of the sandbox left unfinished."""
        if operation.state == "CANCELLING":
            self._end(operation, CANCELLED_OUTCOME)
        elif operation.state == "RUNNING":
            self._table.keep(replace(operation, state="PENDING", updated=self._parts.clock.now()))

    # --- running and ending

    def _run(self, operation: Operation) -> None:
        def report(*, progress: float, eecu_seconds: float) -> None:
            self._report(operation.name, progress, eecu_seconds)

        with allowed(batch(self._parts.settings.now, lambda: self._check_wanted(operation.name))):
            outcome = outcome_of(self._work, operation, report)
        with self._lock:
            if not self._closing.is_set() and not self._table.get(operation.name).done:
                self._outcomes[operation.name] = outcome
                self.advance()

    def _check_wanted(self, name: str) -> Operation:
        """The operation, if its work shall go on; raises StopWorkError if not."""
        with self._lock:
            operation = self._table.get(name)
            if self._closing.is_set() or operation.state != "RUNNING":
                raise StopWorkError
            return operation

    def _report(self, name: str, progress: float, eecu_seconds: float) -> None:
        with self._lock:
            operation = self._check_wanted(name)
            now = self._parts.clock.now()
            self._table.note(replace(operation, progress=progress, eecu_seconds=eecu_seconds, updated=now))

    def _settle(self, name: str) -> None:
        """Give an operation its outcome once it has run as long as the settings ask."""
        operation, outcome = self._table.get(name), self._outcomes[name]
        settings, now = self._parts.settings.now, self._parts.clock.now()
        if now < (operation.started or now) + timedelta(seconds=settings.running_seconds):
            return
        del self._outcomes[name]
        if outcome.internal and operation.state == "RUNNING" and operation.attempt < settings.max_attempts:
            self._table.keep(replace(operation, state="PENDING", updated=now))
        else:
            self._end(operation, outcome)

    def _end(self, operation: Operation, outcome: Outcome) -> None:
        now = self._parts.clock.now()
        ended = replace(
            operation,
            state=outcome.state,
            updated=now,
            ended=now,
            progress=1.0 if outcome.state == "SUCCEEDED" else operation.progress,
            destination_uris=outcome.destination_uris,
            failure=outcome.failure,
        )
        self._table.keep(ended)
        if outcome.state == "SUCCEEDED":
            tag = text(operation.request, "workloadTag") or ""
            self._parts.compute.ledger.add(operation.project, "batch", tag, operation.eecu_seconds)

    # --- threads

    def _poll(self) -> None:
        while not self._closing.wait(_POLL_SECONDS):
            self.advance()

    def _spawn(self, target: Callable[[], None], name: str) -> None:
        thread = threading.Thread(target=target, name=f"sandbox-{name}", daemon=True)
        self._threads = [*(known for known in self._threads if known.is_alive()), thread]
        thread.start()
