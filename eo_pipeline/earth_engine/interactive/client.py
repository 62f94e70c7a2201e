"""Requests that are answered at once, on an event loop: the service's documented REST, as bytes.

What does not belong here: what is asked (`pixels`, `pictures`, `values`), and when it is asked again (`steps.asking`).
"""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus

import aiohttp
import google.auth.exceptions

from eo_pipeline.core.exports.failures import FailureClass, classify
from eo_pipeline.core.requests.pace import Pace
from eo_pipeline.earth_engine.session import Session, refused, translate, unreachable
from eo_pipeline.errors import EoPipelineError, ServiceError
from eo_pipeline.storage.credentials import load_credentials
from eo_pipeline.storage.transfer.connections import connector, proxy_of
from eo_pipeline.storage.transfer.tokens import Tokens

_JSON = {"Content-Type": "application/json"}
_CONNECT_SECONDS = 30
_BUFFER = 1 << 20
"""Bytes that a connection takes before it waits; small replies are read at one go."""
_MEANING = {401: "unauthenticated: ", 403: "permission denied: "}
"""Of statuses, where the service's words do not tell."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request.

    Attributes:
        path: below `v1/projects/PROJECT/`, such as `image:computePixels`, with its query if it has one.
        body: JSON; None for a GET.
        tag: workload tag that it is counted under; the body names it too.
        then: makes the request that follows from the reply, if what is wanted comes by two; its reply is what counts.
    """

    path: str
    body: bytes | None
    tag: str = ""
    then: "Callable[[bytes], Request] | None" = None


class BrokenReplyError(ServiceError):
    """Bytes that are no answer: the same request may be answered well."""


class TooMuchError(ServiceError):
    """An answer to less than was asked: smaller parts will be answered whole."""


@dataclass(frozen=True)
class InteractiveClient:
    """How requests of a session are sent.

    Attributes:
        session: for interactive requests; counts them.
        seconds: that one request may take.
        pace: what was learned about how much the service lets in; one call at a time may use it.
    """

    session: Session
    seconds: float = 120
    pace: Pace = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "pace", Pace(self.session.allowance))

    @asynccontextmanager
    async def connected(self, at_once: int) -> "AsyncIterator[Connection]":
        """Connections for the running event loop, closed on exit.

        Args:
            at_once: requests under way at most.
        """
        url = self.session.url
        times = aiohttp.ClientTimeout(total=self.seconds, sock_connect=_CONNECT_SECONDS)
        async with aiohttp.ClientSession(
            connector=connector(url, at_once=at_once),
            timeout=times,
            proxy=proxy_of(url),
            read_bufsize=_BUFFER,
            cookie_jar=aiohttp.DummyCookieJar(),
        ) as http:
            yield Connection(http, self.session, Tokens(load_credentials(self.session.credentials), url))


@dataclass(frozen=True)
class Connection:
    """Sends requests, each once."""

    http: aiohttp.ClientSession
    session: Session
    tokens: Tokens

    async def send(self, request: Request) -> bytes:
        """The reply's body.

        Raises:
            CredentialsError: the service does not accept the credentials.
            ServiceUnreachableError: the connection broke, or there is none; from TimeoutError if it took too long.
            ServiceError: any other refusal, with the service's words and what to do.
        """
        self.session.count(request.tag)
        try:
            status, reply = await self._answer(request)
        except aiohttp.ConnectionTimeoutError as error:
            raise unreachable(self.session.url, error) from ConnectionError("no connection in time")
        except (aiohttp.ClientError, OSError) as error:
            raise unreachable(self.session.url, error) from error
        except google.auth.exceptions.GoogleAuthError as error:
            raise refused(self.session.url, error) from error
        if status != HTTPStatus.OK:
            raise _refusal(status, reply)
        return reply

    async def _answer(self, request: Request) -> tuple[int, bytes]:
        """Status and body; a token that is refused is renewed once."""
        signature = await self.tokens.headers()
        status, reply = await self._once(request, signature)
        if status == HTTPStatus.UNAUTHORIZED and await self.tokens.renewed(signature):
            return await self._once(request, await self.tokens.headers())
        return status, reply

    async def _once(self, request: Request, signature: dict[str, str]) -> tuple[int, bytes]:
        url = f"{self.session.url}/v1/projects/{self.session.project}/{request.path}"
        headers = {**signature, **_JSON, "x-goog-user-project": self.session.project}
        method = "GET" if request.body is None else "POST"
        async with self.http.request(method, url, data=request.body, headers=headers) as response:
            return response.status, await response.read()


def _refusal(status: int, reply: bytes) -> EoPipelineError:
    """The error for the service's JSON, or for what else came; its status tells where the words do not."""
    try:
        said = str(json.loads(reply)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        said = reply[:200].decode(errors="replace").strip()
    if classify(said).kind is FailureClass.UNKNOWN:
        said = f"{status} {_MEANING.get(status, '')}{said}".strip()
    return translate(said)
