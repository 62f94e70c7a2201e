"""Handlers of `/drive/v3/files` without uploads, and of `/drive/v3/about`. Not here: bytes coming in."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from eo_pipeline.sandbox.drive import media
from eo_pipeline.sandbox.drive.errors import bad_request, invalid, not_writable
from eo_pipeline.sandbox.drive.field_mask import Mask, check_names, masked, parse_mask
from eo_pipeline.sandbox.drive.listing import page
from eo_pipeline.sandbox.drive.query import People, parse_query
from eo_pipeline.sandbox.drive.records import DriveFile
from eo_pipeline.sandbox.drive.resources import (
    DEFAULT_FIELDS,
    OTHER_NAMES,
    READ_ONLY,
    described,
    parsed,
    resource,
    user,
)
from eo_pipeline.sandbox.drive.service import Service
from eo_pipeline.sandbox.drive.store import new_id, root_id

_WRITABLE = frozenset(
    [
        "appProperties",
        "createdTime",
        "description",
        "id",
        "kind",
        "mimeType",
        "modifiedTime",
        "name",
        "originalFilename",
        "parents",
        "properties",
        "starred",
        "trashed",
    ]
)
FILE_FIELDS = READ_ONLY | OTHER_NAMES | _WRITABLE
"""Every field a mask may name."""
_LIST_FIELDS = ("kind", "nextPageToken", "incompleteSearch", "files")
_ABOUT_FIELDS = ("kind", "user", "storageQuota", "maxUploadSize", "canCreateDrives", "appInstalled", "importFormats")
_MOST = 1000
_UPLOAD_LIMIT = 5497558138880


class FilesApi:
    """Files: list, get, create, update, copy, delete."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._store = service.store

    def list(self, request: Request, who: str) -> Response:
        """One page of what a query finds among all that the caller may see."""
        query = request.query_params
        mask = _mask(query, _LIST_FIELDS, {"kind": {}, "nextPageToken": {}, "incompleteSearch": {}, "files": {}})
        check_names(mask.get("files", {}), FILE_FIELDS)
        _check_places(query)
        test = parse_query(query.get("q", ""), People(who, root_id(who)))
        found = page(
            [file for file in self._store.visible(who) if test(file)],
            order_by=query.get("orderBy", ""),
            size=_page_size(query),
            token=query.get("pageToken") or None,
            query=query.get("q", ""),
        )
        content = {
            "kind": "drive#fileList",
            "incompleteSearch": False,
            "files": [self._published(file, who, mask.get("files", {})) for file in found.files],
        }
        if found.next_token is not None:
            content["nextPageToken"] = found.next_token
        return JSONResponse({name: part for name, part in content.items() if name in mask or "*" in mask})

    def get(self, request: Request, who: str) -> Response:
        """A file's resource, or its bytes with `alt=media`."""
        file_id = request.path_params["file"]
        if request.query_params.get("alt") == "media":
            return media.respond(request, *self._store.open(who, file_id))
        return self.answer(self._store.get(who, file_id), who, request.query_params)

    async def create(self, request: Request, who: str) -> Response:
        """A folder, or an empty file."""
        body = parsed(await request.body())
        return await run_in_threadpool(lambda: self.created(who, body, request.query_params))

    async def update(self, request: Request, who: str) -> Response:
        """Change what is said of a file."""
        body, query, file_id = parsed(await request.body()), request.query_params, request.path_params["file"]

        def change() -> Response:
            before = self._store.get(who, file_id)
            return self.answer(self._store.change(who, before, self.changed(before, who, body, query)), who, query)

        return await run_in_threadpool(change)

    async def copy(self, request: Request, who: str) -> Response:
        """Another file of the same bytes."""
        body, query, file_id = parsed(await request.body()), request.query_params, request.path_params["file"]

        def copy() -> Response:
            source = self._store.get(who, file_id)
            named = {"name": f"Copy of {source.name}", "mimeType": source.mime_type, **body}
            return self.answer(self._store.copy(who, source, self.draft(who, named, "")), who, query)

        return await run_in_threadpool(copy)

    def delete(self, request: Request, who: str) -> Response:
        """Delete a file for good."""
        self._store.delete(who, request.path_params["file"])
        return Response(status_code=204)

    def empty_trash(self, _: Request, who: str) -> Response:
        """Delete all that the caller put into the trash."""
        for file in self._store.visible(who):
            if file.trashed and file.owner == who and file.id in {known.id for known in self._store.visible(who)}:
                self._store.delete(who, file.id)
        return Response(status_code=204)

    def generate_ids(self, request: Request, _: str) -> Response:
        """Ids for files that are created later."""
        count = _number(request.query_params, "count", 10)
        return JSONResponse({"kind": "drive#generatedIds", "space": "drive", "ids": [new_id() for _ in range(count)]})

    def about(self, request: Request, who: str) -> Response:
        """The caller and their storage; `fields` is required."""
        if "fields" not in request.query_params:
            message = "The 'fields' parameter is required for this method."
            raise bad_request(message)
        mask = _mask(request.query_params, _ABOUT_FIELDS, {})
        used, limit = self._store.used_bytes(who), self._service.current_settings().quota_bytes
        trash = sum(file.size for file in self._store.visible(who) if file.owner == who and file.trashed)
        quota = {"limit": limit, "usage": used, "usageInDrive": used, "usageInDriveTrash": trash}
        content = {
            "kind": "drive#about",
            "user": user(who, who),
            "storageQuota": {name: str(value) for name, value in quota.items()},
            "maxUploadSize": str(_UPLOAD_LIMIT),
            "canCreateDrives": False,
            "appInstalled": False,
            "importFormats": {},
        }
        return JSONResponse(masked(content, mask))

    # Shared with uploads

    def created(self, who: str, body: Mapping[str, Any], query: Mapping[str, str]) -> Response:
        """Create a file without bytes and answer with it."""
        return self.answer(self._store.create(who, self.draft(who, body, ""), None), who, query)

    def draft(self, who: str, body: Mapping[str, Any], content_type: str) -> DriveFile:
        """The file that a client's resource describes."""
        wanted = body.get("id")
        if wanted is not None and not isinstance(wanted, str):
            raise bad_request("Invalid value for id: expected a text from files.generateIds.")
        new = self._store.new_file(who, file_id=wanted)
        file = described(replace(new, mime_type=content_type or "application/octet-stream"), body)
        parents = body.get("parents") or [root_id(who)]
        if not isinstance(parents, list) or len(parents) != 1 or not isinstance(parents[0], str):
            raise bad_request("A file must have exactly one parent.")
        return replace(file, parents=(self._store.get(who, parents[0]).id,))

    def changed(
        self, before: DriveFile, who: str, body: Mapping[str, Any], query: Mapping[str, str], content_type: str = ""
    ) -> DriveFile:
        """The file after an update; its time of change is now unless the client names one."""
        if "parents" in body:
            message = "The parents field is not directly writable in update requests."
            raise not_writable(f"{message} Use the addParents and removeParents parameters instead.")
        now = replace(before, modified=self._store.now(), mime_type=content_type or before.mime_type)
        removed = {self._alias(who, name) for name in _names(query.get("removeParents", ""))}
        added = [self._alias(who, name) for name in _names(query.get("addParents", ""))]
        parents = tuple(dict.fromkeys([*(known for known in before.parents if known not in removed), *added]))
        if len(parents) != len(before.parents):
            raise bad_request("Increasing the number of parents is not allowed.")
        return described(replace(now, parents=parents), body)

    def answer(self, file: DriveFile, who: str, query: Mapping[str, str]) -> Response:
        """The wanted fields of a file."""
        mask = _mask(query, FILE_FIELDS, {name: {} for name in DEFAULT_FIELDS})
        return JSONResponse(self._published(file, who, mask))

    def _published(self, file: DriveFile, who: str, mask: Mask) -> object:
        wanted = mask or {name: {} for name in DEFAULT_FIELDS}
        return masked(resource(file, who, self._store.role(who, file)), wanted)

    def _alias(self, who: str, name: str) -> str:
        return root_id(who) if name == "root" else name


def _mask(query: Mapping[str, str], known: Iterable[str], default: Mask) -> Mask:
    said = query.get("fields", "")
    if not said:
        return default
    mask = parse_mask(said)
    check_names(mask, known)
    return mask


def _names(said: str) -> list[str]:
    return [name.strip() for name in said.split(",") if name.strip()]


def _number(query: Mapping[str, str], name: str, default: int) -> int:
    said = query.get(name, "")
    if said and not (said.isascii() and said.isdigit() and 1 <= len(said) < 5 and 1 <= int(said) <= _MOST):
        message = f"Invalid value '{said[:20]}'. Values must be within the range: [1, {_MOST}]"
        raise invalid(name, message)
    return int(said or default)


def _page_size(query: Mapping[str, str]) -> int:
    return _number(query, "pageSize", 100)


def _check_places(query: Mapping[str, str]) -> None:
    """Of spaces only `drive` holds files here, and of corpora only the caller's."""
    if not set(_names(query.get("spaces", "drive"))) <= {"drive", "appDataFolder"}:
        raise invalid("spaces")
    if query.get("corpora", "user") not in {"user", "allDrives", "domain", "user,allTeamDrives"}:
        raise invalid("corpora")
