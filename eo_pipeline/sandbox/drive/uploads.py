"""Uploads of Drive: media, multipart and resumable, of new files and of changed ones. Not here: files without bytes."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from eo_pipeline.sandbox.cloud_storage import multipart
from eo_pipeline.sandbox.cloud_storage.service import receive
from eo_pipeline.sandbox.cloud_storage.uploads import append, parse_content_range
from eo_pipeline.sandbox.drive.errors import DriveError, bad_request
from eo_pipeline.sandbox.drive.files_api import FilesApi
from eo_pipeline.sandbox.drive.resources import parsed
from eo_pipeline.sandbox.drive.service import Service
from eo_pipeline.sandbox.drive.sessions import Session

_KEPT = ("fields", "addParents", "removeParents")


class UploadsApi:
    """Handlers of POST, PATCH and PUT under `/upload/drive/v3/files`."""

    def __init__(self, service: Service, files: FilesApi) -> None:
        self._store = service.store
        self._sessions = service.sessions
        self._files = files

    async def begin(self, request: Request, who: str) -> Response:
        """POST (a new file) or PATCH (a changed one), by `uploadType`."""
        query = request.query_params
        if "upload_id" in query:
            return await self.put(request, who)
        kinds = {"media": self._media, "multipart": self._multipart, "resumable": self._resumable}
        if query.get("uploadType") not in kinds:
            raise bad_request(f"Invalid uploadType: expected one of {', '.join(kinds)}.")
        return await kinds[query["uploadType"]](request, who)

    async def put(self, request: Request, who: str) -> Response:
        """Add bytes to a resumable session, ask how many arrived, or finish it."""
        session = await run_in_threadpool(self._sessions.get, request.query_params.get("upload_id", ""), who)
        if session.finished is not None:
            return await run_in_threadpool(self._finished, session, session.finished)
        content_range = request.headers.get("content-range")
        first, total = parse_content_range(content_range)
        path = self._sessions.data(session.id)
        if first is not None:
            await append(path, first, request.stream())
        size = path.stat().st_size
        if size == total or content_range is None:
            return await run_in_threadpool(self._finish, session)
        return Response(status_code=308, headers={"Range": f"bytes=0-{size - 1}"} if size else {})

    async def _media(self, request: Request, who: str) -> Response:
        with self._store.staged() as path:
            with path.open("wb") as file:
                await receive(request.stream(), file)
            session = _session(request, who, {}, request.headers.get("content-type", ""))
            return await run_in_threadpool(self._keep, session, path)

    async def _multipart(self, request: Request, who: str) -> Response:
        with self._store.staged() as received, self._store.staged() as path:
            with received.open("wb") as file:
                await receive(request.stream(), file)

            def keep() -> Response:
                related = multipart.locate(received, request.headers.get("content-type", ""))
                multipart.extract(received, related, path)
                session = _session(request, who, parsed(related.resource), related.content_type or "")
                return self._keep(session, path)

            return await run_in_threadpool(keep)

    async def _resumable(self, request: Request, who: str) -> Response:
        body = parsed(await request.body())
        wanted = _session(request, who, body, request.headers.get("x-upload-content-type", ""))

        def begin() -> Session:
            self._check(wanted)
            return self._sessions.begin(wanted)

        session = await run_in_threadpool(begin)
        base = str(request.base_url).rstrip("/")
        location = f"{base}{request.url.path}?uploadType=resumable&upload_id={session.id}"
        return Response(headers={"Location": location, "X-GUploader-UploadID": session.id})

    def _check(self, session: Session) -> None:
        """Refuse at the beginning what would be refused at the end."""
        if session.file_id is None:
            self._files.draft(session.who, session.resource, session.content_type)
        else:
            before = self._store.get(session.who, session.file_id)
            self._files.changed(before, session.who, session.resource, session.query)

    def _finish(self, session: Session) -> Response:
        """Make a file of the session's bytes; a refused upload keeps nothing."""
        try:
            return self._keep(session, self._sessions.data(session.id), begun=True)
        except DriveError:
            self._sessions.drop(session.id)
            raise

    def _finished(self, session: Session, file_id: str) -> Response:
        return self._files.answer(self._store.get(session.who, file_id), session.who, session.query)

    def _keep(self, session: Session, path: Path, *, begun: bool = False) -> Response:
        if session.file_id is None:
            draft = self._files.draft(session.who, session.resource, session.content_type)
            file = self._store.create(session.who, draft, path)
        else:
            before = self._store.get(session.who, session.file_id)
            after = self._files.changed(before, session.who, session.resource, session.query, session.content_type)
            file = self._store.change(session.who, before, after, path)
        if begun:
            self._sessions.finish(session, file.id)
        return self._files.answer(file, session.who, session.query)


def _session(request: Request, who: str, resource: Mapping[str, Any], content_type: str) -> Session:
    query = {name: request.query_params[name] for name in _KEPT if name in request.query_params}
    return Session("", who, request.path_params.get("file"), query, resource, content_type)
