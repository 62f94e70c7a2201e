"""Where on the globe a grid lies, as archives are asked: boxes of longitude and latitude.

What does not belong here: asking.
"""

import math
from functools import cache

import numpy as np
import shapely
from numpy.typing import NDArray
from odc.geo.crs import CRS
from odc.geo.geobox import GeoBox
from pyproj import Transformer
from shapely import affinity
from shapely.geometry.base import BaseGeometry

from eo_pipeline.core.mosaics.lattice import TURNS
from eo_pipeline.core.mosaics.warping import outline
from eo_pipeline.core.zonal.reprojecting import transformer_of

Bbox = tuple[float, float, float, float]
"""West, south, east, north, degrees; west < east."""

_DEGREES = CRS("EPSG:4326")
MARGIN = 0.02
"""Degrees around a grid within which a scene's outline counts: archives simplify the edges of what a swath saw."""
_HALF_A_TURN = 180.0
_STEPS = 64
"""Parts of an edge that are straight in degrees: its course is missed by a 4096th of what the whole edge would miss."""


def bboxes(geobox: GeoBox, *, margin: float = 0.0) -> tuple[Bbox, ...]:
    """The boxes from -180 to 180 around a grid: two if it lies on both sides of the 180th meridian.

    Args:
        geobox: the grid.
        margin: degrees around it that the boxes hold, too.

    Raises:
        GridMismatchError: part of the grid's edge has no place on the globe.
    """
    west, south, east, north = _outline(geobox).bounds
    west, south, east, north = west - margin, south - margin, east + margin, north + margin
    south, north = max(south, -90.0), min(north, 90.0)
    if east - west >= 360:
        return ((-180.0, south, 180.0, north),)
    globe = shapely.box(-180, -90, 180, 90)
    parts = [shapely.box(west + turn, south, east + turn, north).intersection(globe) for turn in TURNS]
    return tuple(sorted(part.bounds for part in parts if part.area > 0))


class Place:
    """A grid's outline on the globe, to ask many scenes whether they meet it.

    Args:
        geobox: the grid.
    """

    def __init__(self, geobox: GeoBox) -> None:
        around = _outline(geobox).buffer(MARGIN)
        self._turned = shapely.union_all([affinity.translate(around, xoff=turn) for turn in TURNS])
        shapely.prepare(self._turned)

    def meets(self, footprint: BaseGeometry) -> bool:
        """Whether a scene's outline, in degrees, lies on the grid or within a margin of it."""
        return bool(shapely.intersects(self._turned, footprint))


def either_way(footprint: BaseGeometry, crs: CRS) -> BaseGeometry:
    """An outline of few corners with edges that are straight in degrees, or in a CRS: what both hold together.

    Archives tell corners in degrees of tiles whose edges are straight in their own CRS: in the far north, or of tiles
    as wide as those of MODIS, the two lie kilometres apart.

    Args:
        footprint: polygons in degrees.
        crs: of the scene's files.

    Returns:
        The same where a corner has no place in the CRS, or of an outline around a pole.
    """
    told = shapely.make_valid(footprint)
    return shapely.union_all([told, *(_straight_in(crs, part) for part in shapely.get_parts(told))])


def _straight_in(crs: CRS, part: BaseGeometry) -> BaseGeometry:
    west, _, east, _ = part.bounds
    if crs.geographic or part.geom_type != "Polygon" or east - west > _HALF_A_TURN:
        return part
    there, back = _both_ways(crs)
    moved = shapely.transform(part, lambda at: np.column_stack(there.transform(at[:, 0], at[:, 1])))
    if not np.isfinite(shapely.get_coordinates(moved)).all():
        return part
    middle = (west + east) / 2

    def returned(at: NDArray[np.float64]) -> NDArray[np.float64]:
        x, y = back.transform(at[:, 0], at[:, 1])
        return np.column_stack([middle + (x - middle + 180) % 360 - 180, y])

    corners = shapely.get_coordinates(moved)
    step = float(np.hypot(*np.diff(corners, axis=0).T).max()) / _STEPS
    drawn = shapely.transform(shapely.segmentize(moved, step), returned) if step > 0 else part
    return shapely.make_valid(drawn) if np.isfinite(shapely.get_coordinates(drawn)).all() else part


@cache
def _both_ways(crs: CRS) -> tuple[Transformer, Transformer]:
    return transformer_of(_DEGREES, crs), transformer_of(crs, _DEGREES)


def _outline(geobox: GeoBox) -> BaseGeometry:
    """A grid's outline in degrees, unbroken, its western edge from -180 to 180."""
    shape = outline(geobox, _DEGREES)
    return affinity.translate(shape, xoff=-360 * math.floor((shape.bounds[0] + 180) / 360))
