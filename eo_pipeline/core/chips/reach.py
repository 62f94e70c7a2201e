"""How far the chips of an area reach beyond it, and what is near a chip.

What does not belong here: where single chips lie (`chip_boxes`).
"""

import math

import numpy as np
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from pyproj import Geod, Transformer

from eo_pipeline.core.grids import Lattice
from eo_pipeline.core.product import Chips
from eo_pipeline.core.zonal.reprojecting import METRES_PER_DEGREE
from eo_pipeline.core.zonal.shapes import Bounds

_GLOBE = Geod(ellps="WGS84")
_A_SIDE = 9
"""Places along each side of an area from which its reach is measured."""
_AZIMUTHS = np.arange(0, 360, 45.0)
_SCALE = 1.1
"""UTM's scale, and what lies between the places and azimuths."""
_NEARBY = 10_000.0
"""Metres: images' footprints are drawn coarsely, their long edges now straight in degrees, now on the ground."""
_POLE = 89.0


def neighbourhood(geobox: GeoBox) -> Bounds:
    """Bounds of what is around a chip, in its CRS: images that do not touch them have no pixel of it."""
    box = geobox.boundingbox
    if geobox.crs is None or not geobox.crs.geographic:
        return box.left - _NEARBY, box.bottom - _NEARBY, box.right + _NEARBY, box.top + _NEARBY
    north = _NEARBY / METRES_PER_DEGREE
    east = north / math.cos(math.radians(min(_POLE, max(abs(box.bottom), abs(box.top)))))
    west, south = min(box.left, max(-180.0, box.left - east)), max(-90.0, box.bottom - north)
    return west, south, max(box.right, min(180.0, box.right + east)), min(90.0, box.top + north)


def reach(geobox: GeoBox, lattice: Lattice, chips: Chips) -> GeoBox:
    """Pixels of the lattice that hold every chip whose place lies in an area's GeoBox.

    Args:
        geobox: of the area, on the lattice.
        lattice: of the product.
        chips: their size and CRS.
    """
    if chips.crs == "product":
        return geobox.pad(chips.size // 2 + 1)
    half_diagonal = chips.size * (chips.resolution or 0.0) / math.sqrt(2)
    x, y = _around(geobox, half_diagonal * _SCALE)
    box = geobox.boundingbox
    return lattice.covering(
        (min(box.left, x.min()), min(box.bottom, y.min()), max(box.right, x.max()), max(box.top, y.max()))
    )


def _around(geobox: GeoBox, metres: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Places at a distance from an area's outline, in its CRS; longitudes are not wrapped."""
    x, y = (np.repeat(side, len(_AZIMUTHS)) for side in _outline(geobox))
    to_crs = Transformer.from_crs("EPSG:4326", str(geobox.crs), always_xy=True)
    longitude, latitude = to_crs.transform(x, y, direction="INVERSE")
    azimuths = np.tile(_AZIMUTHS, len(x) // len(_AZIMUTHS))
    east, north, _ = _GLOBE.fwd(longitude, latitude, azimuths, np.full(len(x), metres))
    found_x, found_y = to_crs.transform(east, north)
    if geobox.crs is not None and geobox.crs.geographic:
        found_x = x + (found_x - x + 180) % 360 - 180
    return found_x, found_y


def _outline(geobox: GeoBox) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    box, steps = geobox.boundingbox, np.linspace(0, 1, _A_SIDE)
    across, along = box.left + steps * (box.right - box.left), box.bottom + steps * (box.top - box.bottom)
    x = [across, across, np.full(_A_SIDE, box.left), np.full(_A_SIDE, box.right)]
    y = [np.full(_A_SIDE, box.bottom), np.full(_A_SIDE, box.top), along, along]
    return np.concatenate(x), np.concatenate(y)
