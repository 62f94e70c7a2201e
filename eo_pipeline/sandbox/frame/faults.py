"""What shall go wrong, said beforehand: faults of HTTP answers and of operations, each for a number of times.

What does not belong here: how an answer is spoilt (`fault_middleware`) or an operation fails (`task_queue`).
"""

import dataclasses
import shlex
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.frame.request_fields import number, text, whole
from eo_pipeline.sandbox.patterns import Pattern, PatternError

_SEARCH_SECONDS = 0.1
"""How long a fault's pattern is looked for in a path; all requests wait meanwhile."""

HttpKind = Literal["status", "slow", "reset", "truncated", "corrupted", "lost_reply", "slow_reply"]
OperationKind = Literal["fail", "stumble", "hang", "vanish", "cancel"]
HTTP_KINDS: tuple[HttpKind, ...] = get_args(HttpKind)
OPERATION_KINDS: tuple[OperationKind, ...] = get_args(OperationKind)


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong.

    HTTP kinds meet requests: `status` answers an error instead of doing anything, `slow` waits first, `reset` breaks
    the connection instead of doing anything, `truncated` and `corrupted` spoil the body of the answer, `lost_reply`
    does what was asked and breaks the connection, `slow_reply` does what was asked and waits before it answers.
    Operation kinds meet operations as they start: `fail` ends them with a message, `stumble` is an internal error
    after which the service tries again, `hang` keeps them running until cancelled, `vanish` makes the service forget
    them, `cancel` ends them as if somebody else had cancelled them.
    """

    kind: HttpKind | OperationKind
    path: str = ""
    """Regular expression searched in the request's decoded path; of operation kinds, in the description."""
    method: str | None = None
    """HTTP method; None: any."""
    count: int | None = 1
    """How many times; None: always."""
    after: int = 0
    """Matching requests or operations that pass unharmed first."""
    status: int = 503
    """HTTP status of kind `status`."""
    message: str = "The service is currently unavailable."
    reason: str = "UNAVAILABLE"
    """Canonical status of kind `status`."""
    seconds: float = 1.0
    """Real seconds of kinds `slow` and `slow_reply`."""
    at: int | None = None
    """Byte of the body where `truncated` cuts or `corrupted` flips a bit; None: the middle."""

    @property
    def meets_operations(self) -> bool:
        """Whether it is of an operation kind."""
        return self.kind in OPERATION_KINDS


def decode_fault(body: Mapping[str, object]) -> Fault:
    """A fault from JSON: the fields of `Fault`, `count` null for always.

    Raises:
        ServiceError: A field is unknown, of the wrong kind or out of range.
    """
    known = {field.name for field in dataclasses.fields(Fault)}
    if unknown := sorted(set(body) - known):
        raise ServiceError(f"expected fields among {sorted(known)}, got {unknown}; remove or correct them.")
    plain = Fault(kind=_kind(body))
    fault = dataclasses.replace(
        plain,
        path=_pattern(text(body, "path") or ""),
        method=(text(body, "method") or "").upper() or None,
        count=whole(body, "count") if "count" in body else 1,
        after=whole(body, "after") or 0,
        status=whole(body, "status") or plain.status,
        message=text(body, "message") or plain.message,
        reason=text(body, "reason") or plain.reason,
        seconds=_or(number(body, "seconds"), plain.seconds),
        at=whole(body, "at"),
    )
    return _checked(fault)


def parse_fault(words: str) -> Fault:
    """A fault from a line: its kind, then `NAME=VALUE` of other fields, quoted as in a shell; `count=always`.

    Raises:
        ServiceError: The line is no such list, or a field is unknown, of the wrong kind or out of range.
    """
    try:
        kind, *others = shlex.split(words) or [""]
    except ValueError as error:
        raise ServiceError(f"expected KIND NAME=VALUE .., got {words!r} ({error}); close the quotes.") from error
    if wrong := [word for word in others if "=" not in word]:
        raise ServiceError(f"expected NAME=VALUE after the kind, got {wrong[0]!r}; correct or quote it.")
    body: dict[str, object] = {"kind": kind, **dict(word.split("=", 1) for word in others)}
    return decode_fault({**body, "count": None} if body.get("count") == "always" else body)


def _kind(body: Mapping[str, object]) -> HttpKind | OperationKind:
    kinds = {kind: kind for kind in (*HTTP_KINDS, *OPERATION_KINDS)}
    said = text(body, "kind") or ""
    if said not in kinds:
        raise ServiceError(f"expected kind among {sorted(kinds)}, got {said!r}; name one of them.")
    return kinds[said]


def _pattern(said: str) -> str:
    try:
        Pattern(said)
    except PatternError as error:
        raise ServiceError(f"expected a regular expression as path, got {said!r} ({error}); correct it.") from error
    return said


def _matches(fault: Fault, subject: str) -> bool:
    """Whether a fault's pattern is found; one that takes too long counts as not found."""
    try:
        return Pattern(fault.path).search(subject, seconds=_SEARCH_SECONDS) is not None
    except PatternError:
        return False


def _or(value: float | None, default: float) -> float:
    return default if value is None else value


def _checked(fault: Fault) -> Fault:
    if not 400 <= fault.status <= 599:
        raise ServiceError(f"expected a status from 400 to 599, got {fault.status}; name an error.")
    if not 0 <= fault.seconds <= 3600:
        raise ServiceError(f"expected seconds from 0 to 3600, got {fault.seconds}; name a shorter wait.")
    if min(fault.after, fault.count or 0, fault.at or 0) < 0:
        raise ServiceError("expected after, count and at to be at least 0; correct them.")
    return fault


class FaultBox:
    """The faults armed, used up in the order they were armed."""

    def __init__(self, armed: Iterable[Fault] = ()) -> None:
        self._lock = threading.Lock()
        self._armed = list(armed)

    def arm(self, fault: Fault) -> None:
        """Let a fault happen."""
        with self._lock:
            self._armed.append(fault)

    def clear(self) -> None:
        """Disarm every fault."""
        with self._lock:
            self._armed.clear()

    def armed(self) -> list[dict[str, object]]:
        """The faults still to come, with the counts left, as JSON values."""
        with self._lock:
            return [dataclasses.asdict(fault) for fault in self._armed]

    def for_request(self, method: str, path: str) -> Fault | None:
        """The fault this request meets, used once; None when it passes."""
        return self._take(lambda fault: not fault.meets_operations and fault.method in {None, method}, path)

    def for_operation(self, description: str) -> Fault | None:
        """The fault this operation meets as it starts, used once; None when it runs."""
        return self._take(lambda fault: fault.meets_operations, description)

    def _take(self, meant: Callable[[Fault], bool], subject: str) -> Fault | None:
        with self._lock:
            for place, fault in enumerate(self._armed):
                if meant(fault) and _matches(fault, subject):
                    if fault.after == 0:
                        self._use(place)
                        return fault
                    self._armed[place] = dataclasses.replace(fault, after=fault.after - 1)
            return None

    def _use(self, place: int) -> None:
        fault = self._armed[place]
        if fault.count is None:
            return
        if fault.count <= 1:
            del self._armed[place]
        else:
            self._armed[place] = dataclasses.replace(fault, count=fault.count - 1)
