"""TCP connections that a fault may break. What does not belong here: when to break one."""

import asyncio
import socket
import struct
from typing import cast

from starlette.types import Receive, Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_TRANSPORT = "eo_pipeline.sandbox.transport"


class BreakableProtocol(HttpToolsProtocol):
    """Uvicorn's HTTP/1.1, whose requests carry their transport."""

    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        self.scope["extensions"] = {_TRANSPORT: cast("dict[object, object]", self.transport)}


async def reset(scope: Scope, receive: Receive) -> None:
    """Break the connection at once: the client sees a reset (RST), and what was not yet sent is lost."""
    transport = _transport(scope)
    raw: socket.socket = transport.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
    await _disconnected(receive)


async def hang_up(scope: Scope, receive: Receive) -> None:
    """Close the connection once what was said has been sent."""
    _transport(scope).close()
    await _disconnected(receive)


def _transport(scope: Scope) -> asyncio.Transport:
    return cast("asyncio.Transport", scope["extensions"][_TRANSPORT])


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
