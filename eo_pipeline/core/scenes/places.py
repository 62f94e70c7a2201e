"""Where on the globe a grid lies, as archives are asked: boxes of longitude and latitude.

What does not belong here: asking.
"""

import math

import shapely
from odc.geo.crs import CRS
from odc.geo.geobox import GeoBox
from shapely import affinity
from shapely.geometry.base import BaseGeometry

from eo_pipeline.core.mosaics.lattice import TURNS
from eo_pipeline.core.mosaics.warping import outline

Bbox = tuple[float, float, float, float]
"""West, south, east, north, degrees; west < east."""

_DEGREES = CRS("EPSG:4326")
_MARGIN = 0.02
"""Degrees around a grid within which a scene's outline counts: archives draw outlines with few corners."""


def bboxes(geobox: GeoBox) -> tuple[Bbox, ...]:
    """The boxes from -180 to 180 around a grid: two if it lies on both sides of the 180th meridian.

    Raises:
        GridMismatchError: part of the grid's edge has no place on the globe.
    """
    west, south, east, north = _outline(geobox).bounds
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
        around = _outline(geobox).buffer(_MARGIN)
        self._turned = shapely.union_all([affinity.translate(around, xoff=turn) for turn in TURNS])
        shapely.prepare(self._turned)

    def meets(self, footprint: BaseGeometry) -> bool:
        """Whether a scene's outline, in degrees, lies on the grid or within a margin of it."""
        return bool(shapely.intersects(self._turned, footprint))


def _outline(geobox: GeoBox) -> BaseGeometry:
    """A grid's outline in degrees, unbroken, its western edge from -180 to 180."""
    shape = outline(geobox, _DEGREES)
    return affinity.translate(shape, xoff=-360 * math.floor((shape.bounds[0] + 180) / 360))
