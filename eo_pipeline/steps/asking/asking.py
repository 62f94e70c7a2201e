"""Ask for pieces on an event loop: as many at once as the pace allows, again later, in halves, or not at all.

What does not belong here: the caller's thread (`ask_all`), and what an error means (`causes`).
"""

import asyncio
import heapq
from collections.abc import Callable, Iterator
from itertools import count
from random import Random

from eo_pipeline.core.requests.pace import Pace, Ticket
from eo_pipeline.core.requests.patience import Patience
from eo_pipeline.earth_engine.interactive.client import Connection, Request
from eo_pipeline.errors import EoPipelineError
from eo_pipeline.steps.asking.asks import Answer, Ask, Report
from eo_pipeline.steps.asking.causes import Consequence, consequence
from eo_pipeline.steps.asking.items import Item, Part

_OPEN = 3
"""Pieces that were begun and are not over, in multiples of what may be under way: a storm shall not reach them all."""
_ALIKE = 10
"""Pieces that are lost with the same words before any came: so will the others be."""
_LARGE = 1 << 20
"""Bytes of a reply that is read beside the loop."""


class Asking[K, R]:
    """One call's work, within a running event loop.

    Args:
        connection: sends.
        asks: drawn as they are needed.
        pace: how many at once.
        at_once: requests under way at most.
        patience: bounds.
        report: is kept up to date.
        emit: takes what is over.
    """

    def __init__(
        self,
        connection: Connection,
        asks: Iterator[tuple[K, Ask[R]]],
        *,
        pace: Pace,
        at_once: int,
        patience: Patience,
        report: Report,
        emit: Callable[[Answer[K, R]], None],
    ) -> None:
        self._connection, self._asks, self._pace, self._at_once = connection, asks, pace, at_once
        self._patience, self._report, self._emit = patience, report, emit
        self._loop = asyncio.get_running_loop()
        self._random, self._numbers = Random(), count()  # noqa: S311 - spreads requests
        self._waiting: list[tuple[float, int, Part[K, R]]] = []
        self._halves: list[Part[K, R]] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._open = self._emitted = self._taken = 0
        self._drained = self._is_full = False
        self._words: set[str] = set()
        self._answered = self._loop.time()
        self._timer: asyncio.TimerHandle | None = None
        self._over = self._loop.create_future()

    async def run(self) -> None:
        """Until every piece is over."""
        try:
            self._pump()
            await self._over
        finally:
            if self._timer is not None:
                self._timer.cancel()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            self._pace.ended()

    def taken(self) -> None:
        """The caller took an answer; called in the caller's thread."""
        self._taken += 1
        if self._is_full and self._emitted - self._taken < self._at_once:
            self._is_full = False
            self._loop.call_soon_threadsafe(self._pump)

    def _pump(self) -> None:
        """Send what may be sent now; later events come back for the rest."""
        if self._over.done():
            return
        now = self._loop.time()
        while self._pace.under_way < self._at_once:
            pause = self._pace.wait(now)
            part = None if pause else self._next(now)
            if part is None:
                self._come_back(now, pause)
                break
            task = self._loop.create_task(self._ask(part, self._pace.sent(now)))
            self._tasks.add(task)
            task.add_done_callback(self._ended)
        if not self._tasks and not self._halves and not self._waiting and self._drained:
            self._over.set_result(None)

    def _next(self, now: float) -> Part[K, R] | None:
        """What was begun first: a half, or a piece that is due; else a new one, unless too much is open."""
        while self._halves or (self._waiting and self._waiting[0][0] <= now):
            part = self._halves.pop() if self._halves else heapq.heappop(self._waiting)[2]
            if not part.item.over:
                return part
        self._is_full = self._emitted - self._taken >= self._at_once
        if self._drained or self._is_full or self._open >= _OPEN * self._at_once:
            return None
        found = next(self._asks, None)
        if found is None:
            self._drained = True
            return None
        self._open += 1
        return Part(Item(found[0]), found[1])

    def _come_back(self, now: float, pause: float) -> None:
        """At the time when the pace allows more, or the next piece is due."""
        if not pause and self._waiting:
            pause = self._waiting[0][0] - now
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if 0 < pause < float("inf"):
            self._timer = self._loop.call_later(pause, self._pump)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None and not self._over.done():
            self._over.set_exception(error)
        self._pump()

    async def _ask(self, part: Part[K, R], ticket: Ticket) -> None:
        try:
            reply = await self._reply(part.item, part.ask.request(), ticket)
            if len(reply) < _LARGE:
                value = part.ask.read(reply)
            else:
                value = await asyncio.to_thread(part.ask.read, reply)
        except EoPipelineError as error:
            self._failed(part, error)
        else:
            self._came(part, value)

    async def _reply(self, item: Item[K, R], request: Request, ticket: Ticket) -> bytes:
        """The last reply, if one request follows from another."""
        while True:
            item.requests += 1
            self._report.sent += 1
            reply = await self._send(request, ticket)
            if request.then is None:
                return reply
            request, ticket = request.then(reply), self._pace.sent(self._loop.time())

    async def _send(self, request: Request, ticket: Ticket) -> bytes:
        settle: Callable[[Ticket, float], None] = self._pace.lost
        try:
            reply = await self._connection.send(request)
            settle = self._pace.answered
        except EoPipelineError as error:
            follows = consequence(error)
            if follows is Consequence.WAIT:
                settle = self._pace.refused
                self._report.refused += 1
            elif follows is not Consequence.AGAIN:
                settle = self._pace.answered
            raise
        finally:
            settle(ticket, self._loop.time())
        return reply

    def _came(self, part: Part[K, R], value: R) -> None:
        self._answered = self._loop.time()
        if part.item.over:
            return
        for whole in part.came(value):
            self._report.answered += 1
            self._close(part.item, whole, "")

    def _failed(self, part: Part[K, R], error: EoPipelineError) -> None:
        follows, now = consequence(error), self._loop.time()
        if follows in (Consequence.HALVE, Consequence.LOSE, Consequence.STOP):
            self._answered = now
        if part.item.over:
            return
        if (silent := now - self._answered) > self._patience.seconds:
            self._lose(part.item, error, f" (no answer for {silent:.0f} s)")
            self._stop(str(error))
        elif follows is Consequence.WAIT:
            self._later(part, now, 0)
        elif follows is Consequence.AGAIN:
            self._again(part, error, now)
        elif follows is Consequence.HALVE:
            self._halve(part, error)
        else:
            self._lose(part.item, error)
            if follows is Consequence.STOP or self._is_hopeless(error):
                self._stop(str(error))

    def _again(self, part: Part[K, R], error: EoPipelineError, now: float) -> None:
        part.tries += 1
        if part.tries < self._patience.attempts:
            self._later(part, now, part.tries - 1)
        else:
            self._lose(part.item, error, f" ({part.tries} times)")

    def _later(self, part: Part[K, R], now: float, tries: int) -> None:
        """Nothing is asked again after the asking was stopped."""
        if self._report.stopped:
            self._report.unasked += not part.item.over
            part.item.over = True
            return
        due = now + self._patience.wait(tries, luck=self._random.random())
        heapq.heappush(self._waiting, (due, next(self._numbers), part))

    def _halve(self, part: Part[K, R], error: EoPipelineError) -> None:
        halves = part.halved()
        self._halves.extend(reversed(halves))
        if not halves:
            self._lose(part.item, error, " (even in its smallest part)")

    def _lose(self, item: Item[K, R], error: EoPipelineError, why: str = "") -> None:
        self._report.failed += 1
        self._report.passing += error.passes or consequence(error) is Consequence.AGAIN
        self._close(item, None, f"{error}{why}")

    def _close(self, item: Item[K, R], value: R | None, problem: str) -> None:
        item.over = True
        self._open -= 1
        self._emitted += 1
        self._emit(Answer(item.key, value, problem, item.requests))

    def _is_hopeless(self, error: EoPipelineError) -> bool:
        self._words.add(error.said)
        return not self._report.answered and self._report.failed >= _ALIKE and len(self._words) == 1

    def _stop(self, problem: str) -> None:
        """Ask for nothing more; what was not asked for is counted."""
        if self._report.stopped:
            return
        self._report.stopped = problem
        parts = [*self._halves, *(part for _, _, part in self._waiting)]
        items = {part.item for part in parts if not part.item.over}
        for item in items:
            item.over = True
        self._waiting.clear()
        self._halves.clear()
        self._drained = True
        self._report.unasked += len(items) + sum(1 for _ in self._asks)
