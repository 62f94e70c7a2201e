"""One range of an object's bytes over HTTP, whatever the connection does: it goes on after the last byte that came.

What does not belong here: where the bytes go, and checksums of whole objects.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from urllib.parse import quote

import aiohttp
import google.auth.exceptions
from yarl import URL

from eo_pipeline.storage.bucket_errors import forbidden, said, unreachable
from eo_pipeline.storage.stored import Flaw
from eo_pipeline.storage.transfer.patience import PASSING, Patience, asked_wait
from eo_pipeline.storage.transfer.tokens import Tokens
from eo_pipeline.storage.transfer.values import StoredObject

_HEADERS = {"Accept-Encoding": "gzip"}
"""Of what is stored compressed, the stored bytes."""

BLOCK = 1 << 20
"""Bytes that are gathered before they are handed on."""

Sink = Callable[[int, list[bytes]], Awaitable[None]]
"""Takes (place of the first byte in the object, bytes that follow each other)."""


class RefusedError(Exception):
    """The object cannot be had by asking again: what is wrong with it, and the reason in words."""

    def __init__(self, flaw: Flaw, words: str) -> None:
        super().__init__(words)
        self.flaw = flaw


class _PassingError(Exception):
    """May be over at the next request; `asked` seconds from now at the earliest."""

    def __init__(self, words: str, asked: float = 0, flaw: Flaw = Flaw.REFUSED) -> None:
        super().__init__(words)
        self.asked = asked
        self.flaw = flaw


_BROKEN = (aiohttp.ClientError, ConnectionError, TimeoutError, google.auth.exceptions.TransportError)
"""What a connection raises that breaks or is not there."""


@dataclass(frozen=True)
class Remote:
    """A bucket's address.

    Attributes:
        endpoint: of the service, such as https://storage.googleapis.com.
        bucket: without gs://.
    """

    endpoint: str
    bucket: str

    def media(self, source: StoredObject) -> URL:
        """Where the bytes of an object's generation are (https://cloud.google.com/storage/docs/json_api/v1/objects/get)."""
        path = f"/download/storage/v1/b/{self.bucket}/o/{quote(source.name, safe='')}"
        return URL(f"{self.endpoint}{path}?generation={source.generation}&alt=media", encoded=True)


class Media:
    """Reads ranges of a bucket's objects.

    Args:
        session: does not decompress.
        remote: the bucket.
        tokens: sign the requests.
        patience: with trouble that may pass.
    """

    def __init__(self, session: aiohttp.ClientSession, *, remote: Remote, tokens: Tokens, patience: Patience) -> None:
        self._session = session
        self._remote = remote
        self._tokens = tokens
        self._patience = patience
        self._now = asyncio.get_running_loop().time
        self._under_way = 0
        self._last_answer = self._last_byte = self._now()

    async def read(self, source: StoredObject, start: int, stop: int, sink: Sink) -> None:
        """Hand bytes [start, stop) to the sink, each once and in order.

        Raises:
            RefusedError: the object cannot be had, or nothing came for longer than patience lasts.
            ServiceUnreachableError: for that long there was no answer at all.
            google.auth.exceptions.RefreshError: the credentials were refused.
        """
        if not self._under_way:
            self._last_answer = self._last_byte = self._now()
        self._under_way += 1
        try:
            await self._read(source, start, stop, sink)
        finally:
            self._under_way -= 1

    async def _read(self, source: StoredObject, start: int, stop: int, sink: Sink) -> None:
        at, failures, progress = start, 0, self._now()
        while True:
            block: list[bytes] = []
            try:
                async for data in self._parts(source, at, stop):
                    block.append(data)
                    at += len(data)
                    failures, progress = 0, self._now()
                    self._last_byte = progress
                    if at - start >= BLOCK:
                        await sink(start, block)
                        start, block = at, []
                trouble = _PassingError(f"expected {source.size} bytes, got {at}", flaw=Flaw.TRUNCATED)
            except _BROKEN as error:
                trouble = _PassingError(f"expected {source.size} bytes, got {at}: {_told(error)}", flaw=Flaw.TRUNCATED)
            except _PassingError as error:
                trouble = error
            if block:
                await sink(start, block)
                start = at
            if at == stop:
                return
            failures += 1
            await self._bear(trouble, source, failures, since=progress)

    async def _bear(self, trouble: _PassingError, source: StoredObject, failures: int, *, since: float) -> None:
        """Wait before the next request; an error if this object, or all of them, had nothing for too long by then."""
        wait = self._patience.wait(failures, luck=random.random(), asked=trouble.asked)  # noqa: S311 - spreads requests
        nothing_since = min(since, self._last_byte)
        if self._now() + wait - nothing_since <= self._patience.seconds:
            await asyncio.sleep(wait)
        elif self._last_answer <= nothing_since:
            raise unreachable(f"read gs://{self._remote.bucket}/{source.name}", self._remote.endpoint, str(trouble))
        else:
            raise RefusedError(trouble.flaw, f"{trouble}, in {failures} request(s)")

    async def _parts(self, source: StoredObject, start: int, stop: int) -> AsyncIterator[bytes]:
        """What one request brings of [start, stop)."""
        whole = stop - start == source.size
        headers = _HEADERS if whole else {**_HEADERS, "Range": f"bytes={start}-{stop - 1}"}
        async with self._answer(source, headers) as response:
            self._last_answer = self._now()
            if response.status not in (HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT):
                raise await _refusal(response)
            if not whole and response.status == HTTPStatus.OK:
                raise RefusedError(Flaw.REFUSED, "expected a part of it (206), got all (200)")
            async for data in response.content.iter_any():
                start += len(data)
                if start > stop:
                    raise RefusedError(Flaw.CORRUPT, f"expected {source.size} bytes, got more")
                yield data

    @asynccontextmanager
    async def _answer(self, source: StoredObject, headers: Mapping[str, str]) -> AsyncIterator[aiohttp.ClientResponse]:
        """The beginning of an answer; a token that is refused is renewed once."""
        url, signature = self._remote.media(source), await self._tokens.headers()
        response = await self._session.get(url, headers={**headers, **signature})
        if response.status == HTTPStatus.UNAUTHORIZED and await self._tokens.renewed(signature):
            response.release()
            response = await self._session.get(url, headers={**headers, **await self._tokens.headers()})
        async with response:
            yield response


async def _refusal(response: aiohttp.ClientResponse) -> _PassingError | RefusedError:
    """What an answer without bytes means."""
    words = f"{response.status} {said(await response.text(errors='replace'))}"
    if response.status in PASSING:
        return _PassingError(words, asked_wait(response.headers.get("Retry-After"), datetime.now(UTC)))
    if response.status == HTTPStatus.NOT_FOUND:
        return RefusedError(Flaw.MISSING, "it was deleted after it was listed")
    if response.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return RefusedError(Flaw.REFUSED, forbidden(words))
    return RefusedError(Flaw.REFUSED, words)


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".rstrip(": ")[:200]
