"""An Earth Engine operation as the service tells of it.

What does not belong here: what its state means for an export (`reconcile`), and asking the service.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, Self

from eo_pipeline.core import keys
from eo_pipeline.errors import ServiceError


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

    @property
    def queue_seconds(self) -> float:
        """From being accepted to starting; 0 if unknown."""
        return _seconds(self.created, self.started)

    @property
    def run_seconds(self) -> float:
        """From starting to ending; 0 if unknown."""
        return _seconds(self.started, self.ended)


def _seconds(start: str, end: str) -> float:
    if not start or not end:
        return 0.0
    return round((datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds(), 1)
