"""Writes every request that changes something into the journal. What does not belong here: what the change was."""

import re

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from eo_pipeline.sandbox.frame.fault_middleware import CONTROL
from eo_pipeline.sandbox.frame.journal import Journal

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_READING = re.compile(r"(value:compute|:computePixels|:computeFeatures|:getPixels|/token|/search)$")


class JournalMiddleware:
    """Records method, path, query and status once the answer begins.

    Args:
        app: Answers.
        journal: Keeps the record.
    """

    def __init__(self, app: ASGIApp, *, journal: Journal) -> None:
        self._app = app
        self._journal = journal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        await self._app(scope, receive, self._recording(scope, send) if _changes(scope) else send)

    def _recording(self, scope: Scope, send: Send) -> Send:
        async def record(message: Message) -> None:
            if message["type"] == "http.response.start":
                query = scope["query_string"].decode("latin-1")
                entry = {"method": scope["method"], "path": scope["path"], "query": query, "status": message["status"]}
                self._journal.record("request", entry)
            await send(message)

        return record


def _changes(scope: Scope) -> bool:
    if scope["type"] != "http" or scope["method"] in _SAFE or scope["path"].startswith(CONTROL):
        return False
    return _READING.search(scope["path"]) is None
