"""Stored numbers of a window, in one request. What does not belong here: sending it (`client`), and pictures."""

import io
import json
import math
import struct
from collections.abc import Sequence
from functools import lru_cache
from tokenize import TokenError
from typing import Any

import numpy as np
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.earth_engine.interactive.client import BrokenReplyError, Request
from eo_pipeline.earth_engine.interactive.expression import Expression
from eo_pipeline.errors import ServiceError

_MASKED = float(np.finfo(np.float32).min)
"""Sent in place of NaN, which a request cannot hold."""


def numbers_everywhere(image: Any, bands: Sequence[BandEncoding]) -> Any:
    """An encoded `ee.Image` whose masked pixels, if its bands mark them by NaN, are a number that stands for NaN.

    The service answers 0 for masked pixels, where an export writes NaN.
    """
    if not _holds_nan(bands):
        return image
    filled = image.unmask(_MASKED, False)
    return filled.toFloat() if bands[0].dtype == "float32" else filled.toDouble()


def pixels_request(expression: Expression, geobox: GeoBox, *, tag: str) -> Request:
    """Ask for all bands of an image on a GeoBox, as NPY.

    Args:
        expression: of an image; for `read_pixels` of `numbers_everywhere`.
        geobox: its bytes and sides are within the limits of `core.requests.pixel_requests`.
        tag: workload tag of the compute's account.
    """
    body = expression.body({"fileFormat": b'"NPY"', "grid": grid_text(geobox)}, tag=tag)
    return Request("image:computePixels", body, tag)


def grid_text(geobox: GeoBox) -> bytes:
    """The PixelGrid of a GeoBox as JSON (https://developers.google.com/earth-engine/reference/rest/v1/PixelGrid)."""
    a = geobox.affine
    height, width = geobox.shape
    return (
        f'{{"crsCode":{json.dumps(str(geobox.crs))},"dimensions":{{"width":{width},"height":{height}}},'
        f'"affineTransform":{{"scaleX":{a.a},"shearX":{a.b},"translateX":{a.c},'
        f'"shearY":{a.d},"scaleY":{a.e},"translateY":{a.f}}}}}'
    ).encode()


def read_pixels(reply: bytes, shape: tuple[int, int], bands: Sequence[BandEncoding]) -> NDArray[Any]:
    """Stored numbers (band, y, x), in the bands' dtype, as an export would write them.

    Args:
        reply: to a `pixels_request` whose image is of `numbers_everywhere`.
        shape: rows and columns of its GeoBox.
        bands: of the image, in order; all of one dtype and one nodata.

    Raises:
        BrokenReplyError: the reply is no array of that shape.
        ServiceError: other bands came, or numbers that the dtype does not hold.
    """
    found = _decoded(reply, shape)
    names = found.dtype.names or ()
    if names != tuple(band.name for band in bands):
        wanted = ", ".join(band.name for band in bands)
        raise ServiceError(f"Earth Engine: expected bands {wanted}, got {', '.join(names)}; correct the recipe")
    stored = np.stack([_stored(found[band.name], band) for band in bands])
    if _holds_nan(bands):
        stored[stored == _MASKED] = np.nan
    return stored


def _holds_nan(bands: Sequence[BandEncoding]) -> bool:
    nodata = bands[0].nodata
    return bands[0].is_float and (nodata is None or math.isnan(nodata))


def _decoded(reply: bytes, shape: tuple[int, int]) -> NDArray[Any]:
    """A structured array (y, x), one field a band; a view of the reply."""
    try:
        start = _header_length(reply)
        dtype, found = _layout(reply[:start])
        values = np.frombuffer(reply, dtype, offset=start)
    except (ValueError, EOFError, TokenError, struct.error) as error:
        raise BrokenReplyError(
            f"Earth Engine: expected pixels as NPY, got {len(reply)} bytes that are none ({error}); ask again"
        ) from error
    if found != shape or values.size != shape[0] * shape[1]:
        raise BrokenReplyError(
            f"Earth Engine: expected {shape} rows and columns, got {found} in {len(reply)} bytes; ask again"
        )
    return values.reshape(shape)


def _header_length(reply: bytes) -> int:
    """Bytes before the values (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html)."""
    long = reply[6:7] > b"\x01"
    return (12 if long else 10) + int(struct.unpack_from("<I" if long else "<H", reply, 8)[0])


@lru_cache(maxsize=64)
def _layout(header: bytes) -> tuple[np.dtype[Any], tuple[int, ...]]:
    """Type and shape; the same in very many replies, and slow to read."""
    file = io.BytesIO(header)
    version = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, by_column, dtype = read(file)
    if dtype.hasobject or by_column:
        raise ValueError(f"{dtype} in Fortran's order" if by_column else str(dtype))
    return dtype, shape


def _stored(values: NDArray[Any], band: BandEncoding) -> NDArray[Any]:
    """The same numbers in the band's dtype."""
    if values.dtype == np.dtype(band.dtype):
        return values
    with np.errstate(invalid="ignore", over="ignore"):
        stored = values.astype(band.dtype)
    if not np.array_equal(stored, values, equal_nan=True):
        raise ServiceError(
            f"Earth Engine: expected numbers that {band.dtype} holds in band {band.name}, got {values.dtype.name} "
            f"from {values.min()} to {values.max()}; cast the band in the recipe"
        )
    return stored
