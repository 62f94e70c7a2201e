"""What every request to start an operation says, whatever it exports. What does not belong here: the export itself."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from eo_pipeline.sandbox.earth_engine.wire_expression import checked_expression
from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.frame.request_fields import text, whole
from eo_pipeline.sandbox.settings import Settings
from eo_pipeline.sandbox.tasks.operations import Operation

_REQUEST_ID = re.compile(r"[a-zA-Z0-9-]{1,60}")
_WORKLOAD_TAG = re.compile(r"[a-z0-9]([-_a-z0-9]{0,61}[a-z0-9])?")


@dataclass(frozen=True)
class Submission:
    """A request to start an operation."""

    project: str
    """Project id, without `projects/`."""
    kind: str
    """`EXPORT_IMAGE` or another published type."""
    request: Mapping[str, object]
    """The JSON body."""
    request_id: str | None
    description: str
    priority: int
    """0..9999; greater starts earlier."""
    caller: str | None = None
    """Address of who submits it; None where nobody says so."""

    def operation(self, *, task_id: str, order: int, now: datetime) -> Operation:
        """The operation it starts, waiting.

        Args:
            task_id: 24 characters of A-Z0-9.
            order: Place among all submissions.
            now: When it is submitted.
        """
        return Operation(
            project=self.project,
            id=task_id,
            order=order,
            kind=self.kind,
            request=self.request,
            request_id=self.request_id,
            description=self.description,
            priority=self.priority,
            created=now,
            updated=now,
            caller=self.caller,
        )


def decode_submission(project: str, kind: str, body: Mapping[str, object], *, default_priority: int) -> Submission:
    """Read the fields every export request has.

    Raises:
        ServiceError: The expression is missing or malformed, or a field is of the wrong kind or out of range.
    """
    checked_expression(body)
    _matching(body, "workloadTag", _WORKLOAD_TAG)
    priority = whole(body, "priority")
    return Submission(
        project=project,
        kind=kind,
        request=body,
        request_id=_matching(body, "requestId", _REQUEST_ID),
        description=text(body, "description") or "",
        priority=_priority(default_priority if priority is None else priority),
    )


def decode_ingestion(
    project: str, kind: str, body: Mapping[str, object], *, settings: Settings, id_: str
) -> Submission:
    """Read the fields that a request to import has beside its manifest.

    Args:
        project: Project id.
        kind: `INGEST_IMAGE` or `INGEST_TABLE`.
        body: Of the request.
        settings: Give priority and description.
        id_: Of the asset.

    Raises:
        ServiceError: The request id is malformed.
    """
    return Submission(
        project=project,
        kind=kind,
        request=body,
        request_id=_matching(body, "requestId", _REQUEST_ID),
        description=text(body, "description") or settings.ingestion_description.replace("{id}", id_),
        priority=settings.default_priority,
    )


def _matching(body: Mapping[str, object], name: str, pattern: re.Pattern[str]) -> str | None:
    value = text(body, name)
    if not value:
        return None
    if not pattern.fullmatch(value):
        raise ServiceError(f"Invalid value at '{name}': '{value[:100]}' does not match {pattern.pattern}.")
    return value


def _priority(value: int) -> int:
    if not 0 <= value <= 9999:
        raise ServiceError(f"Invalid value at 'priority': {value} is not within 0 and 9999.")
    return value
