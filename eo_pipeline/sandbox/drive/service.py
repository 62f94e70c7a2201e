"""What every handler of Drive is given, and how handlers become endpoints: who calls, how often, and errors as JSON.

What does not belong here: what a handler does.
"""

import inspect
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import cast

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from eo_pipeline.sandbox.cloud_storage.auth import PERSON
from eo_pipeline.sandbox.cloud_storage.errors import StorageError
from eo_pipeline.sandbox.cloud_storage.tokens import TokenError, Tokens
from eo_pipeline.sandbox.drive.errors import DriveError, unauthenticated, unregistered
from eo_pipeline.sandbox.drive.sessions import Sessions
from eo_pipeline.sandbox.drive.settings import DriveSettings
from eo_pipeline.sandbox.drive.store import DriveStore

Handler = Callable[[Request, str], Response] | Callable[[Request, str], Awaitable[Response]]
"""Called with the request and the caller's address; a plain one in a worker thread."""


@dataclass
class Rates:
    """Counts the requests of each caller within the last minute; for use in one thread, the event loop's."""

    monotonic: Callable[[], float] = time.monotonic
    """Real seconds."""
    recent: dict[str, deque[float]] = field(default_factory=dict)

    def admit(self, who: str, settings: DriveSettings) -> None:
        """Count a request; DriveError 403 above the limit."""
        now, limit = self.monotonic(), settings.requests_per_minute
        seen = self.recent.setdefault(who, deque())
        while seen and seen[0] <= now - 60:
            seen.popleft()
        if 0 < limit <= len(seen):
            raise DriveError(403, settings.rate_message, settings.rate_reason, domain="usageLimits")
        seen.append(now)


@dataclass(frozen=True)
class Service:
    """The store, unfinished uploads, tokens, and the settings in force."""

    store: DriveStore
    sessions: Sessions
    tokens: Tokens
    current_settings: Callable[[], DriveSettings]
    rates: Rates = field(default_factory=Rates)

    def caller(self, request: Request) -> str:
        """The caller's address; DriveError 401 or 403 without valid credentials."""
        token = request.headers.get("authorization", "").removeprefix("Bearer").strip()
        if token:
            try:
                return self.tokens.caller(token, None)
            except TokenError as error:
                raise unauthenticated() from error
        if self.current_settings().credentials_required:
            raise unregistered()
        return PERSON

    def endpoint(self, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        """An endpoint that answers a DriveError in the API's form."""

        async def answer(request: Request) -> Response:
            try:
                who = self.caller(request)
                self.rates.admit(who, self.current_settings())
                if inspect.iscoroutinefunction(handler):
                    return cast(Response, await handler(request, who))
                return await run_in_threadpool(cast(Callable[[Request, str], Response], handler), request, who)
            except DriveError as error:
                return _described(error)
            except StorageError as error:
                return _described(DriveError(error.code, error.message, error.reason))
            except ClientDisconnect:
                return Response(status_code=499)

        return answer


def _described(error: DriveError) -> Response:
    headers = {"WWW-Authenticate": 'Bearer realm="https://accounts.google.com/"'} if error.code == 401 else {}
    return JSONResponse(error.published(), error.code, headers)
