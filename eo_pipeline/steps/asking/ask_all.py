"""Ask for very many small pieces and give each as it comes, from ordinary code.

What does not belong here: what one piece is (`asks`), and how many requests go together (`core.requests.pace`).
"""

from collections.abc import Callable, Generator, Iterable
from contextlib import closing

from eo_pipeline.core.requests.patience import Patience
from eo_pipeline.core.requests.progress import Standing
from eo_pipeline.earth_engine.interactive.client import InteractiveClient
from eo_pipeline.steps.asking.asks import Answer, Ask, Report
from eo_pipeline.steps.asking.plain import answers

__all__ = ["Answer", "Ask", "Report", "ask_all"]

Progress = Callable[[Standing], None]
"""Called in the caller's thread while answers are taken."""


def ask_all[K, R](
    client: InteractiveClient,
    asks: Iterable[tuple[K, Ask[R]]],
    *,
    patience: Patience | None = None,
    total: int | None = None,
    progress: Progress | None = None,
    report: Report | None = None,
) -> Generator[Answer[K, R]]:
    """Every piece that was asked for, as soon as it is whole or lost, in any order; none twice.

    What is asked is drawn from `asks` as it is needed, and no faster than answers are taken: memory does not grow
    with their number. Closing the generator cancels what is under way.

    Args:
        client: sends the requests.
        asks: pieces by the caller's keys; drawn in another thread.
        patience: bounds of the whole call.
        total: how many pieces there are, for progress.
        progress: told now and then, and at the end.
        report: is kept up to date.

    An error that would meet every piece (credentials, permission, an allowance that is spent) ends the asking: the
    pieces under way are given as lost, and `report.stopped` says why.
    """
    report = report if report is not None else Report()
    with closing(answers(client, asks, patience or Patience(), report)) as found:
        for answer in found:
            yield answer
            if progress is not None:
                progress(Standing(report.answered + report.failed, report.failed, total, 0.0))
