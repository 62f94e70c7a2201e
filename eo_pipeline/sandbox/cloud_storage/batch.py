"""Batches: calls of the JSON API in one ``multipart/mixed`` request, answered by its routes. Not here: the calls."""

import uuid
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesParser
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote, urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp
from starlette.types import Message as AsgiMessage

from eo_pipeline.sandbox.cloud_storage.errors import invalid
from eo_pipeline.sandbox.cloud_storage.multipart import boundary
from eo_pipeline.sandbox.cloud_storage.resources import whole_body
from eo_pipeline.sandbox.cloud_storage.service import Service


@dataclass(frozen=True)
class Call:
    """One call of a batch."""

    content_id: str
    method: str
    target: str
    """Path and query; a scheme and host before them are ignored."""
    headers: tuple[tuple[str, str], ...]
    body: bytes


class BatchApi:
    """Handler of POST ``/batch/storage/v1``."""

    def __init__(self, service: Service, json_routes: ASGIApp) -> None:
        self._service = service
        self._json_routes = json_routes

    async def post(self, request: Request) -> Response:
        """Answer every call, in order; the failure of one does not stop the others."""
        calls = parse(request.headers.get("content-type", ""), await whole_body(request))
        most = self._service.settings.batch_limit
        if len(calls) > most:
            raise invalid(f"The batch has {len(calls)} calls: expected at most {most}, send several batches.")
        mark = f"batch_{uuid.uuid4().hex}"
        parts = [await self._answer(request, call) for call in calls]
        body = b"".join(b"--%b\r\n%b\r\n" % (mark.encode(), part) for part in parts) + b"--%b--\r\n" % mark.encode()
        return Response(body, headers={"Content-Type": f"multipart/mixed; boundary={mark}"})

    async def _answer(self, request: Request, call: Call) -> bytes:
        sent: list[AsgiMessage] = []

        async def receive() -> AsgiMessage:
            return {"type": "http.request", "body": call.body, "more_body": False}

        async def send(message: AsgiMessage) -> None:
            sent.append(message)

        await self._json_routes(scope_of(request, call), receive, send)
        status = HTTPStatus(sent[0]["status"])
        headers = b"".join(b"%b: %b\r\n" % header for header in sent[0]["headers"])
        body = b"".join(message.get("body", b"") for message in sent[1:])
        opening = (
            f"Content-Type: application/http\r\nContent-ID: <response-{call.content_id}>\r\n\r\n"
            f"HTTP/1.1 {status.value} {status.phrase}\r\n"
        )
        return opening.encode() + headers + b"\r\n" + body


def scope_of(request: Request, call: Call) -> dict[str, Any]:
    """The call as a request of its own; it inherits the batch's credentials unless it brings some."""
    parts = urlsplit(call.target)
    inherited = [(key, value) for key, value in request.scope["headers"] if key in (b"authorization", b"host")]
    own = [(key.lower().encode(), value.encode("latin-1")) for key, value in call.headers]
    names = {key for key, _ in own}
    return {
        **{key: request.scope[key] for key in ("type", "asgi", "http_version", "scheme", "server", "client")},
        "method": call.method,
        "path": unquote(parts.path),
        "raw_path": parts.path.encode(),
        "root_path": "",
        "query_string": parts.query.encode(),
        "headers": [entry for entry in inherited if entry[0] not in names] + own,
    }


def parse(content_type: str, body: bytes) -> list[Call]:
    """The calls of a batch's body.

    Raises:
        StorageError: 400 for a body that is no batch.
    """
    mark = boundary(content_type)
    whole = BytesParser().parsebytes(b'Content-Type: multipart/mixed; boundary="%b"\r\n\r\n' % mark + body)
    parts = whole.get_payload()
    if not isinstance(parts, list):
        raise invalid("Failed to parse batch request: expected parts of application/http.")
    return [_call(part, number) for number, part in enumerate(parts, start=1) if isinstance(part, Message)]


def _call(part: Message, number: int) -> Call:
    payload = part.get_payload(decode=True)
    line, _, rest = (payload if isinstance(payload, bytes) else b"").lstrip().partition(b"\n")
    words = line.decode("latin-1").split()
    if len(words) < 2:
        raise invalid(f"Failed to parse batch request: expected METHOD PATH in part {number}, got '{line!r}'.")
    inner = BytesParser().parsebytes(rest.lstrip(b"\r"))
    content = inner.get_payload(decode=True)
    content_id = str(part.get("Content-ID", number)).strip("<>")
    headers = tuple((key, str(value)) for key, value in inner.items() if key.lower() not in ("host", "content-length"))
    call = Call(content_id, words[0], words[1], headers, content if isinstance(content, bytes) else b"")
    try:
        urlsplit(call.target)
        " ".join([call.target, content_id, *(f"{key} {value}" for key, value in headers)]).encode("latin-1")
    except ValueError as error:
        raise invalid(f"Failed to parse batch request: part {number} has no readable path or headers.") from error
    return call
