"""Parts of geometries that are polygons, lines or points.

What does not belong here: whose they are (`shapes`), and coordinates.
"""

import shapely
from shapely.geometry.base import BaseGeometry

_POLYGON = 2
"""Dimension of polygons."""


def polygons_of(geometry: BaseGeometry) -> BaseGeometry:
    """The polygonal parts of any geometry; lines and points are dropped."""
    parts = [part for part in shapely.get_parts(geometry) if part.geom_type in ("Polygon", "MultiPolygon")]
    return shapely.union_all(parts) if len(parts) != 1 else parts[0]


def parts_like(geometry: BaseGeometry, other: BaseGeometry) -> BaseGeometry:
    """The parts of any geometry that are what another one is: polygons, lines or points."""
    dimension = shapely.get_dimensions(other)
    if dimension == _POLYGON:
        return polygons_of(geometry)
    parts = [
        part for part in shapely.get_parts(shapely.get_parts(geometry)) if shapely.get_dimensions(part) == dimension
    ]
    return shapely.MultiLineString(parts) if dimension else shapely.MultiPoint(parts)
