"""Handlers of `/drive/v3/files/ID/permissions`: sharing with people. What does not belong here: what a role permits."""

from dataclasses import replace

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from eo_pipeline.sandbox.drive.errors import DriveError, bad_request, not_permitted
from eo_pipeline.sandbox.drive.records import DriveFile, Permission
from eo_pipeline.sandbox.drive.resources import parsed, permission, permission_id
from eo_pipeline.sandbox.drive.service import Service

_ROLES = ("reader", "commenter", "writer")


class PermissionsApi:
    """Permissions: list, create, delete."""

    def __init__(self, service: Service) -> None:
        self._store = service.store

    def list(self, request: Request, who: str) -> Response:
        """Who may do what, the owner first."""
        file = self._store.get(who, request.path_params["file"])
        owner = Permission(permission_id(file.owner), file.owner, "owner")
        given = [permission(entry) for entry in (owner, *file.permissions)]
        return JSONResponse({"kind": "drive#permissionList", "permissions": given})

    async def create(self, request: Request, who: str) -> Response:
        """Share a file, or a folder with all that lies in it."""
        body = parsed(await request.body())
        kind, role = body.get("type"), body.get("role")
        email = "anyone" if kind == "anyone" else body.get("emailAddress")
        if role not in _ROLES or kind not in {"user", "group", "anyone"} or not isinstance(email, str):
            raise bad_request("The permission needs a type, a role and, of people, an emailAddress.")
        given = Permission(permission_id(email), email, str(role))

        def share() -> Response:
            file = self._owned(request, who)
            others = tuple(entry for entry in file.permissions if entry.id != given.id)
            self._store.change(who, file, replace(file, permissions=(*others, given)))
            return JSONResponse(permission(given))

        return await run_in_threadpool(share)

    def delete(self, request: Request, who: str) -> Response:
        """Take a permission back."""
        file, wanted = self._owned(request, who), request.path_params["permission"]
        left = tuple(entry for entry in file.permissions if entry.id != wanted)
        if len(left) == len(file.permissions):
            raise DriveError(404, f"Permission not found: {wanted}.", "notFound", location="permissionId")
        self._store.change(who, file, replace(file, permissions=left))
        return Response(status_code=204)

    def _owned(self, request: Request, who: str) -> DriveFile:
        file = self._store.get(who, request.path_params["file"])
        if file.owner != who or not file.parents:
            raise not_permitted(file.id)
        return file
