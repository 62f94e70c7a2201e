"""Ask for very many small pieces and give each as it comes, from ordinary code.

What does not belong here: what one piece is (`asks`), the event loop's side (`asking`), and how many requests go
together (`core.requests.pace`).
"""

import asyncio
import time
from collections.abc import Callable, Coroutine, Generator, Iterable
from contextlib import closing
from typing import Any

from eo_pipeline.core.requests.patience import Patience
from eo_pipeline.core.requests.progress import Standing, Standings
from eo_pipeline.earth_engine.interactive.client import InteractiveClient
from eo_pipeline.steps.asking.asking import Asking
from eo_pipeline.steps.asking.asks import Answer, Ask, Report
from eo_pipeline.storage.transfer.background import in_background

__all__ = ["Answer", "Ask", "Report", "ask_all"]

Progress = Callable[[Standing], None]
"""Called in the caller's thread, once a second at most, and at the end."""
_TICK = 1.0


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
        client: sends the requests; what it learns about the service's pace is there for the next call.
        asks: pieces by the caller's keys; drawn in another thread.
        patience: bounds of the whole call.
        total: how many pieces there are, for progress.
        progress: told how far it is.
        report: is kept up to date.

    An error that would meet every piece (credentials, permission, an allowance that is spent, no answer for long) ends
    the asking: the pieces under way are given as they end, `report.stopped` says why, `report.unasked` how many others
    there were.

    Raises:
        CredentialsError: there are none to ask with.
    """
    patience, report = patience or Patience(), report if report is not None else Report()
    call = _Call(client, asks, patience, report)
    standings, told = Standings(total, time.monotonic()), time.monotonic()
    with closing(in_background(call.work)) as found:
        for answer in found:
            if answer is not None:
                call.asking.taken()
                yield answer
            if progress is not None and (now := time.monotonic()) - told >= _TICK:
                told = now
                progress(standings.after(report.answered, report.failed, now))
    if progress is not None:
        progress(standings.after(report.answered, report.failed, time.monotonic()))


class _Call[K, R]:
    """One call's side on the event loop; emits answers, and None now and then."""

    def __init__(
        self, client: InteractiveClient, asks: Iterable[tuple[K, Ask[R]]], patience: Patience, report: Report
    ) -> None:
        self._client, self._asks, self._patience, self._report = client, asks, patience, report

    def work(self, emit: Callable[[Answer[K, R] | None], None]) -> Coroutine[Any, Any, None]:
        """Until every piece is over."""
        return self._work(emit)

    async def _work(self, emit: Callable[[Answer[K, R] | None], None]) -> None:
        most = self._client.session.allowance.most
        at_once = min(most, self._patience.at_once or most)
        async with self._client.connected(at_once) as connection:
            self.asking = Asking(
                connection,
                iter(self._asks),
                pace=self._client.pace,
                at_once=at_once,
                patience=self._patience,
                report=self._report,
                emit=emit,
            )
            ticks = asyncio.create_task(_tick(lambda: emit(None)))
            try:
                await self.asking.run()
            finally:
                ticks.cancel()


async def _tick(act: Callable[[], None]) -> None:
    while True:
        await asyncio.sleep(_TICK)
        act()
