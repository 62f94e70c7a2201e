"""From an HTTP request to a plain function and back: JSON, limits, access, worker threads.

What does not belong here: paths, and what the functions do.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import QueryParams
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.frame.access import Identify, anybody, caller_of, check_access
from eo_pipeline.sandbox.frame.compute_limits import ComputeLimits
from eo_pipeline.sandbox.frame.request_limits import RequestLimits
from eo_pipeline.sandbox.settings import LiveSettings

COMPUTE = "earthengine.computations.create"
"""What evaluating an expression needs."""


@dataclass(frozen=True)
class Call:
    """One request, decoded."""

    parameters: Mapping[str, str]
    """Of the path."""
    query: QueryParams
    body: Mapping[str, object]
    """The JSON object sent; empty when nothing was."""
    base_url: str
    """As the client sees the server, without trailing slash."""
    caller: str | None = None
    """Address of who sends it; None where nobody says so."""

    def all_of(self, name: str) -> list[str]:
        """Every value that the query gives under a name."""
        return self.query.getlist(name)

    def whole(self, name: str, default: int) -> int:
        """A whole number of the query, at least 0; the default when absent or 0.

        Raises:
            ServiceError: It is none.
        """
        said = self.query.get(name, "")
        if said and not (said.isascii() and said.isdigit() and len(said) < 10):
            raise ServiceError(f"Invalid value at '{name}' (TYPE_INT32), {said[:100]!r}")
        return int(said or 0) or default


Handler = Callable[[Call], Mapping[str, object] | Response]
"""Called in a worker thread; raises ServiceError for every answer other than success."""


def answer_json(content: object, status_code: int = 200) -> Response:
    """JSON with the bare NaN and Infinity that Python's clients read.

    Raises:
        ServiceError: The content has something that is no JSON value.
    """
    return Response(
        json.dumps(content, default=_refuse), status_code=status_code, media_type="application/json; charset=UTF-8"
    )


def _refuse(value: object) -> object:
    raise ServiceError(f"Unable to encode a result of type {type(value).__name__}.")


@dataclass(frozen=True)
class Endpoints:
    """Makes endpoints of handlers."""

    settings: LiveSettings
    limits: RequestLimits = field(default_factory=RequestLimits)
    identify: Identify = anybody
    """Says who a bearer token speaks for."""
    compute: ComputeLimits | None = None
    """Slows projects down; None: nobody is slowed."""

    def public(self, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        """An endpoint anyone may use."""

        async def answer(request: Request) -> Response:
            return await self._answer(handler, request, None)

        return answer

    def guarded(self, handler: Handler, permission: str = COMPUTE) -> Callable[[Request], Awaitable[Response]]:
        """An endpoint for those who have a permission in the project of the path."""

        async def answer(request: Request) -> Response:
            project, settings = request.path_params["project"], self.settings.now
            caller = caller_of(request.headers, self.identify, settings)
            check_access(request.headers, project, permission, settings)
            with self.limits.admitted(project, self.compute.settings_for(project) if self.compute else settings):
                return await self._answer(handler, request, caller)

        return answer

    async def _answer(self, handler: Handler, request: Request, caller: str | None) -> Response:
        body = decode_json(await read_body(request, self.settings.now.payload_bytes))
        call = Call(request.path_params, request.query_params, body, str(request.base_url).rstrip("/"), caller)
        try:
            result = await run_in_threadpool(handler, call)
        except RecursionError as error:
            raise ServiceError("Message too deep. Max recursion depth reached.") from error
        return result if isinstance(result, Response) else answer_json(result)


async def read_body(request: Request, limit: int) -> bytes:
    """The body of a request.

    Raises:
        ServiceError: It is longer than `limit` bytes.
    """
    body = bytearray()
    try:
        async for part in request.stream():
            body += part
            if len(body) > limit:
                raise ServiceError(f"Request payload size exceeds the limit: {limit} bytes.")
    except ClientDisconnect as error:
        raise ServiceError("The client went away.", 499, "CANCELLED") from error
    return bytes(body)


def decode_json(body: bytes) -> Mapping[str, object]:
    """The JSON object of a body; empty for an empty body.

    Raises:
        ServiceError: It is no JSON object.
    """
    if not body.strip():
        return {}
    try:
        content = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ServiceError(f"Invalid JSON payload received. {str(error)[:200]}") from error
    if not isinstance(content, dict):
        raise ServiceError(f"Invalid JSON payload received. Expected an object, got {type(content).__name__}.")
    return content
