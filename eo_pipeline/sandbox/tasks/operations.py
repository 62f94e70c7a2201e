"""One long-running operation as a value: its states, its published JSON and its form on disk.

What does not belong here: the queue, and the work an operation does.
"""

import dataclasses
import random
import string
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from eo_pipeline.sandbox.frame.clock import parse_timestamp, timestamp

State = Literal["PENDING", "RUNNING", "CANCELLING", "SUCCEEDED", "CANCELLED", "FAILED"]
STATES: tuple[State, ...] = get_args(State)
ENDED: frozenset[State] = frozenset({"SUCCEEDED", "CANCELLED", "FAILED"})
METADATA_TYPE = "type.googleapis.com/google.earthengine.v1.OperationMetadata"
_ALPHABET = string.ascii_uppercase + string.digits


@dataclass(frozen=True)
class Failure:
    """Why an operation did not succeed: code 1 cancelled, 3 invalid, 4 too late, 8 no compute left or 13 internal."""

    code: int
    message: str


@dataclass(frozen=True)
class Operation:
    """A submitted export."""

    project: str
    """Project id, without `projects/`."""
    id: str
    """24 characters of A-Z0-9."""
    order: int
    """Place among all submissions of this sandbox, from 0."""
    kind: str
    """`EXPORT_IMAGE` or another published type."""
    request: Mapping[str, object]
    """The JSON body of the submission."""
    request_id: str | None
    description: str
    priority: int
    """0..9999; greater starts earlier."""
    created: datetime
    updated: datetime
    state: State = "PENDING"
    started: datetime | None = None
    ended: datetime | None = None
    attempt: int = 0
    """Starts so far."""
    progress: float = 0.0
    """0..1."""
    eecu_seconds: float = 0.0
    destination_uris: tuple[str, ...] = ()
    failure: Failure | None = None
    caller: str | None = None
    """Address of who submitted it; None where nobody said so."""

    @property
    def name(self) -> str:
        """The resource name, `projects/P/operations/ID`."""
        return f"projects/{self.project}/operations/{self.id}"

    @property
    def done(self) -> bool:
        """Whether the state is final."""
        return self.state in ENDED

    def published(self) -> dict[str, object]:
        """The operation as the service answers it."""
        answer: dict[str, object] = {"name": self.name, "metadata": self._metadata()}
        if self.done:
            answer["done"] = True
        if self.failure is not None:
            answer["error"] = dataclasses.asdict(self.failure)
        elif self.state == "SUCCEEDED":
            answer["response"] = {"@type": "type.googleapis.com/google.protobuf.Empty"}
        return answer

    def _metadata(self) -> dict[str, object]:
        metadata: dict[str, object] = {
            "@type": METADATA_TYPE,
            "state": self.state,
            "description": self.description,
            "type": self.kind,
            "priority": self.priority,
            "createTime": timestamp(self.created),
            "updateTime": timestamp(self.updated),
        }
        if self.started is not None:
            metadata.update(startTime=timestamp(self.started), attempt=self.attempt, progress=self.progress)
            metadata.update(stages=self._stages(), batchEecuUsageSeconds=round(self.eecu_seconds, 6))
        if self.ended is not None:
            metadata["endTime"] = timestamp(self.ended)
        if self.destination_uris:
            metadata["destinationUris"] = list(self.destination_uris)
        return metadata

    def _stages(self) -> list[dict[str, object]]:
        written = 1 if self.state == "SUCCEEDED" else 0
        return [
            {
                "displayName": "Create Local Files",
                "completeWorkUnits": self.progress,
                "totalWorkUnits": "1",
                "description": "Computation of the result.",
            },
            {
                "displayName": "Write Files to Destination",
                "completeWorkUnits": written,
                "totalWorkUnits": "1",
                "description": "Writing of the computed output to the specified destination.",
            },
        ]

    def stored(self) -> dict[str, object]:
        """JSON values from which `restored` makes the same operation."""
        fields: dict[str, object] = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        fields["failure"] = None if self.failure is None else dataclasses.asdict(self.failure)
        for name in ("created", "updated", "started", "ended"):
            instant = getattr(self, name)
            fields[name] = None if instant is None else timestamp(instant)
        return fields


def restored(fields: Mapping[str, object]) -> Operation:
    """The operation that `Operation.stored` wrote."""
    values = dict(fields)
    for name in ("created", "updated", "started", "ended"):
        instant = values[name]
        values[name] = None if instant is None else parse_timestamp(str(instant))
    failure = values["failure"]
    values["failure"] = Failure(**failure) if isinstance(failure, dict) else None
    uris = values["destination_uris"]
    values["destination_uris"] = tuple(uris) if isinstance(uris, list) else ()
    return Operation(**values)  # type: ignore[arg-type]  # the file is our own, written by `stored`


def random_id(source: random.Random) -> str:
    """A new task id: 24 characters of A-Z0-9."""
    return "".join(source.choices(_ALPHABET, k=24))
