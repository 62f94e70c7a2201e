"""A file's bytes as an HTTP answer: whole, or one range, streamed. What does not belong here: finding the file."""

from collections.abc import Iterator
from typing import BinaryIO

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from eo_pipeline.sandbox.cloud_storage.errors import StorageError
from eo_pipeline.sandbox.cloud_storage.media import parse_range
from eo_pipeline.sandbox.cloud_storage.objects import BLOCK_BYTES
from eo_pipeline.sandbox.drive.errors import DriveError
from eo_pipeline.sandbox.drive.records import DriveFile


def respond(request: Request, file: DriveFile, content: BinaryIO) -> Response:
    """Send the range the request asks for; `content` is closed when its bytes are sent."""
    try:
        selected = parse_range(request.headers.get("range"), file.size)
    except StorageError:
        content.close()
        return _unsatisfiable(file)
    start, stop = selected or (0, file.size)
    writable = file.mime_type.isascii() and file.mime_type.isprintable()
    media_type = file.mime_type if writable and file.mime_type else "application/octet-stream"
    headers = {"Content-Type": media_type, "Content-Length": str(stop - start), "Accept-Ranges": "bytes"}
    if selected:
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{file.size}"
    content.seek(start)
    return StreamingResponse(_blocks(content, stop - start), 206 if selected else 200, headers)


def _unsatisfiable(file: DriveFile) -> Response:
    """416 with the size, from which clients see that a file is empty."""
    error = DriveError(416, "Request range not satisfiable", "requestedRangeNotSatisfiable", location="Range")
    return JSONResponse(error.published(), 416, {"Content-Range": f"bytes */{file.size}"})


def _blocks(content: BinaryIO, remaining: int) -> Iterator[bytes]:
    with content:
        while remaining and (block := content.read(min(BLOCK_BYTES, remaining))):
            remaining -= len(block)
            yield block
