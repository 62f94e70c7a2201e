"""Stored numbers of a window, in one request. What does not belong here: sending it (`client`), and pictures."""

import json
import math
from collections.abc import Sequence
from tokenize import TokenError
from typing import Any

import numpy as np
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.earth_engine.interactive.client import BrokenReplyError, Request
from eo_pipeline.earth_engine.interactive.expression import Expression
from eo_pipeline.earth_engine.interactive.npy import decoded
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
    return stored_numbers(read_fields(reply, shape, [band.name for band in bands]), bands)


def stored_numbers(found: NDArray[Any], bands: Sequence[BandEncoding]) -> NDArray[Any]:
    """Stored numbers (band, y, x), in the bands' dtype, of some fields (y, x) of a reply.

    Raises:
        ServiceError: numbers came that the dtype does not hold.
    """
    stored = np.stack([_stored(found[band.name], band) for band in bands])
    if _holds_nan(bands):
        stored[stored == _MASKED] = np.nan
    return stored


def _holds_nan(bands: Sequence[BandEncoding]) -> bool:
    nodata = bands[0].nodata
    return bands[0].is_float and (nodata is None or math.isnan(nodata))


def read_fields(reply: bytes, shape: tuple[int, int], names: Sequence[str]) -> NDArray[Any]:
    """A structured array (y, x), one field a band, each as the service sent it.

    Args:
        reply: to a `pixels_request`.
        shape: rows and columns of its GeoBox.
        names: of the image's bands, in order.

    Raises:
        BrokenReplyError: the reply is no array of that shape.
        ServiceError: other bands came.
    """
    try:
        found = decoded(reply)
    except (ValueError, TokenError) as error:
        raise BrokenReplyError(
            f"Earth Engine: expected pixels as NPY, got {len(reply)} bytes that are none ({error}); ask again"
        ) from error
    if found.shape != shape:
        raise BrokenReplyError(f"Earth Engine: expected {shape} rows and columns, got {found.shape}; ask again")
    got = found.dtype.names or ()
    if got != tuple(names):
        raise ServiceError(f"Earth Engine: expected bands {', '.join(names)}, got {', '.join(got)}; correct the recipe")
    return found


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
