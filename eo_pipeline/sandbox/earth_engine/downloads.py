"""Downloads by name: a request is kept under an id, and computed when its address is opened.

What does not belong here: the files' form.
"""

import io
import threading
import zipfile
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace

from eo_pipeline.sandbox.earth_engine.engine import Engine
from eo_pipeline.sandbox.earth_engine.pixel_request import PixelRequest, decode_pixel_request
from eo_pipeline.sandbox.earth_engine.pixels_out import ENCODERS, Computed, EncodedPixels, compute_pixels, geotiff
from eo_pipeline.sandbox.earth_engine.table_files import MEDIA_TYPES, check_format, write_table
from eo_pipeline.sandbox.earth_engine.wire_expression import checked_expression
from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.frame.request_fields import text, texts
from eo_pipeline.sandbox.settings import Settings

_PICTURES = frozenset({"PNG", "JPEG", "AUTO_JPEG_PNG"})


class KeptRequests:
    """The bodies of the latest requests by their name.

    Args:
        limit: How many are kept; the oldest go first.
    """

    def __init__(self, limit: int = 1000) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, Mapping[str, object]] = OrderedDict()

    def keep(self, name: str, body: Mapping[str, object]) -> None:
        """Keep a body under a new name."""
        with self._lock:
            self._kept[name] = body
            while len(self._kept) > self._limit:
                self._kept.popitem(last=False)

    def get(self, name: str) -> Mapping[str, object]:
        """The body of a name.

        Raises:
            ServiceError: 404, there is none, or no longer.
        """
        with self._lock:
            body = self._kept.get(name)
        if body is None:
            raise ServiceError(f"Requested entity '{name}' was not found.", 404, "NOT_FOUND")
        return body


def decode_image_download(body: Mapping[str, object]) -> PixelRequest:
    """The pixels that the body of `thumbnails` asks for.

    Raises:
        ServiceError: A field is of the wrong kind, or the file format is not written.
    """
    request = decode_pixel_request(body, checked_expression(body))
    if request.file_format not in {*ENCODERS, *_ZIPPED}:
        known = sorted({*ENCODERS, *_ZIPPED})
        raise ServiceError(f"Unsupported file format {request.file_format}; the sandbox knows {known}.")
    return request


def download_image(engine: Engine, body: Mapping[str, object], settings: Settings) -> EncodedPixels:
    """The file of a kept request for pixels; files other than pictures have limits of their own.

    Raises:
        ServiceError: The expression or the size is refused.
    """
    request = decode_image_download(body)
    if request.file_format not in _PICTURES:
        settings = replace(settings, interactive_bytes=settings.download_bytes, interactive_side=settings.download_side)
    prefix = text(body, "filenamePrefix") or "download"
    zipped = {
        name: lambda computed, per_band=per_band: _zip(computed, prefix, per_band=per_band)
        for name, per_band in _ZIPPED.items()
    }
    return compute_pixels(engine, request, settings, {**ENCODERS, **zipped})


_ZIPPED = {"ZIPPED_GEO_TIFF": False, "ZIPPED_GEO_TIFF_PER_BAND": True}
"""Zipped formats, and whether each band has a file of its own."""


def _zip(computed: Computed, prefix: str, *, per_band: bool) -> EncodedPixels:
    names = computed.image.band_names
    parts = {f".{name}": [number] for number, name in enumerate(names)} if per_band else {"": range(len(names))}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for ending, numbers in parts.items():
            archive.writestr(f"{prefix}{ending}.tif", geotiff(computed.only(numbers)).content)
    return EncodedPixels(buffer.getvalue(), "application/zip")


def decode_table_download(body: Mapping[str, object]) -> str:
    """The file format that the body of `tables` asks for.

    Raises:
        ServiceError: A field is of the wrong kind, or the file format is not written.
    """
    checked_expression(body)
    texts(body, "selectors")
    return check_format(text(body, "fileFormat") or "CSV")


def download_table(engine: Engine, body: Mapping[str, object]) -> EncodedPixels:
    """The file of a kept request for features.

    Raises:
        ServiceError: The expression is refused.
    """
    file_format, buffer = decode_table_download(body), io.StringIO(newline="")
    write_table(buffer, file_format, engine.features(checked_expression(body)), texts(body, "selectors"))
    return EncodedPixels(buffer.getvalue().encode(), MEDIA_TYPES[file_format])
