"""What an operation's work is, and how it ends. What does not belong here: when it starts, and what it does."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.tasks.operations import Failure, Operation, State

CANCELLED, INVALID, EXPIRED, EXHAUSTED, INTERNAL = 1, 3, 4, 8, 13
"""Canonical codes of failures."""

_LOG = logging.getLogger(__name__)


class StopWorkError(Exception):
    """The operation was cancelled, or the sandbox closes: leave the work."""


class Report(Protocol):
    """Tells the queue how far the work is; raises StopWorkError when it shall end."""

    def __call__(self, *, progress: float, eecu_seconds: float) -> None:
        """Progress is 0..1; EECU-seconds count from the start of this attempt."""


Work = Callable[[Operation, Report], tuple[str, ...]]
"""Does what an operation says and returns its destination URIs."""


def by_kind(work: Mapping[str, Work]) -> Work:
    """Work that is done as the kind of the operation says."""
    return lambda operation, report: work[operation.kind](operation, report)


@dataclass(frozen=True)
class Outcome:
    """How an attempt ended."""

    state: State
    destination_uris: tuple[str, ...] = ()
    failure: Failure | None = None

    @property
    def internal(self) -> bool:
        """Whether it failed by a mistake of the service, which then tries again."""
        return self.failure is not None and self.failure.code == INTERNAL


CANCELLED_OUTCOME = Outcome("CANCELLED", failure=Failure(CANCELLED, "Cancelled."))


def outcome_of(work: Work, operation: Operation, report: Report) -> Outcome:
    """Do the work to its end, whatever that is."""
    try:
        return Outcome("SUCCEEDED", destination_uris=work(operation, report))
    except StopWorkError:
        return CANCELLED_OUTCOME
    except ServiceError as error:
        return Outcome("FAILED", failure=Failure(INTERNAL if error.code >= 500 else INVALID, error.message))
    except Exception:  # noqa: BLE001 - the thread's last line: whatever broke is the service's "Internal error."
        _LOG.exception("operation %s broke", operation.name)
        return Outcome("FAILED", failure=Failure(INTERNAL, "Internal error."))
