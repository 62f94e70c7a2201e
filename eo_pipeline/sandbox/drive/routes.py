"""The list of Drive's routes: which address leads to which handler. Not here: the application, what handlers do."""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from eo_pipeline.sandbox.cloud_storage.tokens import Tokens
from eo_pipeline.sandbox.drive.discovery import discovery
from eo_pipeline.sandbox.drive.errors import DriveError
from eo_pipeline.sandbox.drive.files_api import FilesApi
from eo_pipeline.sandbox.drive.permissions_api import PermissionsApi
from eo_pipeline.sandbox.drive.service import Handler, Service
from eo_pipeline.sandbox.drive.sessions import Sessions
from eo_pipeline.sandbox.drive.settings import DriveSettings
from eo_pipeline.sandbox.drive.store import DriveStore
from eo_pipeline.sandbox.drive.uploads import UploadsApi

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def routes(store: DriveStore, settings: Callable[[], DriveSettings], tokens: Tokens) -> list[Route]:
    """Every route of Drive, for the root of an application.

    Args:
        store: Where files are.
        settings: Gives the settings in force; asked at every request.
        tokens: Says who a bearer token speaks for.
    """
    service = Service(store, Sessions(store.root / "uploads"), tokens, settings)
    files = FilesApi(service)
    uploads = UploadsApi(service, files)
    permissions = PermissionsApi(service)
    table: list[tuple[str, str, Handler]] = [
        ("/discovery/v1/apis/drive/v3/rest", "GET", discovery),
        ("/drive/v3/about", "GET", files.about),
        ("/drive/v3/files", "GET", files.list),
        ("/drive/v3/files", "POST", files.create),
        ("/drive/v3/files/generateIds", "GET", files.generate_ids),
        ("/drive/v3/files/trash", "DELETE", files.empty_trash),
        ("/drive/v3/files/{file}", "GET", files.get),
        ("/download/drive/v3/files/{file}", "GET", files.get),
        ("/drive/v3/files/{file}", "PATCH", files.update),
        ("/drive/v3/files/{file}", "DELETE", files.delete),
        ("/drive/v3/files/{file}/copy", "POST", files.copy),
        ("/drive/v3/files/{file}/permissions", "GET", permissions.list),
        ("/drive/v3/files/{file}/permissions", "POST", permissions.create),
        ("/drive/v3/files/{file}/permissions/{permission}", "DELETE", permissions.delete),
    ]
    for prefix in ("/upload", "/resumable/upload"):
        table += [
            (f"{prefix}/drive/v3/files", "POST", uploads.begin),
            (f"{prefix}/drive/v3/files", "PUT", uploads.put),
            (f"{prefix}/drive/v3/files/{{file}}", "PATCH", uploads.begin),
            (f"{prefix}/drive/v3/files/{{file}}", "PUT", uploads.put),
        ]
    known = [Route(path, service.endpoint(handler), methods=[method]) for path, method, handler in table]
    return [*known, Route("/drive/{rest:path}", service.endpoint(_unknown), methods=_METHODS)]


def _unknown(request: Request, _: str) -> Response:
    message = f"sandbox: {request.method} {request.url.path} is not served."
    raise DriveError(404, message, "notFound")
