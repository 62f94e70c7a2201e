"""Other people's tasks: operations that take up the queue of a project for a time and export nothing.

What does not belong here: the queue.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.frame.clock import Clock
from eo_pipeline.sandbox.frame.request_fields import number, text, whole
from eo_pipeline.sandbox.tasks.operations import Operation
from eo_pipeline.sandbox.tasks.submission import Submission
from eo_pipeline.sandbox.tasks.task_work import Report

KIND = "EXPORT_VIDEO"
"""Their published type: one that no client of the sandbox can start."""
_CALLER = "somebody.else@sandbox.invalid"
_MOST = 10_000
_LONGEST = 1e7
_POLL_SECONDS = 0.02


def decode_others(body: Mapping[str, object], *, default_priority: int) -> list[Submission]:
    """Submissions of `{"project": .., "count": 1, "seconds": 60, "description": .., "priority": ..}`.

    Raises:
        ServiceError: A field is missing, of the wrong kind or out of range.
    """
    project, count, seconds = text(body, "project"), whole(body, "count"), number(body, "seconds")
    if not project:
        raise ServiceError("expected the id of a project, got none; name it as project.")
    count, seconds = 1 if count is None else count, 60.0 if seconds is None else seconds
    if not 1 <= count <= _MOST or not 0 <= seconds <= _LONGEST:
        raise ServiceError(
            f"expected count from 1 to {_MOST} and seconds from 0 to {_LONGEST:g}, got {count} and {seconds}."
        )
    priority = whole(body, "priority")
    one = Submission(
        project=project,
        kind=KIND,
        request={"seconds": seconds},
        request_id=None,
        description=text(body, "description") or "Somebody else's task",
        priority=default_priority if priority is None else priority,
        caller=_CALLER,
    )
    return [one] * count


@dataclass(frozen=True)
class OthersWork:
    """Does nothing for as long as the operation says, in seconds of the clock."""

    clock: Clock

    def __call__(self, operation: Operation, report: Report) -> tuple[str, ...]:
        """Wait; gives no destinations."""
        seconds = number(operation.request, "seconds") or 0.0
        began = operation.started or operation.created
        while (passed := (self.clock.now() - began).total_seconds()) < seconds:
            report(progress=passed / seconds, eecu_seconds=0.0)
            time.sleep(_POLL_SECONDS)
        return ()
