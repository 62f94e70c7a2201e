"""Objects made from objects in the JSON API: copy, rewrite, move, compose. Not here: writing from a request's bytes."""

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from eo_pipeline.sandbox.cloud_storage.conditions import from_query
from eo_pipeline.sandbox.cloud_storage.errors import condition_not_met, invalid
from eo_pipeline.sandbox.cloud_storage.json_api import address, number
from eo_pipeline.sandbox.cloud_storage.objects import BLOCK_BYTES, ObjectMeta
from eo_pipeline.sandbox.cloud_storage.resources import attributes_from, json_body, object_resource
from eo_pipeline.sandbox.cloud_storage.service import Service
from eo_pipeline.sandbox.cloud_storage.store import Store


class CopiesApi:
    """Handlers of POST ``/storage/v1/b/{bucket}/o/{name}/...``."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._store = service.store

    async def copy(self, request: Request) -> Response:
        """Copy an object and answer with the new object."""
        return JSONResponse(object_resource(request, await self._copied(request)))

    async def rewrite(self, request: Request) -> Response:
        """Copy an object, always in one call, and answer as rewrite does."""
        meta = await self._copied(request)
        content = {
            "kind": "storage#rewriteResponse",
            "totalBytesRewritten": str(meta.size),
            "objectSize": str(meta.size),
            "done": True,
            "resource": object_resource(request, meta),
        }
        return JSONResponse(content)

    def move(self, request: Request) -> Response:
        """Give an object another name in its bucket."""
        bucket, name = address(request)
        self._service.permit(request, "storage.objects.move", bucket)
        source = self._source(request, bucket, name)
        conditions = from_query(request.query_params)
        moved = self._store.copy(source, bucket, request.path_params["to_name"], source.attributes, conditions)
        self._store.delete(bucket, name, generation=source.generation)
        return JSONResponse(object_resource(request, moved))

    async def compose(self, request: Request) -> Response:
        """Join objects of one bucket, in the order given, into one."""
        bucket, name = address(request)
        self._service.permit(request, "storage.objects.create", bucket)
        body = await json_body(request)
        entries = body.get("sourceObjects") or []
        if not isinstance(entries, list):
            raise invalid(f"Invalid sourceObjects: expected a list of objects, got {type(entries).__name__}.")
        most = self._service.settings.compose_limit
        if not 1 <= len(entries) <= most:
            raise invalid(
                f"The number of source components provided ({len(entries)}) exceeds the maximum ({most}) or is zero."
            )
        conditions = from_query(request.query_params)

        def compose() -> ObjectMeta:
            sources = [self._component(bucket, entry) for entry in entries]
            attributes = attributes_from(member(body, "destination"))
            total = sum(source.components or 1 for source in sources)
            with self._store.staged() as path:
                join(self._store, sources, path)
                return self._store.put(path, bucket, name, attributes, conditions=conditions, components=total)

        return JSONResponse(object_resource(request, await run_in_threadpool(compose)))

    async def _copied(self, request: Request) -> ObjectMeta:
        bucket, name = address(request)
        to_bucket, to_name = request.path_params["to_bucket"], request.path_params["to_name"]
        self._service.permit(request, "storage.objects.get", bucket)
        self._service.permit(request, "storage.objects.create", to_bucket)
        body = await json_body(request)
        conditions = from_query(request.query_params)

        def copy() -> ObjectMeta:
            source = self._source(request, bucket, name)
            kept = replace(source.attributes, metadata={}) if body.get("metadata") else source.attributes
            return self._store.copy(source, to_bucket, to_name, attributes_from(body, kept), conditions)

        return await run_in_threadpool(copy)

    def _source(self, request: Request, bucket: str, name: str) -> ObjectMeta:
        query = request.query_params
        source = self._store.get(bucket, name, generation=number(query, "sourceGeneration"))
        from_query(query, "ifSource").check(source)
        return source

    def _component(self, bucket: str, entry: object) -> ObjectMeta:
        if not isinstance(entry, dict):
            raise invalid(f"Invalid sourceObjects: expected a list of objects, got one of {type(entry).__name__}.")
        meta = self._store.get(bucket, str(entry.get("name")))
        wanted = member(entry, "objectPreconditions").get("ifGenerationMatch", entry.get("generation"))
        if wanted is not None and str(wanted) != str(meta.generation):
            raise condition_not_met()
        return meta


def member(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The JSON object under a name; empty when absent or null, StorageError 400 for anything else."""
    value = body.get(name) or {}
    if not isinstance(value, dict):
        raise invalid(f"Invalid {name}: expected an object, got {type(value).__name__}.")
    return value


def join(store: Store, sources: list[ObjectMeta], path: Path) -> None:
    """Write the sources' bytes one after the other."""
    with path.open("wb") as joined:
        for source in sources:
            _, file = store.open(source.bucket, source.name, generation=source.generation)
            with file:
                shutil.copyfileobj(file, joined, BLOCK_BYTES)
