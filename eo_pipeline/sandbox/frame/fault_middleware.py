"""Spoils HTTP answers as armed faults say. What does not belong here: which requests are met (`faults`)."""

import asyncio
from collections.abc import Awaitable, Callable

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.frame.connections import hang_up, reset
from eo_pipeline.sandbox.frame.faults import Fault, FaultBox
from eo_pipeline.sandbox.frame.journal import Journal

CONTROL = "/_sandbox/"


class FaultMiddleware:
    """Lets requests meet the armed faults; the control routes are never met.

    Args:
        app: Answers properly.
        faults: Says what goes wrong.
        journal: Learns of every fault that happened.
    """

    def __init__(self, app: ASGIApp, *, faults: FaultBox, journal: Journal) -> None:
        self._app = app
        self._faults = faults
        self._journal = journal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        fault = None
        if scope["type"] == "http" and not scope["path"].startswith(CONTROL):
            fault = self._faults.for_request(scope["method"], scope["path"])
        if fault is None:
            await self._app(scope, receive, send)
            return
        self._journal.record("fault", {"kind": fault.kind, "method": scope["method"], "path": scope["path"]})
        await _BEHAVIOURS[fault.kind](fault, self._app, scope, receive, send)


async def _status(fault: Fault, _: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Clients of Drive and Cloud Storage read the reason among `errors`, those of Earth Engine the text only."""
    published = ServiceError(fault.message, fault.status, fault.reason).published()
    domain = "usageLimits" if fault.status in {403, 429} else "global"
    published["error"]["errors"] = [{"message": fault.message, "domain": domain, "reason": fault.reason}]
    await JSONResponse(published, status_code=fault.status)(scope, receive, send)


async def _slow(fault: Fault, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    await asyncio.sleep(fault.seconds)
    await app(scope, receive, send)


async def _reset(_fault: Fault, _app: ASGIApp, scope: Scope, receive: Receive, _send: Send) -> None:
    await reset(scope, receive)


async def _lost_reply(_fault: Fault, app: ASGIApp, scope: Scope, receive: Receive, _send: Send) -> None:
    async def discard(_message: Message) -> None:
        pass

    await app(scope, receive, discard)
    await reset(scope, receive)


async def _slow_reply(fault: Fault, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    async def hold(message: Message) -> None:
        if message["type"] == "http.response.start":
            await asyncio.sleep(fault.seconds)
        await send(message)

    await app(scope, receive, hold)


async def _truncated(fault: Fault, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    body = _Body(fault.at)

    async def cut(message: Message) -> None:
        if body.over:
            return
        if message["type"] == "http.response.body":
            part = body.until(message)
            message = {**message, "body": part, "more_body": True}
        else:
            body.begin(message)
        await send(message)

    await app(scope, receive, cut)
    await hang_up(scope, receive)


async def _corrupted(fault: Fault, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    body = _Body(fault.at)

    async def flip(message: Message) -> None:
        if message["type"] == "http.response.body":
            message = {**message, "body": body.flipped(message)}
        else:
            body.begin(message)
        await send(message)

    await app(scope, receive, flip)


class _Body:
    """Finds the byte of a body at which a fault strikes, whatever parts the body comes in."""

    def __init__(self, at: int | None) -> None:
        self._at = at
        self._sent = 0
        self.over = False

    def begin(self, message: Message) -> None:
        """Learn the length from the head of the answer."""
        length = Headers(raw=message["headers"]).get("content-length")
        if self._at is None and length is not None:
            self._at = int(length) // 2

    def until(self, message: Message) -> bytes:
        """The bytes of this part before the place; nothing is sent after it."""
        part, place = self._next(message)
        self.over = 0 <= place < len(part) or not message.get("more_body", False)
        return part[: max(place, 0)]

    def flipped(self, message: Message) -> bytes:
        """This part with one bit flipped if the place lies in it."""
        part, place = self._next(message)
        if not 0 <= place < len(part):
            return part
        return part[:place] + bytes([part[place] ^ 1]) + part[place + 1 :]

    def _next(self, message: Message) -> tuple[bytes, int]:
        part: bytes = bytes(message.get("body", b""))
        if self._at is None:
            self._at = len(part) // 2
        place = self._at - self._sent
        self._sent += len(part)
        return part, place


_BEHAVIOURS: dict[str, Callable[[Fault, ASGIApp, Scope, Receive, Send], Awaitable[None]]] = {
    "status": _status,
    "slow": _slow,
    "reset": _reset,
    "lost_reply": _lost_reply,
    "slow_reply": _slow_reply,
    "truncated": _truncated,
    "corrupted": _corrupted,
}
