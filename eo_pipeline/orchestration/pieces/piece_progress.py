"""How far a partition that is asked for piece by piece is: in the run's log, and to whoever listens.

What does not belong here: the counts (`core.requests.progress`), and how a terminal shows them (`cli`).
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import dagster as dg

from eo_pipeline.core.requests.progress import Standing

SECONDS_BETWEEN_LINES = 10.0
"""In the log of a run, which keeps every line."""

Listen = Callable[[str], None]
"""Called with sentences, as often as they change."""


def _nobody(_: str) -> None:
    """Nobody listens."""


@dataclass(frozen=True)
class PieceListener:
    """The resource that hears of progress; whoever runs a product in this process lays another over it.

    Attributes:
        hear: called with a sentence, perhaps many times a second.
    """

    hear: Listen = _nobody


@dataclass
class PieceProgress:
    """Progress of one partition.

    Attributes:
        context: of the run.
        key: of the partition.
        of: what the pieces are called, for example chips.
        listener: hears every change.
        clock: seconds that only grow.
    """

    context: dg.AssetExecutionContext
    key: str
    of: str
    listener: PieceListener
    clock: Callable[[], float] = time.monotonic
    _logged: float = field(init=False)

    def __post_init__(self) -> None:
        self._logged = self.clock()

    def __call__(self, standing: Standing) -> None:
        """Take the newest counts."""
        said = f"{self.key}: {sentence(standing, self.of)}"
        self.listener.hear(said)
        if self.clock() - self._logged >= SECONDS_BETWEEN_LINES:
            self._logged = self.clock()
            self.context.log.info(said)


def sentence(standing: Standing, of: str) -> str:
    """For a person: how many, how fast, how long still."""
    total = "" if standing.total is None else f" of {standing.total:,}"
    parts = [f"{standing.done:,}{total} {of}"]
    if standing.per_second:
        parts.append(f"{standing.per_second:.3g}/s")
    if standing.seconds_left:
        parts.append(f"{_span(standing.seconds_left)} left")
    if standing.failed:
        parts.append(f"{standing.failed:,} failed")
    return ", ".join(parts)


def _span(seconds: float) -> str:
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    return f"{whole // 60} min {whole % 60} s" if whole < 3600 else f"{whole // 3600} h {whole % 3600 // 60} min"
