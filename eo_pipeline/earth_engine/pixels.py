"""Pixels of a small window at once, without a task.

What does not belong here: pictures made of them (`storage.pictures`).
"""

import io
import math
from collections.abc import Sequence
from tokenize import TokenError
from typing import Any

import ee
import numpy as np
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.earth_engine.interactive.client import BrokenReplyError
from eo_pipeline.earth_engine.session import Session
from eo_pipeline.errors import ServiceError

_MASKED = float(np.finfo(np.float32).min)
"""Sent in place of NaN, which a request cannot hold."""


def compute_pixels(
    session: Session, image: Any, geobox: GeoBox, *, nan_where_masked: bool = False, tag: str = ""
) -> dict[str, NDArray[Any]]:
    """Arrays (y, x) of every band of an `ee.Image` on a GeoBox of at most 48 MB.

    Args:
        session: for interactive requests.
        image: any bands.
        geobox: the pixels wanted.
        nan_where_masked: True if all bands are floats and masked pixels shall be NaN; the service itself answers 0.
        tag: of the compute's account.

    Raises:
        ServiceError: the service refused, for example because the window is too large.
    """
    request = {
        "expression": image.unmask(_MASKED, False) if nan_where_masked else image,
        "fileFormat": "NUMPY_NDARRAY",
        "grid": _grid(geobox),
    }
    pixels = session.call(lambda: ee.data.computePixels(request), tag=tag)
    arrays = {name: np.asarray(pixels[name]) for name in pixels.dtype.names}
    if not nan_where_masked:
        return arrays
    return {name: np.where(values == _MASKED, np.nan, values).astype(values.dtype) for name, values in arrays.items()}


def numbers_everywhere(image: Any, bands: Sequence[BandEncoding]) -> Any:
    """An encoded image whose masked pixels, if its bands mark them by NaN, are a number that stands for NaN.

    The service answers 0 for masked pixels, where an export writes NaN.
    """
    if not _holds_nan(bands):
        return image
    filled = image.unmask(_MASKED, False)
    return filled.toFloat() if bands[0].dtype == "float32" else filled.toDouble()


def fetch_window(
    session: Session, image: Any, geobox: GeoBox, bands: Sequence[BandEncoding], *, tag: str = ""
) -> NDArray[Any]:
    """Stored numbers (band, y, x) of one window, in the bands' dtype, as an export would write them; asks once.

    Args:
        session: for interactive requests.
        image: of `numbers_everywhere`.
        geobox: the window; its bytes and sides are within the limits of `core.requests.pixel_requests`.
        bands: of the image, in order; all of one dtype and one nodata.
        tag: of the compute's account.

    Raises:
        BrokenReplyError: the reply is no array of that size.
        ServiceError: the service refused, or sent other bands or numbers that the dtype does not hold.
        ServiceUnreachableError, CredentialsError: see `Session.call`.
    """
    request = {"expression": image, "fileFormat": "NPY", "grid": _grid(geobox)}
    reply = session.call(lambda: ee.data.computePixels(request), tag=tag, retries=0)
    found = _decoded(reply, (int(geobox.shape[0]), int(geobox.shape[1])))
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
    """A structured array (y, x), one field a band."""
    try:
        found = np.load(io.BytesIO(reply), allow_pickle=False)
    except (ValueError, EOFError, TokenError) as error:
        raise BrokenReplyError(
            f"Earth Engine: expected pixels as NPY, got {len(reply)} bytes that are none ({error}); ask again"
        ) from error
    if found.shape != shape:
        raise BrokenReplyError(f"Earth Engine: expected {shape} rows and columns, got {found.shape}; ask again")
    return np.asarray(found)


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


def _grid(geobox: GeoBox) -> dict[str, Any]:
    """The PixelGrid of a request."""
    a = geobox.affine
    height, width = geobox.shape
    return {
        "crsCode": str(geobox.crs),
        "dimensions": {"width": width, "height": height},
        "affineTransform": {
            "scaleX": a.a, "shearX": a.b, "translateX": a.c, "shearY": a.d, "scaleY": a.e, "translateY": a.f,
        },
    }  # fmt: skip
