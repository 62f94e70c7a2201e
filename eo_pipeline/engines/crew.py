"""What an engine brings: workers for one call of `spawn`, and what they report.

What does not belong here: retries, timeouts, first failures (`board`): they are the same for every engine.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from eo_pipeline.engines.calls import Answer, Call


@dataclass(frozen=True)
class Started:
    """A worker began with a batch.

    Attributes:
        number: of the batch.
        worker: host and process.
        at: seconds since 1970 by the worker's clock.
    """

    number: int
    worker: str
    at: float


@dataclass(frozen=True)
class Answered:
    """A worker gave an answer."""

    number: int
    answer: Answer


@dataclass(frozen=True)
class Lost:
    """A worker ended while it worked at a batch.

    Attributes:
        number: of the batch.
        why: in the engine's words.
        final: True if the engine has tried again by itself and gave up.
    """

    number: int
    why: str
    final: bool = False


@dataclass(frozen=True)
class Expired:
    """The engine ended a batch that took too long."""

    number: int


Event = Started | Answered | Lost | Expired


class Crew(Protocol):
    """Workers of one call of `spawn`."""

    def room(self) -> int:
        """Batches that may be sent now."""

    def send(self, number: int, call: Call) -> None:
        """Give a batch to a worker, or to the engine's own queue."""

    def wait(self, seconds: float | None) -> Sequence[Event]:
        """What happened; returns at once if something did, and after so many seconds at the latest."""

    def end(self, numbers: Sequence[int]) -> None:
        """Stop batches that were sent and whose answers are not wanted any more; their workers are free again.

        One that has answered in the meantime is left alone.
        """


class Engine(Protocol):
    """Something that can work at batches."""

    def crew(self, count: int, timeout: float | None) -> AbstractContextManager[Crew]:
        """Workers for `count` batches, each of which may take `timeout` seconds; nothing of them is left afterwards.

        Raises:
            EngineError: it cannot be reached or is not set up.
        """
