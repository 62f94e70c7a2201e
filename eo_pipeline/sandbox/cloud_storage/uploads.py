"""Uploads of the JSON API: media, multipart and resumable. Not here: the XML API's uploads, where sessions are kept."""

import os
import re
from collections.abc import AsyncIterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from eo_pipeline.sandbox.cloud_storage import multipart
from eo_pipeline.sandbox.cloud_storage.conditions import Conditions, from_query
from eo_pipeline.sandbox.cloud_storage.errors import StorageError, invalid
from eo_pipeline.sandbox.cloud_storage.objects import Attributes, ObjectMeta, check_object_name
from eo_pipeline.sandbox.cloud_storage.resources import (
    attributes_from,
    base_url,
    checksums_from,
    json_body,
    object_resource,
    parsed,
)
from eo_pipeline.sandbox.cloud_storage.service import Service, receive
from eo_pipeline.sandbox.cloud_storage.sessions import Session


class UploadsApi:
    """Handlers under ``/upload/storage/v1/b/{bucket}/o``."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._store = service.store
        self._sessions = service.sessions

    async def post(self, request: Request) -> Response:
        """Begin or complete an upload, by ``uploadType``."""
        bucket, query = request.path_params["bucket"], request.query_params
        self._service.permit(request, "storage.objects.create", bucket)
        await run_in_threadpool(self._store.bucket, bucket)
        if "upload_id" in query:
            return await self.put(request)
        handlers = {"media": self._media, "multipart": self._multipart, "resumable": self._begin}
        kind = query.get("uploadType", "")
        if kind not in handlers:
            raise invalid(f"Invalid uploadType: expected one of {', '.join(handlers)}, got '{kind}'.")
        return await handlers[kind](request)

    async def put(self, request: Request) -> Response:
        """Add bytes to a resumable session, ask how many arrived, or finish it."""
        session = await run_in_threadpool(self._sessions.get, request.query_params.get("upload_id", ""))
        self._service.permit(request, "storage.objects.create", session.bucket)
        if session.generation is not None:
            return await run_in_threadpool(self._finished, request, session)
        content_range = request.headers.get("content-range")
        first, total = parse_content_range(content_range)
        path = self._sessions.data(session.id)
        if first is not None:
            await append(path, first, request.stream())
        size = path.stat().st_size
        if size == total or content_range is None:
            return await run_in_threadpool(self._finish, request, session)
        return Response(status_code=308, headers={"Range": f"bytes=0-{size - 1}"} if size else {})

    def cancel(self, request: Request) -> Response:
        """Forget a resumable session; the service answers 499."""
        session = self._sessions.get(request.query_params.get("upload_id", ""))
        self._service.permit(request, "storage.objects.create", session.bucket)
        self._sessions.drop(session.id)
        return Response(status_code=499)

    async def _media(self, request: Request) -> Response:
        attributes = Attributes(request.headers.get("content-type") or Attributes().content_type)
        with self._store.staged() as path:
            with path.open("wb") as file:
                await receive(request.stream(), file)
            meta = await run_in_threadpool(self._put, request, path, {}, attributes)
        return JSONResponse(object_resource(request, meta))

    async def _multipart(self, request: Request) -> Response:
        with self._store.staged() as received, self._store.staged() as path:
            with received.open("wb") as file:
                await receive(request.stream(), file)
            meta = await run_in_threadpool(self._put_related, request, received, path)
        return JSONResponse(object_resource(request, meta))

    def _put_related(self, request: Request, received: Path, path: Path) -> ObjectMeta:
        related = multipart.locate(received, request.headers.get("content-type", ""))
        multipart.extract(received, related, path)
        received.unlink()
        body = parsed(related.resource)
        default = Attributes(related.content_type or Attributes().content_type)
        return self._put(request, path, body, attributes_from(body, default))

    def _put(self, request: Request, path: Path, body: dict[str, Any], attributes: Attributes) -> ObjectMeta:
        bucket, name, conditions = self._target(request, body)
        expected = checksums_from(body, request.headers)
        return self._store.put(path, bucket, name, attributes, conditions=conditions, expected=expected)

    async def _begin(self, request: Request) -> Response:
        body = await json_body(request)
        bucket, name, conditions = self._target(request, body)
        default = Attributes(request.headers.get("x-upload-content-type") or Attributes().content_type)
        expected = checksums_from(body, request.headers)

        def begin() -> Session:
            check_object_name(name)
            conditions.check(self._store.find(bucket, name))
            attributes = attributes_from(body, default)
            return self._sessions.begin(lambda key: Session(key, bucket, name, attributes, conditions, expected))

        session = await run_in_threadpool(begin)
        location = f"{base_url(request)}/upload/storage/v1/b/{bucket}/o?uploadType=resumable&upload_id={session.id}"
        return Response(headers={"Location": location, "X-GUploader-UploadID": session.id})

    def _finish(self, request: Request, session: Session) -> Response:
        """Publish the session's bytes; a rejected upload keeps nothing."""
        announced = checksums_from({}, request.headers)
        expected = replace(
            announced, crc32c=announced.crc32c or session.expected.crc32c, md5=announced.md5 or session.expected.md5
        )
        path = self._sessions.data(session.id)
        try:
            meta = self._store.put(
                path, session.bucket, session.name, session.attributes, conditions=session.conditions, expected=expected
            )
        except StorageError:
            self._sessions.drop(session.id)
            raise
        self._sessions.finish(session, meta.generation)
        return JSONResponse(object_resource(request, meta))

    def _finished(self, request: Request, session: Session) -> Response:
        meta = self._store.get(session.bucket, session.name, generation=session.generation)
        return JSONResponse(object_resource(request, meta))

    def _target(self, request: Request, body: dict[str, Any]) -> tuple[str, str, Conditions]:
        name = request.query_params.get("name") or body.get("name")
        if not isinstance(name, str):
            raise invalid("Required parameter: name")
        return request.path_params["bucket"], name, from_query(request.query_params)


def parse_content_range(header: str | None) -> tuple[int | None, int | None]:
    """Offset of the first byte sent (None: no bytes) and the object's size (None: not known yet).

    Without a header the whole object is sent: offset 0. StorageError 400 for another text.
    """
    if header is None:
        return 0, None
    match = re.fullmatch(r"bytes (?:([0-9]{1,18})-(?:[0-9]{1,18}|\*)|\*)/([0-9]{1,18}|\*)", header.strip())
    if match is None:
        raise invalid(
            f"Invalid Content-Range: expected 'bytes FIRST-LAST/SIZE' or 'bytes */SIZE', got '{header[:100]}'."
        )
    return None if match[1] is None else int(match[1]), None if match[2] == "*" else int(match[2])


async def append(path: Path, first: int, stream: AsyncIterable[bytes]) -> None:
    """Write bytes at offset `first`, at most the number that arrived already; StorageError 503 beyond it."""
    if first > path.stat().st_size:
        message = f"Invalid request: expected bytes from offset {path.stat().st_size}, got {first}."
        raise StorageError(503, message, "backendError")
    with path.open("r+b") as file:
        file.seek(first, os.SEEK_SET)
        await receive(stream, file)
