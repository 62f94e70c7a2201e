"""Pixels of a small window at once, without a task.

What does not belong here: pictures made of them (`storage.pictures`).
"""

from typing import Any

import ee
import numpy as np
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from eo_pipeline.earth_engine.session import Session


def compute_pixels(session: Session, image: Any, geobox: GeoBox, *, tag: str = "") -> dict[str, NDArray[Any]]:
    """Arrays (y, x) of every band of an `ee.Image` on a GeoBox of at most 48 MB.

    Raises:
        ServiceError: the service refused, for example because the window is too large.
    """
    a = geobox.affine
    height, width = geobox.shape
    request = {
        "expression": image,
        "fileFormat": "NUMPY_NDARRAY",
        "grid": {
            "crsCode": str(geobox.crs),
            "dimensions": {"width": width, "height": height},
            "affineTransform": {
                "scaleX": a.a, "shearX": a.b, "translateX": a.c, "shearY": a.d, "scaleY": a.e, "translateY": a.f,
            },
        },
    }  # fmt: skip
    pixels = session.call(lambda: ee.data.computePixels(request), tag=tag)
    return {name: np.asarray(pixels[name]) for name in pixels.dtype.names}
