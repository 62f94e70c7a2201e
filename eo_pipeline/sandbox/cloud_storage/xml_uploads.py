"""Multipart uploads of the XML API: parts in any order, joined on completion. Not here: where parts are kept."""

import base64
import shutil
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from eo_pipeline.sandbox.cloud_storage.conditions import from_headers
from eo_pipeline.sandbox.cloud_storage.errors import invalid
from eo_pipeline.sandbox.cloud_storage.json_api import address, number
from eo_pipeline.sandbox.cloud_storage.objects import (
    BLOCK_BYTES,
    Attributes,
    Checksums,
    ObjectMeta,
    check_object_name,
    measure,
)
from eo_pipeline.sandbox.cloud_storage.resources import checksums_from, whole_body
from eo_pipeline.sandbox.cloud_storage.service import Service, receive
from eo_pipeline.sandbox.cloud_storage.sessions import Session
from eo_pipeline.sandbox.cloud_storage.xml_documents import document, element, parts_of


class MultipartUploads:
    """Begin, add a part, complete, abandon."""

    def __init__(self, service: Service) -> None:
        self._store = service.store
        self._sessions = service.sessions

    def begin(self, request: Request, attributes: Attributes) -> Response:
        """Begin an upload and answer with its id."""
        bucket, name = address(request)
        check_object_name(name)
        self._store.bucket(bucket)
        session = self._sessions.begin(lambda key: Session(key, bucket, name, attributes))
        content = element("Bucket", bucket) + element("Key", name) + element("UploadId", session.id)
        return document("InitiateMultipartUploadResult", content, "http://s3.amazonaws.com/doc/2006-03-01/")

    async def part(self, request: Request) -> Response:
        """Keep one part; sending its number again replaces it."""
        session = await run_in_threadpool(self._session, request)
        place = number(request.query_params, "partNumber")
        if place is None or not 1 <= place <= 10_000:
            raise invalid(f"Expected a partNumber from 1 to 10000, got {place}.")
        with self._store.staged() as path:
            with path.open("wb") as file:
                await receive(request.stream(), file)
            measured = await run_in_threadpool(self._keep, request, path, self._sessions.part(session.id, place))
        hashes = f"crc32c={measured.crc32c},md5={measured.md5}"
        return Response(headers={"ETag": f'"{_tag(measured)}"', "x-goog-hash": hashes})

    async def complete(self, request: Request) -> ObjectMeta:
        """Join the listed parts into the object."""
        session = await run_in_threadpool(self._session, request)
        parts = parts_of(await whole_body(request))
        return await run_in_threadpool(self._complete, request, session, parts)

    def abandon(self, request: Request) -> None:
        """Forget an upload and its parts."""
        self._sessions.drop(self._session(request).id)

    def _session(self, request: Request) -> Session:
        session = self._sessions.get(request.query_params["uploadId"])
        if (session.bucket, session.name) != address(request):
            raise invalid(f"Upload {session.id} belongs to {session.bucket}/{session.name}.")
        return session

    def _keep(self, request: Request, path: Path, target: Path) -> Checksums:
        measured = measure(path)
        checksums_from({}, request.headers).verify(measured)
        path.replace(target)
        return measured

    def _complete(self, request: Request, session: Session, parts: list[tuple[int, str]]) -> ObjectMeta:
        paths = [self._part(session, place, tag) for place, tag in parts]
        with self._store.staged() as path:
            with path.open("wb") as joined:
                for part in paths:
                    with part.open("rb") as file:
                        shutil.copyfileobj(file, joined, BLOCK_BYTES)
            meta = self._store.put(
                path,
                session.bucket,
                session.name,
                session.attributes,
                conditions=from_headers(request.headers),
                components=len(paths),
            )
        self._sessions.drop(session.id)
        return meta

    def _part(self, session: Session, place: int, tag: str) -> Path:
        path = self._sessions.part(session.id, place)
        if not path.exists() or _tag(measure(path)) != tag:
            raise invalid(f"Part {place} of upload {session.id} was not sent, or its ETag is not {tag}.")
        return path


def _tag(checksums: Checksums) -> str:
    return base64.b64decode(checksums.md5 or "").hex()
