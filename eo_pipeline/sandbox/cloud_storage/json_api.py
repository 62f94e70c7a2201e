"""The JSON API's objects: list, get, download, update, delete. Not here: buckets, uploads, copies."""

import base64
import binascii
import re
from dataclasses import replace

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from eo_pipeline.sandbox.cloud_storage import media
from eo_pipeline.sandbox.cloud_storage.conditions import Conditions, from_headers, from_query
from eo_pipeline.sandbox.cloud_storage.errors import invalid
from eo_pipeline.sandbox.cloud_storage.listing import Query
from eo_pipeline.sandbox.cloud_storage.objects import Attributes
from eo_pipeline.sandbox.cloud_storage.resources import attributes_from, json_body, object_resource
from eo_pipeline.sandbox.cloud_storage.service import Service


def address(request: Request) -> tuple[str, str]:
    """Bucket and object name in the request's path."""
    return request.path_params["bucket"], request.path_params["name"]


def generation(request: Request) -> int | None:
    """The ``generation`` parameter; StorageError 400 when it is no number."""
    return number(request.query_params, "generation")


def number(query: QueryParams, key: str) -> int | None:
    """A whole number in the query, or None; StorageError 400 for another text."""
    text = query.get(key)
    if text is not None and not re.fullmatch("[0-9]{1,20}", text):
        raise invalid(f"Invalid value for {key}: expected a whole number, got '{text[:100]}'.")
    return None if text is None else int(text)


def reading_conditions(request: Request) -> Conditions:
    """Conditions of a read: the query's, and entity tags in the headers."""
    tags = from_headers(request.headers)
    return replace(from_query(request.query_params), etag_match=tags.etag_match, etag_not_match=tags.etag_not_match)


class ObjectsApi:
    """Handlers under ``/storage/v1/b/{bucket}/o``."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._store = service.store

    def list(self, request: Request) -> Response:
        """One page of a bucket's objects."""
        bucket, query = request.path_params["bucket"], request.query_params
        self._service.permit(request, "storage.objects.list", bucket)
        found = self._store.page(bucket, self._query(query))
        content = {"kind": "storage#objects", "items": [object_resource(request, meta) for meta in found.objects]}
        optional = {"prefixes": found.prefixes, "nextPageToken": found.next_start and to_token(found.next_start)}
        return JSONResponse(content | {key: value for key, value in optional.items() if value})

    def get(self, request: Request) -> Response:
        """An object's resource, or its bytes with ``alt=media``."""
        bucket, name = address(request)
        self._service.permit(request, "storage.objects.get", bucket)
        conditions = reading_conditions(request)
        if request.query_params.get("alt") == "media":
            meta, file = self._store.open(bucket, name, generation=generation(request), conditions=conditions)
            return media.respond(request, meta, file, meta.etag)
        meta = self._store.get(bucket, name, generation=generation(request))
        conditions.check(meta, reading=True)
        return JSONResponse(object_resource(request, meta))

    async def update(self, request: Request) -> Response:
        """Change (PATCH) or replace (PUT) an object's attributes."""
        bucket, name = address(request)
        self._service.permit(request, "storage.objects.update", bucket)
        body = await json_body(request)
        conditions, wanted = from_query(request.query_params), generation(request)

        def change() -> Response:
            meta = self._store.get(bucket, name, generation=wanted)
            before = meta.attributes if request.method == "PATCH" else Attributes()
            changed = self._store.update(meta, attributes_from(body, before), conditions)
            return JSONResponse(object_resource(request, changed))

        return await run_in_threadpool(change)

    def delete(self, request: Request) -> Response:
        """Delete an object."""
        bucket, name = address(request)
        self._service.permit(request, "storage.objects.delete", bucket)
        self._store.delete(bucket, name, from_query(request.query_params), generation=generation(request))
        return Response(status_code=204)

    def _query(self, query: QueryParams) -> Query:
        token, most = query.get("pageToken"), self._service.settings.page_limit
        return Query(
            prefix=query.get("prefix", ""),
            delimiter=query.get("delimiter", ""),
            start=from_token(token) if token else query.get("startOffset", ""),
            end=query.get("endOffset") or None,
            glob=query.get("matchGlob"),
            limit=min(most, number(query, "maxResults") or most),
        )


def to_token(start: str) -> str:
    """A page token of the name a page starts with."""
    return base64.urlsafe_b64encode(start.encode()).decode()


def from_token(token: str) -> str:
    """The name in a page token; StorageError 400 for a text `to_token` did not make."""
    try:
        return base64.urlsafe_b64decode(token).decode()
    except (ValueError, binascii.Error) as error:
        raise invalid(f"Invalid page token: expected one this service sent, got '{token}'.") from error
