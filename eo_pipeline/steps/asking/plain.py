"""The plain way: so many at once, each asked again until it comes. What does not belong here: what is asked."""

import asyncio
import random
from collections.abc import Generator, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from itertools import islice
from threading import Thread

from eo_pipeline.core.exports.failures import FailureClass, classify
from eo_pipeline.core.requests.patience import Patience
from eo_pipeline.earth_engine.interactive.client import BrokenReplyError, Connection, InteractiveClient, TooMuchError
from eo_pipeline.errors import EoPipelineError, ServiceUnreachableError
from eo_pipeline.steps.asking.asks import Answer, Ask, Report

_AT_ONCE = 40
_TOO_MUCH = frozenset({FailureClass.MEMORY, FailureClass.TIME_OUT, FailureClass.TOO_LARGE})
_PASSING = frozenset({FailureClass.RATE_LIMITED, FailureClass.TRANSIENT, FailureClass.UNREACHABLE})


def answers[K, R](
    client: InteractiveClient, asks: Iterable[tuple[K, Ask[R]]], patience: Patience, report: Report
) -> Generator[Answer[K, R]]:
    """Each piece as it comes."""
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever)
    thread.start()
    try:
        at_once = patience.at_once or _AT_ONCE
        connected = client.connected(at_once)
        connection = asyncio.run_coroutine_threadsafe(connected.__aenter__(), loop).result()
        asked = iter(asks)
        waiting: set[Future[Answer[K, R]]] = set()
        try:
            while True:
                for key, ask in islice(asked, at_once - len(waiting)):
                    one = _One(connection, patience, report)
                    waiting.add(asyncio.run_coroutine_threadsafe(one.answer(key, ask), loop))
                if not waiting:
                    break
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                for job in done:
                    yield job.result()
        finally:
            for job in waiting:
                job.cancel()
            asyncio.run_coroutine_threadsafe(connected.__aexit__(None, None, None), loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@dataclass
class _One:
    """One piece."""

    connection: Connection
    patience: Patience
    report: Report
    requests: int = 0

    async def answer[K, R](self, key: K, ask: Ask[R]) -> Answer[K, R]:
        try:
            value = await self._value(ask)
        except EoPipelineError as error:
            self.report.failed += 1
            return Answer(key, None, str(error), self.requests)
        self.report.answered += 1
        return Answer(key, value, "", self.requests)

    async def _value[R](self, ask: Ask[R]) -> R:
        tries = faults = 0
        while True:
            try:
                return ask.read(await self._reply(ask))
            except EoPipelineError as error:
                kind = cause_of(error)
                if kind in _TOO_MUCH and (parts := ask.halves()):
                    return ask.join([await self._value(part) for part in parts])
                self.report.refused += kind is FailureClass.RATE_LIMITED
                faults += kind is not FailureClass.RATE_LIMITED
                if kind not in _PASSING or faults >= self.patience.attempts:
                    raise
            await asyncio.sleep(self.patience.wait(tries, luck=random.random()))  # noqa: S311 - spreads requests
            tries += 1

    async def _reply[R](self, ask: Ask[R]) -> bytes:
        request = ask.request()
        while True:
            self.requests += 1
            self.report.sent += 1
            reply = await self.connection.send(request)
            if request.then is None:
                return reply
            request = request.then(reply)


def cause_of(error: EoPipelineError) -> FailureClass:
    """Why a request failed, read from what the service or the client said, without our advice."""
    if isinstance(error, BrokenReplyError):
        return FailureClass.TRANSIENT
    if isinstance(error, TooMuchError):
        return FailureClass.TOO_LARGE
    if isinstance(error, ServiceUnreachableError):
        return FailureClass.TIME_OUT if isinstance(error.__cause__, TimeoutError) else FailureClass.UNREACHABLE
    return classify(error.said).kind
