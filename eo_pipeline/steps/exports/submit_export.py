"""Submit an export exactly once: look at every trace of it, decide, act; for each piece, if it was split.

What does not belong here: recording the outcome, and which partitions to submit.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from eo_pipeline.core import keys
from eo_pipeline.core.exports.export_plan import ExportTask, ImageContent
from eo_pipeline.core.exports.failures import FailureAct, classify
from eo_pipeline.core.exports.operations import Operation
from eo_pipeline.core.exports.reconcile import Act, Decision, Traces, Wish, decide
from eo_pipeline.core.exports.splitting import is_indivisible, pieces
from eo_pipeline.core.exports.submissions import Held, Part, Submission, SubmissionState
from eo_pipeline.core.mosaics import whole_offset
from eo_pipeline.earth_engine import operations
from eo_pipeline.errors import CredentialsError, EoPipelineError, ServiceError, ServiceUnreachableError
from eo_pipeline.steps.exports.desk import Desk
from eo_pipeline.steps.exports.plan_export import PlannedExport


class ExportFailedError(EoPipelineError):
    """Earth Engine failed this export for good; the message holds its words and what to change."""


@dataclass(frozen=True)
class Outcome:
    """What became of one submission.

    Attributes:
        submission: for the ledger.
        reason: why, for a person.
        acts: what was done for each part, and for each export that was split.
        sent: operations that were started now.
        ended: operations of the same data that are over, for the account of compute.
    """

    submission: Submission
    reason: str
    acts: tuple[Act, ...] = ()
    sent: tuple[str, ...] = ()
    ended: tuple[Operation, ...] = ()


def submit_export(
    desk: Desk, planned: PlannedExport, previous: Submission | None, *, wish: Wish | None = None
) -> Outcome:
    """Bring one planned export under way, or find that it is, or that there is nothing to export, or hold it back.

    Raises:
        ExportFailedError: an earlier attempt failed for a reason that trying again cannot change.
        ServiceError: the service refused the request for such a reason.
    """
    task, service = planned.task, desk.session.service
    if planned.inputs.count == 0:
        nothing = Submission(task.digest, SubmissionState.NO_IMAGES, service, planned.inputs.fingerprint)
        return Outcome(nothing, "no image is left after the filters")
    known = previous if previous is not None and previous.service == service else None
    attempt = _Attempt(desk, planned, known, wish or Wish())
    try:
        parts = tuple(attempt.parts(task))
    except (ExportFailedError, ServiceError):
        attempt.cancel_siblings()
        raise
    finally:
        attempt.cancel_outdated()
    return attempt.outcome(parts)


def leave_to_requests(desk: Desk, planned: PlannedExport, reason: str, previous: Submission | None) -> Outcome:
    """No task: the tiles are fetched by interactive requests, if compute is left."""
    task, service = planned.task, desk.session.service
    plain = Submission(task.digest, SubmissionState.INTERACTIVE, service, planned.inputs.fingerprint)
    refusal = desk.gate.allowance(1)
    if not refusal:
        return Outcome(plain, f"no task: {reason}")
    held = desk.gate.held(refusal, previous.held if previous is not None else None, pause=False)
    return Outcome(replace(plain, state=SubmissionState.HELD, held=held), f"held back: {refusal}")


@dataclass
class _Attempt:
    """One call of `submit_export`."""

    desk: Desk
    planned: PlannedExport
    known: Submission | None
    wish: Wish
    seen: set[str] = field(default_factory=set)
    split: list[str] = field(default_factory=list)
    joined: list[Operation] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    ended: list[Operation] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    held: Held | None = None

    @property
    def same(self) -> Submission | None:
        """The last submission, if it was of the same data."""
        return self.known if self.known is not None and self.known.digest == self.planned.task.digest else None

    def parts(self, task: ExportTask) -> Iterator[Part]:
        """What stands for one export: itself, or all that it was split into."""
        self.seen.add(task.digest)
        smaller = pieces(task)
        decision = decide(self._traces(task, can_split=bool(smaller)), self.wish)
        self.decisions.append(decision)
        match decision.act:
            case Act.FAIL:
                raise ExportFailedError(decision.reason)
            case Act.SPLIT:
                yield from self._pieces(task, smaller)
            case Act.WAIT:
                self.held = self.desk.gate.held(decision.reason, self._held_before(), pause=True)
                yield self._part(task, decision.generation, "")
            case Act.SUBMIT:
                yield from self._start(task, smaller, decision)
            case _:
                yield self._existing(task, decision)

    def _existing(self, task: ExportTask, decision: Decision) -> Part:
        if decision.operation is not None and decision.operation.state.active:
            self.joined.append(decision.operation)
        return self._part(task, decision.generation, decision.operation.name if decision.operation else "")

    def _part(self, task: ExportTask, generation: int, operation: str) -> Part:
        return _part(task, generation, operation, self.planned.task)

    def _pieces(self, task: ExportTask, smaller: tuple[ExportTask, ...]) -> Iterator[Part]:
        self.split.append(task.digest)
        for piece in smaller:
            yield from self.parts(piece)

    def _start(self, task: ExportTask, smaller: tuple[ExportTask, ...], decision: Decision) -> Iterator[Part]:
        """Send it if the gate is open, else hold it back."""
        gate, before = self.desk.gate, decision.generation - 1
        if decision.pause and not self._paused(task, before):
            self.held = gate.held(decision.reason, self._held_before(), pause=True)
        elif refusal := gate.refusal():
            self.held = gate.held(refusal, self._held_before(), pause=bool(gate.closed))
        else:
            yield from self._send(task, smaller, decision.generation)
            return
        yield self._part(task, before, "")

    def _send(self, task: ExportTask, smaller: tuple[ExportTask, ...], generation: int) -> Iterator[Part]:
        """One attempt; what is too much is sent in pieces, and a refusal that may pass closes the gate."""
        desk, planned = self.desk, self.planned
        try:
            started = operations.start_export(
                desk.session, task, planned.value, generation=generation, bands=planned.bands
            )
        except (ServiceError, ServiceUnreachableError, CredentialsError) as error:
            failure = classify(error.said)
            if failure.act is FailureAct.SPLIT and smaller:
                yield from self._pieces(task, smaller)
                return
            if not failure.passes and not isinstance(error, ServiceUnreachableError | CredentialsError):
                raise
            desk.gate.closed = str(error)
            self.held = desk.gate.held(str(error), self._held_before(), pause=True)
            yield self._part(task, generation - 1, "")
            return
        desk.gate.sent += 1
        self.sent.append(started.name)
        self.joined.append(started)
        yield self._part(task, generation, started.name)

    def _held_before(self) -> Held | None:
        return self.known.held if self.known is not None else None

    def _paused(self, task: ExportTask, generation: int) -> bool:
        """True if this export was held since its last attempt failed."""
        part = self.same.part(task.digest) if self.same is not None else None
        return part is not None and not part.operation and part.generation == generation

    def outcome(self, parts: tuple[Part, ...]) -> Outcome:
        """The submission that these parts are."""
        if self.held is not None:
            state = SubmissionState.HELD
        elif any(part.operation for part in parts):
            state = SubmissionState.SUBMITTED
        else:
            state = SubmissionState.FOUND
        task = self.planned.task
        submission = Submission(
            digest=task.digest,
            state=state,
            service=self.desk.session.service,
            inputs=self.planned.inputs.fingerprint,
            parts=parts,
            split=tuple(self.split),
            priority=task.priority,
            held=self.held,
        )
        told = "; ".join(dict.fromkeys(decision.reason for decision in self.decisions))
        reason = f"held back: {self.held.reason}" if self.held is not None else told
        acts = tuple(decision.act for decision in self.decisions)
        return Outcome(submission, reason, acts, tuple(self.sent), tuple(self.ended))

    def cancel_siblings(self) -> None:
        """Parts of a partition that cannot become whole would be paid for in vain."""
        for operation in self.joined:
            operations.cancel_operation(self.desk.session, operation.name)

    def cancel_outdated(self) -> None:
        """Active operations of this partition that make another digest's data."""
        for operation in self._outdated():
            operations.cancel_operation(self.desk.session, operation.name)

    def _outdated(self) -> Iterator[Operation]:
        head = keys.description_head(self.planned.task.description(1))
        listed = {o.name: o for o in self.desk.by_head.get(head, ())}
        yield from (o for o in listed.values() if _digest_of(o) not in self.seen)
        if self.known is None or self.same is not None:
            return
        for name in self.known.operations:
            if name not in listed:
                last = operations.get_operation(self.desk.session, name)
                if last is not None and last.state.active:
                    yield last

    def _traces(self, task: ExportTask, *, can_split: bool) -> Traces:
        recorded = self.same.part(task.digest) if self.same is not None else None
        found = list(self.desk.by_digest.get(task.digest, ()))
        if recorded is not None and recorded.operation and recorded.operation not in {o.name for o in found}:
            unlisted = operations.get_operation(self.desk.session, recorded.operation)
            found += [unlisted] if unlisted is not None else []
        self.ended += [operation for operation in found if not operation.state.active]
        was_split = self.same is not None and task.digest in self.same.split
        needed = not was_split and (not found or self.wish.lost)
        objects = self.desk.count_tiles(task.prefix) if needed else 0
        return Traces(
            recorded,
            found,
            objects,
            task.tile_count,
            was_split=was_split,
            can_split=can_split,
            indivisible=is_indivisible(task),
        )


def _digest_of(operation: Operation) -> str:
    return keys.parse_request_id(operation.request_id)[0] if operation.request_id else ""


def _part(task: ExportTask, generation: int, operation: str, whole: ExportTask) -> Part:
    """One operation's share of the whole export."""
    plain = Part(task.digest, generation, operation, task.prefix)
    if not isinstance(task.content, ImageContent) or not isinstance(whole.content, ImageContent):
        return plain
    geobox = task.content.geobox
    row, column = whole_offset(geobox, whole.content.geobox)
    height, width = geobox.shape
    return replace(
        plain, row=row, column=column, height=height, width=width, file_dimensions=task.content.file_dimensions
    )
