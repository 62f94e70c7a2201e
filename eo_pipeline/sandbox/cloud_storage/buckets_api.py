"""The JSON API's buckets: create, get, list, update, delete, and what a caller may do. Not here: objects."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from eo_pipeline.sandbox.cloud_storage import auth
from eo_pipeline.sandbox.cloud_storage.errors import invalid
from eo_pipeline.sandbox.cloud_storage.resources import bucket_resource, json_body
from eo_pipeline.sandbox.cloud_storage.service import Service


class BucketsApi:
    """Handlers under ``/storage/v1/b``."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._store = service.store

    async def create(self, request: Request) -> Response:
        """Create a bucket."""
        self._service.permit(request, "storage.buckets.create")
        body = await json_body(request)
        name = body.get("name")
        if not isinstance(name, str):
            raise invalid("Required parameter: name")
        record = await run_in_threadpool(self._store.create_bucket, name, body)
        return JSONResponse(bucket_resource(request, record, self._service.settings.location))

    def list(self, request: Request) -> Response:
        """Every bucket whose name begins with ``prefix``, on one page."""
        self._service.permit(request, "storage.buckets.list")
        prefix, location = request.query_params.get("prefix", ""), self._service.settings.location
        found = [record for record in self._store.buckets() if str(record["name"]).startswith(prefix)]
        items = [bucket_resource(request, record, location) for record in found]
        return JSONResponse({"kind": "storage#buckets", "items": items})

    def get(self, request: Request) -> Response:
        """A bucket's resource."""
        bucket = self._permitted(request, "storage.buckets.get")
        return JSONResponse(bucket_resource(request, self._store.bucket(bucket), self._service.settings.location))

    async def update(self, request: Request) -> Response:
        """Set fields of a bucket's resource."""
        bucket = self._permitted(request, "storage.buckets.update")
        record = await run_in_threadpool(self._store.update_bucket, bucket, await json_body(request))
        return JSONResponse(bucket_resource(request, record, self._service.settings.location))

    def delete(self, request: Request) -> Response:
        """Delete an empty bucket."""
        self._store.delete_bucket(self._permitted(request, "storage.buckets.delete"))
        return Response(status_code=204)

    def storage_layout(self, request: Request) -> Response:
        """Whether the bucket has real folders: it has none."""
        bucket = self._permitted(request, "storage.objects.list")
        record = bucket_resource(request, self._store.bucket(bucket), self._service.settings.location)
        layout = {"kind": "storage#storageLayout", "bucket": bucket, "hierarchicalNamespace": {"enabled": False}}
        return JSONResponse(layout | {key: record[key] for key in ("location", "locationType")})

    def test_permissions(self, request: Request) -> Response:
        """Which of the permissions asked about the caller has on the bucket."""
        bucket = request.path_params["bucket"]
        settings = self._service.settings
        who = auth.caller(request, self._service.tokens, settings)
        self._store.bucket(bucket)
        known = who != auth.ANONYMOUS or settings.authentication == "optional"
        asked = request.query_params.getlist("permissions")
        granted = [permission for permission in asked if known and auth.allowed(permission, bucket, settings)]
        return JSONResponse({"kind": "storage#testIamPermissionsResponse", "permissions": granted})

    def _permitted(self, request: Request, permission: str) -> str:
        bucket: str = request.path_params["bucket"]
        self._service.permit(request, permission, bucket)
        return bucket
