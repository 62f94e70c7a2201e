"""The XML API's buckets and objects, paths ``/{bucket}`` and ``/{bucket}/{name}``. Not here: multipart uploads.

obstore, icechunk and GDAL speak it.
"""

from dataclasses import replace
from urllib.parse import unquote

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response

from eo_pipeline.sandbox.cloud_storage import media
from eo_pipeline.sandbox.cloud_storage.conditions import from_headers
from eo_pipeline.sandbox.cloud_storage.errors import invalid
from eo_pipeline.sandbox.cloud_storage.json_api import address, from_token, generation, number, to_token
from eo_pipeline.sandbox.cloud_storage.listing import Query, successor
from eo_pipeline.sandbox.cloud_storage.objects import Attributes, ObjectMeta
from eo_pipeline.sandbox.cloud_storage.resources import checksums_from
from eo_pipeline.sandbox.cloud_storage.service import Service, receive
from eo_pipeline.sandbox.cloud_storage.xml_documents import document, element, listing_document
from eo_pipeline.sandbox.cloud_storage.xml_uploads import MultipartUploads

_HEADER_FIELDS = {
    "cache-control": "cacheControl",
    "content-disposition": "contentDisposition",
    "content-encoding": "contentEncoding",
    "content-language": "contentLanguage",
    "x-goog-storage-class": "storageClass",
}


class XmlBuckets:
    """Handlers of ``/{bucket}``."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._store = service.store

    def list(self, request: Request) -> Response:
        """One page of a bucket's objects, version 1 or 2 of the listing."""
        bucket, query = request.path_params["bucket"], request.query_params
        self._service.permit(request, "storage.objects.list", bucket)
        version = 2 if query.get("list-type") == "2" else 1
        wanted = self._query(request)
        page = self._store.page(bucket, wanted)
        following = None
        if page.next_start is not None:
            following = to_token(page.next_start) if version == 2 else page.last
        return listing_document(bucket, wanted, page, following, version=version)

    def head(self, request: Request) -> Response:
        """Whether the bucket exists."""
        bucket = request.path_params["bucket"]
        self._service.permit(request, "storage.buckets.get", bucket)
        self._store.bucket(bucket)
        return Response()

    def put(self, request: Request) -> Response:
        """Create a bucket."""
        self._service.permit(request, "storage.buckets.create")
        self._store.create_bucket(request.path_params["bucket"])
        return Response()

    def delete(self, request: Request) -> Response:
        """Delete an empty bucket."""
        bucket = request.path_params["bucket"]
        self._service.permit(request, "storage.buckets.delete", bucket)
        self._store.delete_bucket(bucket)
        return Response(status_code=204)

    def _query(self, request: Request) -> Query:
        query, most = request.query_params, self._service.settings.page_limit
        prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
        limit = min(most, number(query, "max-keys") or most)
        if token := query.get("continuation-token"):
            start = from_token(token)
        else:
            start = _after(query.get("start-after") or query.get("marker", ""), prefix, delimiter)
        return Query(prefix=prefix, delimiter=delimiter, start=start, limit=limit)


def _after(marker: str, prefix: str, delimiter: str) -> str:
    """First name after a marker, which is a name or a common prefix of the page before."""
    if not marker:
        return ""
    folded = delimiter and marker.endswith(delimiter) and len(marker) > len(prefix)
    return (successor(marker) or marker) if folded else marker + "\0"


class XmlObjects:
    """Handlers of ``/{bucket}/{name}``."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._store = service.store
        self._uploads = MultipartUploads(service)

    def get(self, request: Request) -> Response:
        """An object's bytes, or its headers alone for HEAD."""
        bucket, name = address(request)
        self._service.permit(request, "storage.objects.get", bucket)
        conditions = from_headers(request.headers)
        meta, file = self._store.open(bucket, name, generation=generation(request), conditions=conditions)
        return media.respond(request, meta, file, meta.content_etag)

    async def put(self, request: Request) -> Response:
        """Write an object, one part of it, or a copy of another."""
        bucket, name = address(request)
        self._service.permit(request, "storage.objects.create", bucket)
        if "uploadId" in request.query_params:
            return await self._uploads.part(request)
        if source := request.headers.get("x-goog-copy-source"):
            return await run_in_threadpool(self._copy, request, source)
        await run_in_threadpool(self._store.bucket, bucket)
        with self._store.staged() as path:
            with path.open("wb") as file:
                await receive(request.stream(), file)
            meta = await run_in_threadpool(
                lambda: self._store.put(
                    path,
                    bucket,
                    name,
                    attributes_from_headers(request.headers),
                    conditions=from_headers(request.headers),
                    expected=checksums_from({}, request.headers),
                )
            )
        return Response(headers=written_headers(meta))

    async def post(self, request: Request) -> Response:
        """Begin or complete a multipart upload."""
        bucket, _ = address(request)
        self._service.permit(request, "storage.objects.create", bucket)
        if "uploads" in request.query_params:
            attributes = attributes_from_headers(request.headers)
            return await run_in_threadpool(self._uploads.begin, request, attributes)
        if "uploadId" in request.query_params:
            meta = await self._uploads.complete(request)
            response = _completed(meta)
            response.headers.update(written_headers(meta))
            return response
        raise invalid("Expected ?uploads or ?uploadId=ID in a POST to an object.")

    def delete(self, request: Request) -> Response:
        """Delete an object, or abandon a multipart upload."""
        bucket, name = address(request)
        self._service.permit(request, "storage.objects.delete", bucket)
        if "uploadId" in request.query_params:
            self._uploads.abandon(request)
        else:
            self._store.delete(bucket, name, from_headers(request.headers), generation=generation(request))
        return Response(status_code=204)

    def _copy(self, request: Request, source: str) -> Response:
        from_bucket, _, from_name = unquote(source).lstrip("/").partition("/")
        self._service.permit(request, "storage.objects.get", from_bucket)
        bucket, name = address(request)
        found = self._store.get(from_bucket, from_name)
        meta = self._store.copy(found, bucket, name, found.attributes, from_headers(request.headers))
        response = document(
            "CopyObjectResult", element("ETag", f'"{meta.content_etag}"') + element("LastModified", meta.written)
        )
        response.headers.update(written_headers(meta))
        return response


def attributes_from_headers(headers: Headers) -> Attributes:
    """What the writer of an object sets, in the XML API's headers."""
    default = Attributes()
    metadata = {
        key.removeprefix("x-goog-meta-"): value.encode("latin-1").decode("utf-8", "replace")
        for key, value in headers.items()
        if key.startswith("x-goog-meta-")
    }
    fields = {field: headers[header] for header, field in _HEADER_FIELDS.items() if header in headers}
    return replace(
        default, content_type=headers.get("content-type") or default.content_type, metadata=metadata, fields=fields
    )


def written_headers(meta: ObjectMeta) -> dict[str, str]:
    """Headers that tell a writer what it wrote."""
    digests = {"crc32c": meta.crc32c, "md5": meta.md5}
    return {
        "ETag": f'"{meta.content_etag}"',
        "x-goog-generation": str(meta.generation),
        "x-goog-metageneration": str(meta.metageneration),
        "x-goog-hash": ",".join(f"{kind}={value}" for kind, value in digests.items() if value),
    }


def _completed(meta: ObjectMeta) -> Response:
    content = element("Bucket", meta.bucket) + element("Key", meta.name) + element("ETag", f'"{meta.content_etag}"')
    return document("CompleteMultipartUploadResult", content, "http://s3.amazonaws.com/doc/2006-03-01/")
