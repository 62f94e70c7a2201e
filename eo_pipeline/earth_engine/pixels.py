"""Pixels of a small window at once, without a task.

What does not belong here: pictures made of them (`storage.pictures`), and very many windows (`interactive`).
"""

import json
from typing import Any

import ee
import numpy as np
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from eo_pipeline.earth_engine.interactive.pixels import grid_text
from eo_pipeline.earth_engine.session import Session

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
        "grid": json.loads(grid_text(geobox)),
    }
    pixels = session.call(lambda: ee.data.computePixels(request), tag=tag)
    arrays = {name: np.asarray(pixels[name]) for name in pixels.dtype.names}
    if not nan_where_masked:
        return arrays
    return {name: np.where(values == _MASKED, np.nan, values).astype(values.dtype) for name, values in arrays.items()}
