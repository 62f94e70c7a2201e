"""The list of routes: which address leads to which handler. Not here: the application, and what handlers do."""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router

from eo_pipeline.sandbox.cloud_storage import auth
from eo_pipeline.sandbox.cloud_storage.batch import BatchApi
from eo_pipeline.sandbox.cloud_storage.buckets_api import BucketsApi
from eo_pipeline.sandbox.cloud_storage.copies import CopiesApi
from eo_pipeline.sandbox.cloud_storage.json_api import ObjectsApi
from eo_pipeline.sandbox.cloud_storage.resources import json_error, whole_body
from eo_pipeline.sandbox.cloud_storage.service import Handler, Service, endpoint
from eo_pipeline.sandbox.cloud_storage.sessions import Sessions
from eo_pipeline.sandbox.cloud_storage.settings import CloudStorageSettings
from eo_pipeline.sandbox.cloud_storage.store import Store, utc_now
from eo_pipeline.sandbox.cloud_storage.tokens import Tokens, open_tokens
from eo_pipeline.sandbox.cloud_storage.uploads import UploadsApi
from eo_pipeline.sandbox.cloud_storage.xml_api import XmlBuckets, XmlObjects
from eo_pipeline.sandbox.cloud_storage.xml_documents import xml_error


def routes(
    store: Store,
    settings: Callable[[], CloudStorageSettings] = CloudStorageSettings,
    tokens: Tokens | None = None,
) -> list[Route]:
    """Every route of Cloud Storage, for the root of an application.

    Args:
        store: Where objects are.
        settings: Gives the settings in force; asked at every request.
        tokens: Says who a bearer token speaks for; None: tokens of the store, by the real clock.

    Returns:
        Routes in order; the last ones, ``/{bucket}`` and ``/{bucket}/{name}``, take every path left over, so other
        services' routes come before these.
    """
    known = open_tokens(store.root, utc_now) if tokens is None else tokens
    service = Service(store, Sessions(store.root / "uploads"), known, settings)
    json_routes = _objects(service) + _buckets(service)
    batch = _json("/batch/storage/v1", "POST", BatchApi(service, Router(json_routes)).post)
    return [_token(service), batch, *_uploads(service), *json_routes, *_xml(service)]


def _json(path: str, methods: str, handler: Handler) -> Route:
    return Route(path, endpoint(handler, json_error), methods=methods.split())


def _token(service: Service) -> Route:
    async def token(request: Request) -> Response:
        return auth.exchange(await whole_body(request), service.tokens, service.settings)

    return _json("/token", "POST", token)


def _uploads(service: Service) -> list[Route]:
    api = UploadsApi(service)
    return [
        _json(f"{prefix}/storage/v1/b/{{bucket}}/o", methods, handler)
        for prefix in ("/upload", "/resumable/upload")
        for methods, handler in (("POST", api.post), ("PUT", api.put), ("DELETE", api.cancel))
    ]


def _objects(service: Service) -> list[Route]:
    objects, copies = ObjectsApi(service), CopiesApi(service)
    one = "/storage/v1/b/{bucket}/o/{name:path}"
    target = "b/{to_bucket}/o/{to_name:path}"
    return [
        _json("/storage/v1/b/{bucket}/o", "GET", objects.list),
        _json(f"{one}/rewriteTo/{target}", "POST", copies.rewrite),
        _json(f"{one}/copyTo/{target}", "POST", copies.copy),
        _json(f"{one}/moveTo/o/{{to_name:path}}", "POST", copies.move),
        _json(f"{one}/compose", "POST", copies.compose),
        _json(one, "GET", objects.get),
        _json(one, "PATCH PUT", objects.update),
        _json(one, "DELETE", objects.delete),
        _json("/download/storage/v1/b/{bucket}/o/{name:path}", "GET", objects.get),
    ]


def _buckets(service: Service) -> list[Route]:
    api = BucketsApi(service)
    one = "/storage/v1/b/{bucket}"
    return [
        _json("/storage/v1/b", "POST", api.create),
        _json("/storage/v1/b", "GET", api.list),
        _json(one, "GET", api.get),
        _json(one, "PATCH PUT", api.update),
        _json(one, "DELETE", api.delete),
        _json(f"{one}/storageLayout", "GET", api.storage_layout),
        _json(f"{one}/iam/testPermissions", "GET", api.test_permissions),
    ]


def _xml(service: Service) -> list[Route]:
    buckets, objects = XmlBuckets(service), XmlObjects(service)
    of_bucket: list[tuple[str, Handler]] = [
        ("HEAD", buckets.head),
        ("GET", buckets.list),
        ("PUT", buckets.put),
        ("DELETE", buckets.delete),
    ]
    of_object: list[tuple[str, Handler]] = [
        ("GET", objects.get),
        ("PUT", objects.put),
        ("POST", objects.post),
        ("DELETE", objects.delete),
    ]
    places = (("/{bucket}", of_bucket), ("/{bucket}/", of_bucket), ("/{bucket}/{name:path}", of_object))
    return [
        Route(path, endpoint(handler, xml_error), methods=[method])
        for path, handlers in places
        for method, handler in handlers
    ]
