"""Outlines of many grids on the globe. What does not belong here: where the grids are put (`chip_boxes`)."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from pyproj import Transformer

_CRS = "EPSG:4326"
_HALF_A_GLOBE = 180.0


def footprints(geoboxes: Sequence[GeoBox]) -> NDArray[Any]:
    """Polygons (n,) in EPSG:4326, longitude first, from -180 to 180: corners joined by straight lines.

    What crosses the 180th meridian becomes two polygons in one.
    """
    rings = np.empty((len(geoboxes), 4, 2))
    places: dict[str, list[int]] = {}
    for number, geobox in enumerate(geoboxes):
        rings[number] = _corners(geobox)
        places.setdefault(str(geobox.crs), []).append(number)
    for crs, members in places.items():
        transformer = Transformer.from_crs(crs, _CRS, always_xy=True)
        x, y = transformer.transform(rings[members, :, 0], rings[members, :, 1])
        rings[members] = np.stack([x, y], axis=-1)
    shapes = np.asarray(shapely.polygons(rings))
    for number in np.flatnonzero(np.ptp(rings[..., 0], axis=1) > _HALF_A_GLOBE).tolist():
        shapes[number] = _wrapped(rings[number])
    return shapes


def _corners(geobox: GeoBox) -> NDArray[np.float64]:
    """Upper left, lower left, lower right, upper right: counter-clockwise."""
    bounds = geobox.boundingbox
    return np.array(
        [
            (bounds.left, bounds.top),
            (bounds.left, bounds.bottom),
            (bounds.right, bounds.bottom),
            (bounds.right, bounds.top),
        ]
    )


def _wrapped(ring: NDArray[np.float64]) -> Any:
    """The polygon of a ring that crosses the 180th meridian, cut there."""
    unrolled = ring.copy()
    unrolled[unrolled[:, 0] < 0, 0] += 360
    whole = shapely.Polygon(unrolled)
    west, east = (whole.intersection(shapely.box(left, -90, left + 180, 90)) for left in (0, 180))
    return shapely.union(west, shapely.transform(east, lambda xy: xy - [360, 0]))
