"""The files of items over HTTP: whole, by range, or headers only. What does not belong here: their bytes."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from email.utils import format_datetime

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from eo_pipeline.sandbox.stac.byte_ranges import Range, UnsatisfiableRangeError, applies, asked_range, refusal
from eo_pipeline.sandbox.stac.cog_files import Blocks, CogFile, cog_file
from eo_pipeline.sandbox.stac.instants import time_of
from eo_pipeline.sandbox.stac.shelves import Shelves

_KEPT_PIXELS = 1 << 24
_AT_ONCE = 1 << 22
"""Longer answers are sent piece by piece."""


@dataclass(frozen=True)
class CogRoutes:
    """What the routes of files work with."""

    shelves: Shelves
    kept: Blocks = field(default_factory=lambda: Blocks(_KEPT_PIXELS))

    async def get(self, request: Request) -> Response:
        """GET and HEAD of a file."""
        file = await run_in_threadpool(self._file, request.path_params["folder"], request.path_params["name"])
        if file is None:
            return Response("Not Found", 404, media_type="text/plain")
        return await run_in_threadpool(_answer, request, file)

    def _file(self, folder: str, name: str) -> CogFile | None:
        scene = self.shelves.in_folder(folder)
        band = None if scene is None else scene.file(name)
        return None if scene is None or band is None else cog_file(band, scene.record.version, self.kept)


def _answer(request: Request, file: CogFile) -> Response:
    size, headers = file.layout.size, _headers(file)
    if (status := refusal(request.headers, file.etag)) is not None:
        return Response(status_code=status, headers=headers)
    if request.method == "HEAD":
        return Response(headers={**headers, "Content-Length": str(size)})
    asked = request.headers.get("range") if applies(request.headers, file.etag) else None
    try:
        part = asked_range(asked, size)
    except UnsatisfiableRangeError:
        return Response(status_code=416, headers={**headers, "Content-Range": f"bytes */{size}"})
    if part is None:
        return _send(file, (0, size), 200, headers)
    return _send(file, part, 206, {**headers, "Content-Range": f"bytes {part[0]}-{part[1] - 1}/{size}"})


def _send(file: CogFile, part: Range, status: int, headers: dict[str, str]) -> Response:
    start, stop = part
    headers = {**headers, "Content-Length": str(stop - start)}
    pieces: Iterator[bytes] = file.read(start, stop)
    if stop - start <= _AT_ONCE:
        return Response(b"".join(pieces), status, headers)
    return StreamingResponse(pieces, status, headers)


def _headers(file: CogFile) -> dict[str, str]:
    changed = format_datetime(time_of(file.version // 1000), usegmt=True)
    return {"Content-Type": "image/tiff", "Accept-Ranges": "bytes", "ETag": file.etag, "Last-Modified": changed}
