"""JSON resources: objects, buckets and errors as the JSON API writes and reads them. Not here: requests, the store."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from eo_pipeline.sandbox.cloud_storage.errors import StorageError, invalid
from eo_pipeline.sandbox.cloud_storage.objects import (
    BODY_BYTES,
    SETTABLE_FIELDS,
    Attributes,
    Checksums,
    ObjectMeta,
)


def base_url(request: Request) -> str:
    """Address the client reached the sandbox under, without a final slash."""
    return str(request.base_url).rstrip("/")


def object_resource(request: Request, meta: ObjectMeta) -> dict[str, Any]:
    """An object as ``storage#object``; numbers of 64 bits are text."""
    address, path = base_url(request), f"storage/v1/b/{meta.bucket}/o/{quote(meta.name, safe='')}"
    resource: dict[str, Any] = {
        "kind": "storage#object",
        "id": f"{meta.bucket}/{meta.name}/{meta.generation}",
        "selfLink": f"{address}/{path}",
        "mediaLink": f"{address}/download/{path}?generation={meta.generation}&alt=media",
        "bucket": meta.bucket,
        "name": meta.name,
        "generation": str(meta.generation),
        "metageneration": str(meta.metageneration),
        "contentType": meta.attributes.content_type,
        "storageClass": "STANDARD",
        "size": str(meta.size),
        "crc32c": meta.crc32c,
        "etag": meta.etag,
        "timeCreated": meta.created,
        "updated": meta.updated,
        **meta.attributes.fields,
    }
    optional = {"md5Hash": meta.md5, "componentCount": meta.components, "metadata": dict(meta.attributes.metadata)}
    return resource | {key: value for key, value in optional.items() if value}


def bucket_resource(request: Request, record: Mapping[str, object], location: str) -> dict[str, Any]:
    """A bucket as ``storage#bucket``."""
    name = str(record["name"])
    return {
        "kind": "storage#bucket",
        "id": name,
        "selfLink": f"{base_url(request)}/storage/v1/b/{name}",
        "projectNumber": "1",
        "location": location,
        "locationType": "region",
        "storageClass": "STANDARD",
        "iamConfiguration": {"uniformBucketLevelAccess": {"enabled": True}},
        **record,
        "metageneration": str(record["metageneration"]),
        "etag": str(record["metageneration"]),
    }


def attributes_from(body: Mapping[str, Any], default: Attributes | None = None) -> Attributes:
    """What a JSON resource sets, over `default`; a null takes a value back.

    Raises:
        StorageError: 400 when metadata is no mapping of texts.
    """
    before = default or Attributes()
    metadata, fields = dict(before.metadata), dict(before.fields)
    changes = body.get("metadata", {})
    if changes is not None and not isinstance(changes, dict):
        raise invalid(f"Invalid metadata: expected a mapping of texts, got {type(changes).__name__}.")
    metadata = {} if changes is None else _merged(metadata, changes)
    fields = _merged(fields, {key: body[key] for key in SETTABLE_FIELDS if key in body})
    content_type = body.get("contentType", before.content_type) or Attributes().content_type
    return Attributes(str(content_type), metadata, fields)


def _merged(before: Mapping[str, str], changes: Mapping[str, Any]) -> dict[str, str]:
    after = {**before, **changes}
    return {key: str(value) for key, value in after.items() if value is not None}


def checksums_from(body: Mapping[str, Any], headers: Mapping[str, str]) -> Checksums:
    """Checksums a writer announces in the resource, in ``x-goog-hash`` or in ``Content-MD5``."""
    announced = dict(entry.strip().split("=", 1) for entry in headers.get("x-goog-hash", "").split(",") if "=" in entry)
    return Checksums(
        crc32c=body.get("crc32c") or announced.get("crc32c"),
        md5=body.get("md5Hash") or announced.get("md5") or headers.get("content-md5"),
    )


def json_error(request: Request, error: StorageError) -> Response:
    """An error as the JSON API sends it; downloads get the message as plain text."""
    headers = {"WWW-Authenticate": 'Bearer realm="https://accounts.google.com/"'} if error.code == 401 else {}
    if error.code == 304:
        return Response(status_code=304)
    if request.query_params.get("alt") == "media":
        return PlainTextResponse(error.message, error.code, headers)
    entry = {"message": error.message, "domain": "global", "reason": error.reason}
    content = {"error": {"code": error.code, "message": error.message, "errors": [entry]}}
    return JSONResponse(content, error.code, headers)


async def whole_body(request: Request) -> bytes:
    """A body that is held in memory: anything but an object's bytes.

    Raises:
        StorageError: 413 for more than `BODY_BYTES`.
    """
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > BODY_BYTES:
            raise StorageError(413, f"Request payload size exceeds the limit: {BODY_BYTES} bytes.", "uploadTooLarge")
    return bytes(body)


async def json_body(request: Request) -> dict[str, Any]:
    """The request's JSON object; an empty body is an empty one.

    Raises:
        StorageError: 400 for anything else.
    """
    return parsed(await whole_body(request))


def parsed(text: bytes) -> dict[str, Any]:
    """A JSON object from text; StorageError 400 for anything else, and for what could not be sent back as UTF-8."""
    if not text.strip():
        return {}
    try:
        body = json.loads(text)
        json.dumps(body, allow_nan=False, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise invalid(f"Parse Error: expected a JSON object: {error}") from error
    if not isinstance(body, dict):
        raise invalid(f"Parse Error: expected a JSON object, got {type(body).__name__}.")
    return body
