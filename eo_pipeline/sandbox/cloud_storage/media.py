"""An object's bytes as an HTTP answer: whole, one range, or headers only. Not here: finding the object."""

import re
from collections.abc import Iterator
from datetime import datetime
from email.utils import format_datetime
from typing import BinaryIO

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from eo_pipeline.sandbox.cloud_storage.errors import StorageError
from eo_pipeline.sandbox.cloud_storage.objects import BLOCK_BYTES, ObjectMeta


def respond(request: Request, meta: ObjectMeta, file: BinaryIO, etag: str) -> Response:
    """Send the range the request asks for; `file` is closed when its bytes are sent.

    Raises:
        StorageError: 416 for a range that begins after the last byte.
    """
    try:
        selected = parse_range(request.headers.get("range"), meta.size)
    except StorageError:
        file.close()
        raise
    start, stop = selected or (0, meta.size)
    headers = {**_headers(meta), "ETag": f'"{etag}"', "Content-Length": str(stop - start)}
    if selected:
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{meta.size}"
    status = 206 if selected else 200
    file.seek(start)
    if request.method == "HEAD" or stop - start <= BLOCK_BYTES:
        with file:
            body = b"" if request.method == "HEAD" else file.read(stop - start)
        return Response(body, status, headers)
    return StreamingResponse(_blocks(file, stop - start), status, headers)


def parse_range(header: str | None, size: int) -> tuple[int, int] | None:
    """First byte and the one after the last of a single range; None when the whole object is meant.

    Raises:
        StorageError: 416 for a range without a byte of the object.
    """
    match = re.fullmatch(r"bytes=(\d*)-(\d*)", (header or "").strip())
    if match is None or match[0] == "bytes=-":
        return None
    if not match[1]:
        start, stop = max(0, size - int(match[2])), size
    else:
        start, stop = int(match[1]), min(size, int(match[2]) + 1) if match[2] else size
        if match[2] and int(match[2]) < start:
            return None
    if start >= stop:
        raise StorageError(416, "The requested range cannot be satisfied.", "requestedRangeNotSatisfiable")
    return start, stop


def _headers(meta: ObjectMeta) -> dict[str, str]:
    fields, digests = meta.attributes.fields, {"crc32c": meta.crc32c, "md5": meta.md5}
    headers = {
        "Content-Type": meta.attributes.content_type,
        "Accept-Ranges": "bytes",
        "Last-Modified": format_datetime(datetime.fromisoformat(meta.written), usegmt=True),
        "x-goog-generation": str(meta.generation),
        "x-goog-metageneration": str(meta.metageneration),
        "x-goog-stored-content-length": str(meta.size),
        "x-goog-stored-content-encoding": fields.get("contentEncoding", "identity"),
        "x-goog-storage-class": fields.get("storageClass", "STANDARD"),
        "x-goog-hash": ",".join(f"{kind}={value}" for kind, value in digests.items() if value),
    }
    if meta.components:
        headers["x-goog-component-count"] = str(meta.components)
    for field, header in (
        ("cacheControl", "Cache-Control"),
        ("contentDisposition", "Content-Disposition"),
        ("contentEncoding", "Content-Encoding"),
        ("contentLanguage", "Content-Language"),
    ):
        if field in fields:
            headers[header] = fields[field]
    return headers | {f"x-goog-meta-{key}": _on_wire(value) for key, value in meta.attributes.metadata.items()}


def _on_wire(value: str) -> str:
    """A metadata value as the Latin-1 text that starlette turns into the value's UTF-8 bytes, on one line."""
    return " ".join(value.splitlines()).encode().decode("latin-1")


def _blocks(file: BinaryIO, remaining: int) -> Iterator[bytes]:
    with file:
        while remaining and (block := file.read(min(BLOCK_BYTES, remaining))):
            remaining -= len(block)
            yield block
