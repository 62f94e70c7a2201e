"""Zones made smaller by some metres, so that pixels along their edges do not count.

What does not belong here: which zones there are (`shapes.Zones`), and grids.
"""

from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray
from odc.geo.crs import CRS
from shapely.geometry.base import BaseGeometry

from eo_pipeline.core.zonal.reprojecting import metres_per_unit, reprojected_together, transformer_of
from eo_pipeline.core.zonal.shapes import contiguous_longitudes

_WGS84 = CRS("EPSG:4326")
_HALF_TURN = 180.0
"""Degrees; what lies on both sides of the 180th meridian is wider."""
_CURVE = 0.1
"""Of the buffer, the pixel that edges are densified for: they stay within a thousandth of the buffer."""


def shrunk(geometries: Sequence[BaseGeometry], crs: CRS, *, metres: float) -> tuple[BaseGeometry, ...]:
    """Polygons without what lies within some metres of their edges; a seam at the 180th meridian is no edge.

    They are buffered in azimuthal equidistant projections, one for each degree square that middles of polygons lie
    in, so that metres are metres in any CRS: they are off by less than 0.01 % within 100 km of a polygon's middle, by
    0.1 % at 500 km.

    Args:
        geometries: valid polygons in `crs`, x before y.
        crs: of the polygons; degrees or any projection.
        metres: on the ground, > 0.

    Returns:
        Valid polygons in `crs`, empty where nothing is left; those in degrees unbroken, to x beyond 180 if need be.
    """
    whole = [_in_one_piece(geometry) for geometry in geometries] if crs.geographic else list(geometries)
    found: list[BaseGeometry] = [shapely.Polygon()] * len(whole)
    places, which = np.unique(_middles(whole, crs), axis=0, return_inverse=True)
    order = np.argsort(which.ravel(), kind="stable")
    for place, group in zip(places, np.split(order, np.cumsum(np.bincount(which.ravel()))[:-1]), strict=True):
        for zone, inner in zip(group, _shrunk([whole[z] for z in group], crs, metres, place), strict=True):
            found[zone] = inner
    return tuple(found)


def _shrunk(
    group: Sequence[BaseGeometry], crs: CRS, metres: float, place: NDArray[np.float64]
) -> tuple[BaseGeometry, ...]:
    """Polygons around one place (longitude, latitude)."""
    local = CRS(f"+proj=aeqd +lon_0={place[0]:.0f} +lat_0={place[1]:.0f} +datum=WGS84 +units=m")
    step = metres * _CURVE
    inner = shapely.buffer(np.asarray(reprojected_together(group, crs, local, pixel=step), dtype=object), -metres)
    around = float(place[0]) if crs.geographic else None
    return reprojected_together(list(inner), local, crs, pixel=step / metres_per_unit(crs), around=around)


def _middles(geometries: Sequence[BaseGeometry], crs: CRS) -> NDArray[np.float64]:
    """(n, whole degrees of longitude and latitude) near the middles of polygons' bounds."""
    west, south, east, north = shapely.bounds(np.asarray(geometries, dtype=object)).T
    x, y = (west + east) / 2, (south + north) / 2
    if not crs.geographic:
        x, y = transformer_of(crs, _WGS84).transform(x, y)
    return np.round(np.column_stack([x, y]))


def _in_one_piece(geometry: BaseGeometry) -> BaseGeometry:
    """A polygon in degrees whose parts on both sides of the 180th meridian are joined."""
    west, _, east, _ = geometry.bounds
    if not east - west > _HALF_TURN:
        return geometry
    (joined,) = contiguous_longitudes([geometry])
    return geometry if joined is geometry else shapely.union_all(shapely.get_parts(joined))
