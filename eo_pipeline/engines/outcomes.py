"""What became of a batch, and of each time that it was tried.

What does not belong here: deciding it (`board`), drawing it (`timeline_picture`).
"""

from dataclasses import dataclass
from typing import Literal, cast

Ended = Literal["done", "failed", "lost", "timed_out", "given_up"]


@dataclass(frozen=True)
class Attempt:
    """One try of one batch.

    Attributes:
        worker: host and process; empty if none had begun.
        start: seconds since 1970, by the worker's clock; if none had begun, when the batch was sent.
        end: seconds since 1970.
        ended: `done` and `failed` as the function did, `lost` with its worker, `timed_out`, or `given_up` since
            another batch had failed.
    """

    worker: str
    start: float
    end: float
    ended: Ended


@dataclass(frozen=True)
class Outcome[Batch, Result]:
    """The one answer to a batch.

    Attributes:
        number: of the batch, counted from 0.
        batch: as it was given.
        result: what the function returned; None if there is an error.
        error: what the function raised, or an EngineError: WorkerLostError, BatchTimeoutError, BatchCancelledError.
        attempts: every try, the one that counts last; none if the batch was never sent.
    """

    number: int
    batch: Batch
    result: Result | None
    error: Exception | None
    attempts: tuple[Attempt, ...]

    def value(self) -> Result:
        """The result.

        Raises:
            Exception: the error, if there is one.
        """
        if self.error is not None:
            raise self.error
        return cast("Result", self.result)
