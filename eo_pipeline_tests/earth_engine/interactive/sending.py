"""One request over a connection of its own. What does not belong here: expectations."""

import asyncio

from eo_pipeline.earth_engine.interactive.client import InteractiveClient, Request
from eo_pipeline.earth_engine.session import Session


def send(session: Session, *requests: Request, seconds: float = 30) -> bytes:
    """The reply to the last of some requests, one after the other; each may take so many seconds."""

    async def sent() -> bytes:
        reply = b""
        async with InteractiveClient(session, seconds).connected(1) as connection:
            for request in requests:
                reply = await connection.send(request)
        return reply

    return asyncio.run(sent())
