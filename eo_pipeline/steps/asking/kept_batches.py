"""Rows that are asked for many together, kept in a folder as they come: a bad row costs itself only.

What does not belong here: what a batch is, and how many rows may fail (`series`, `points`).
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, Self

from eo_pipeline.core.requests.patience import Patience
from eo_pipeline.earth_engine.interactive.client import InteractiveClient
from eo_pipeline.steps.asking.ask_all import Progress, Report, ask_all
from eo_pipeline.steps.asking.asks import Ask
from eo_pipeline.storage.kept_answers import keep, kept


class Batch(Protocol):
    """Rows of one request; hashable."""

    @property
    def key(self) -> str:
        """Tells the batch from others of the same folder."""
        ...

    def halves(self) -> Sequence[Self]:
        """The same rows in two batches; () of a single one."""
        ...


@dataclass(frozen=True)
class Handling[B: Batch, R]:
    """What is done with batches.

    Attributes:
        ask: for one.
        plain: what came, as plain JSON values.
        parsed: the opposite of `plain`.
        take: uses what came, now or in an earlier run.
        lose: is told why a batch is lost.
        refuse: why a batch cannot be asked for; empty if it can.
    """

    ask: Callable[[B], Ask[R]]
    plain: Callable[[R], Any]
    parsed: Callable[[Any], R]
    take: Callable[[B, R], None]
    lose: Callable[[B, str], None]
    refuse: Callable[[B], str] = lambda _: ""


@dataclass
class KeptBatches[B: Batch, R]:
    """One call over many batches.

    Attributes:
        client: for interactive requests.
        folder: local, there already; gets a file a batch. Only what the same call left may be in it.
        handling: what is done with them.
        patience: how long trouble is borne.
        progress: told while answers come.
        requests: sent, those that were refused included.
        reused: batches that an earlier run kept.
        stopped: the error that would meet all; empty if there was none.
        passing: batches that were lost at last to an error that passes.
    """

    client: InteractiveClient
    folder: Path
    handling: Handling[B, R]
    patience: Patience | None = None
    progress: Progress | None = None
    requests: int = field(default=0, init=False)
    reused: int = field(default=0, init=False)
    stopped: str = field(default="", init=False)
    passing: int = field(default=0, init=False)

    def all_of(self, wanted: Iterable[B]) -> None:
        """Ask for batches; what fails for another reason than its size is asked for in halves until it is isolated.

        Raises:
            DiskFullError: no room in the folder.
        """
        missing = [batch for batch in wanted if not self._is_kept(batch)]
        while missing and not self.stopped:
            missing = self._asked([batch for batch in missing if not self._is_refused(batch)])
        for batch in missing:
            self.handling.lose(batch, self.stopped)

    def _asked(self, missing: Sequence[B]) -> list[B]:
        """Ask once for each; gives the halves of those that failed, and what was not asked for."""
        report, halves, unasked = Report(), list[B](), dict.fromkeys(missing)
        asks = ((batch, self.handling.ask(batch)) for batch in missing)
        answers = ask_all(
            self.client, asks, patience=self.patience, total=len(missing), progress=self.progress, report=report
        )
        with closing(answers) as found:
            for answer in found:
                del unasked[answer.key]
                if answer.value is not None:
                    keep(self.folder, answer.key.key, self.handling.plain(answer.value))
                    self.handling.take(answer.key, answer.value)
                elif report.stopped or not answer.key.halves():
                    self.handling.lose(answer.key, answer.problem)
                else:
                    halves += [half for half in answer.key.halves() if not self._is_kept(half)]
        self.requests += report.sent
        self.stopped, self.passing = report.stopped, report.passing
        return [*halves, *unasked]

    def _is_kept(self, batch: B) -> bool:
        answer = kept(self.folder, batch.key)
        if answer is None:
            return False
        self.handling.take(batch, self.handling.parsed(answer))
        self.reused += 1
        return True

    def _is_refused(self, batch: B) -> bool:
        if problem := self.handling.refuse(batch):
            self.handling.lose(batch, problem)
        return bool(problem)
