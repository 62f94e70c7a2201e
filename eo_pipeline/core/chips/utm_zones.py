"""Which UTM zone a place lies in. What does not belong here: pixels (`chip_boxes`)."""

import numpy as np
from numpy.typing import NDArray

from eo_pipeline.errors import ProductError

SOUTH, NORTH = -80.0, 84.0
"""Latitudes that UTM ends at (NGA.STND.0037, section 11)."""


def utm_epsg(longitude: NDArray[np.float64], latitude: NDArray[np.float64]) -> NDArray[np.int64]:
    """EPSG codes of the WGS 84 / UTM zones of places, those around Norway and Svalbard included; arrays (n,).

    A place on a zone's western edge lies in it; the equator is northern; 180 degrees is zone 1.

    Args:
        longitude: degrees, whole turns do not matter.
        latitude: degrees.

    Raises:
        ProductError: a place is nearer to a pole than UTM reaches.
    """
    if (beyond := (latitude < SOUTH) | (latitude > NORTH)).any():
        raise ProductError(
            f"chips.crs: expected places from 80 S to 84 N with utm, got {int(beyond.sum())} beyond (the first at "
            f"latitude {latitude[beyond][0]:.4f}); write crs: product with a polar CRS in area.crs"
        )
    x = (longitude + 180) % 360 - 180
    zone = np.floor((x + 180) / 6).astype(np.int64) + 1
    zone[(latitude >= 56) & (latitude < 64) & (x >= 3) & (x < 12)] = 32
    for west, east, wide in ((0, 9, 31), (9, 21, 33), (21, 33, 35), (33, 42, 37)):
        zone[(latitude >= 72) & (x >= west) & (x < east)] = wide
    return np.where(latitude < 0, 32700, 32600) + zone
