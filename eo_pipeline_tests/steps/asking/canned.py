"""A server in a thread that answers numbers as a test says, and pieces of work that ask it for them.

What does not belong here: expectations, and how the service really behaves (the sandbox).
"""

import asyncio
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from aiohttp import web

from eo_pipeline.core.requests.allowance import Allowance
from eo_pipeline.earth_engine.interactive.client import BrokenReplyError, InteractiveClient, Request
from eo_pipeline.earth_engine.session import Session

BROKEN = 0
"""A status that stands for a connection that breaks."""


@dataclass(frozen=True)
class Said:
    """One answer."""

    status: int = 200
    message: str = ""
    seconds: float = 0.0
    """It takes so long."""


Rule = Callable[[range, int], Said]
"""The answer to a request for some numbers that were asked for so many times before."""


def well(_: range, __: int) -> Said:
    """All is well."""
    return Said()


@dataclass
class Canned:
    """A running server.

    Attributes:
        url: its address.
        rule: what it says; may be changed meanwhile.
        asked: how often numbers were asked for.
        under_way: requests now.
        most: requests at once.
        connections: open now.
    """

    url: str = ""
    rule: Rule = well
    asked: Counter[range] = field(default_factory=Counter)
    under_way: int = 0
    most: int = 0
    connections: int = 0

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """The sum of the numbers asked for."""
        numbers = range(*(await request.json())["numbers"])
        said = self.rule(numbers, self.asked[numbers])
        self.asked[numbers] += 1
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            await asyncio.sleep(said.seconds)
        finally:
            self.under_way -= 1
        if said.status == BROKEN and request.transport is not None:
            request.transport.abort()
        if said.status != 200:
            return web.json_response({"error": {"message": said.message}}, status=said.status or 500)
        return web.Response(text=said.message or json.dumps(list(numbers)))


@contextmanager
def canned(rule: Rule = well) -> Iterator[Canned]:
    """A server on a port of its own, ended on exit."""
    server, ready, loop = Canned(rule=rule), threading.Event(), asyncio.new_event_loop()

    async def serve() -> None:
        application = web.Application()
        application.router.add_post("/{path:.*}", server.answer)
        runner = web.AppRunner(application, handler_cancellation=True, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0, backlog=1000)
        await site.start()
        server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        ready.set()
        while not over.is_set():
            server.connections = len(runner.server.connections) if runner.server else 0
            await asyncio.sleep(0.01)
        await runner.cleanup()

    over = threading.Event()
    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    ready.wait()
    try:
        yield server
    finally:
        over.set()
        thread.join()
        loop.close()


@dataclass(frozen=True)
class Numbers:
    """Asks for some numbers; halved down to one."""

    numbers: range

    def request(self) -> Request:
        """For all of them."""
        body = json.dumps({"numbers": [self.numbers.start, self.numbers.stop]}).encode()
        return Request("value:compute", body, tag="numbers")

    def read(self, reply: bytes) -> list[int]:
        """The numbers."""
        try:
            found: list[int] = json.loads(reply)
        except ValueError as error:
            raise BrokenReplyError(f"expected numbers, got {reply!r}; ask again") from error
        return found

    def halves(self) -> Sequence["Numbers"]:
        """Of two or more numbers."""
        middle = (self.numbers.start + self.numbers.stop) // 2
        if len(self.numbers) < 2:
            return ()
        return Numbers(range(self.numbers.start, middle)), Numbers(range(middle, self.numbers.stop))

    def join(self, parts: Sequence[list[int]]) -> list[int]:
        """In order."""
        return [number for part in parts for number in part]


def ones(count: int) -> Iterator[tuple[int, Numbers]]:
    """So many pieces of one number each."""
    return ((number, Numbers(range(number, number + 1))) for number in range(count))


def client_of(server: Canned, *, seconds: float = 30, **allowance: int) -> InteractiveClient:
    """For one test: by default, everything is allowed at once."""
    known = Allowance(**{"at_once": 40, "per_second": 100_000, "most": 400, **allowance})
    return InteractiveClient(Session(server.url, "canned", "project", "anonymous", known), seconds)
