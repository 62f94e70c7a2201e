"""What every handler is given, and how handlers become endpoints. Not here: any API's words."""

import inspect
from collections.abc import AsyncIterable, Awaitable, Callable
from dataclasses import dataclass
from typing import BinaryIO, cast

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from eo_pipeline.sandbox.cloud_storage import auth
from eo_pipeline.sandbox.cloud_storage.errors import StorageError
from eo_pipeline.sandbox.cloud_storage.objects import BLOCK_BYTES
from eo_pipeline.sandbox.cloud_storage.sessions import Sessions
from eo_pipeline.sandbox.cloud_storage.settings import CloudStorageSettings
from eo_pipeline.sandbox.cloud_storage.store import Store
from eo_pipeline.sandbox.cloud_storage.tokens import Tokens

Handler = Callable[[Request], Response] | Callable[[Request], Awaitable[Response]]
Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True)
class Service:
    """The store, the sessions of unfinished uploads, the tokens, and the settings in force."""

    store: Store
    sessions: Sessions
    tokens: Tokens
    current_settings: Callable[[], CloudStorageSettings]

    @property
    def settings(self) -> CloudStorageSettings:
        """The settings in force."""
        return self.current_settings()

    def permit(self, request: Request, permission: str, bucket: str | None = None) -> None:
        """Let the caller through or raise StorageError 401 or 403."""
        who = auth.caller(request, self.tokens, self.settings)
        auth.permit(who, permission, bucket, self.settings)


def endpoint(handler: Handler, describe: Callable[[Request, StorageError], Response]) -> Endpoint:
    """Run a handler (a plain one in a worker thread) and describe its StorageError in the API's own form."""

    async def answer(request: Request) -> Response:
        try:
            if inspect.iscoroutinefunction(handler):
                return cast(Response, await handler(request))
            return await run_in_threadpool(cast(Callable[[Request], Response], handler), request)
        except StorageError as error:
            return describe(request, error)
        except ClientDisconnect:
            return Response(status_code=499)

    return answer


async def receive(stream: AsyncIterable[bytes], file: BinaryIO) -> None:
    """Write a request's body to a file, a block at a time, off the event loop."""
    pending = bytearray()
    try:
        async for piece in stream:
            pending += piece
            if len(pending) >= BLOCK_BYTES:
                block = bytes(pending)
                pending.clear()
                await run_in_threadpool(file.write, block)
    finally:
        await run_in_threadpool(file.write, bytes(pending))
