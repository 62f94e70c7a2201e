"""Making, measuring and combining geometries. What does not belong here: features."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pyproj
import shapely
import shapely.affinity
from shapely.geometry.base import BaseGeometry

from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.graph.coercions import as_float
from eo_pipeline.sandbox.graph.collections import Collection, Derived, Element, geometry_of
from eo_pipeline.sandbox.graph.comparing import bounded
from eo_pipeline.sandbox.graph.crs import is_geographic
from eo_pipeline.sandbox.graph.geometry import WGS84, Geometry, reprojected
from eo_pipeline.sandbox.graph.grids import DEFAULT_PROJECTION, Projection
from eo_pipeline.sandbox.graph.registry import Family
from eo_pipeline.sandbox.graph.values import Feature

FAMILY = Family()

SPHERE = pyproj.Geod(ellps="WGS84")
"""The Earth on which areas and lengths of geographic shapes are measured."""


def _numbers(value: object) -> list[float]:
    """Every number in nested lists of numbers and points, in order."""
    if isinstance(value, Geometry):
        return [number for pair in shapely.get_coordinates(value.shape) for number in pair.tolist()]
    if isinstance(value, list):
        return [number for member in value for number in _numbers(member)]
    return [as_float(value)]


def _pairs(value: object) -> list[tuple[float, float]]:
    numbers = _numbers(value)
    if len(numbers) % 2:
        raise ServiceError(f"Invalid geometry: expected pairs of coordinates, got {len(numbers)} numbers.")
    return list(zip(numbers[0::2], numbers[1::2], strict=True))


def _one_pair(value: object) -> tuple[float, float]:
    pairs = _pairs(value)
    if len(pairs) != 1:
        raise ServiceError(f"Invalid geometry: a point needs 2 coordinates, got {2 * len(pairs)}.")
    return pairs[0]


def _depth(value: object) -> int:
    return 1 + _depth(value[0]) if isinstance(value, list) and value else 0


def _rings(value: object) -> shapely.Polygon:
    """A polygon of rings, or of one flat list of points."""
    if not isinstance(value, list) or not value:
        raise ServiceError("Invalid geometry: a polygon needs at least one ring.")
    nested = isinstance(value[0], list) and value[0] and isinstance(value[0][0], list | Geometry)
    rings = [_pairs(ring) for ring in value] if nested else [_pairs(value)]
    if any(len(ring) < 3 for ring in rings):
        raise ServiceError("Invalid geometry: a linear ring needs at least 3 points.")
    return shapely.Polygon(rings[0], rings[1:])


def _rectangle(value: object) -> shapely.Polygon:
    pairs = _pairs(value)
    if len(pairs) != 2:
        raise ServiceError(f"Invalid geometry: a rectangle needs two corners, got {len(pairs)}.")
    (x0, y0), (x1, y1) = pairs
    return shapely.box(min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))


def _members(value: object, depth: int) -> list[object]:
    return value if isinstance(value, list) and _depth(value) > depth else [value]


_SHAPES: dict[str, Callable[[object], BaseGeometry]] = {
    "Point": lambda value: shapely.Point(_one_pair(value)),
    "MultiPoint": lambda value: shapely.MultiPoint(_pairs(value)),
    "LineString": lambda value: shapely.LineString(_pairs(value)),
    "LinearRing": lambda value: shapely.LinearRing(_pairs(value)),
    "MultiLineString": lambda value: shapely.MultiLineString([_pairs(line) for line in _members(value, 2)]),
    "Polygon": _rings,
    "Rectangle": _rectangle,
    "MultiPolygon": lambda value: shapely.MultiPolygon([_rings(member) for member in _members(value, 3)]),
}


def _made(shape: BaseGeometry, crs: Projection | None, geodesic: bool | None) -> Geometry:
    """A geometry of coordinates in a projection, whose transform applies to them."""
    if crs is None:
        return Geometry(shape, WGS84, geodesic is not False)
    if crs.transform != DEFAULT_PROJECTION.transform:
        a, b, c, d, e, f = crs.transform
        shape = shapely.affinity.affine_transform(shape, [a, b, d, e, c, f])
    return Geometry(shape, crs.crs, is_geographic(crs.crs) if geodesic is None else geodesic)


def _register_edged(name: str, make: Callable[[object], BaseGeometry]) -> None:
    def function(coordinates: list[object], crs: Projection | None, geodesic: bool | None) -> Geometry:
        return _made(make(bounded(coordinates)), crs, geodesic)

    FAMILY.add(f"GeometryConstructors.{name}", function)


def _register_points(name: str, make: Callable[[object], BaseGeometry]) -> None:
    def function(coordinates: list[object], crs: Projection | None) -> Geometry:
        return _made(make(bounded(coordinates)), crs, None)

    FAMILY.add(f"GeometryConstructors.{name}", function)


for _name, _make in _SHAPES.items():
    (_register_points if _name.endswith("Point") else _register_edged)(_name, _make)


@FAMILY.algorithm("GeometryConstructors.BBox")
def bbox(west: float, south: float, east: float, north: float) -> Geometry:
    """A rectangle of longitudes and latitudes; east of west across the antimeridian if east is smaller."""
    return Geometry(shapely.box(west, south, east + 360 if east < west else east, north), WGS84)


@FAMILY.algorithm("GeometryConstructors.MultiGeometry")
def multi_geometry(geometries: list[Geometry]) -> Geometry:
    """Several geometries as one, in EPSG:4326."""
    return Geometry(shapely.GeometryCollection([one.to(WGS84) for one in geometries]), WGS84)


def moved(geometry: Geometry, projection: Projection) -> Geometry:
    """A geometry in another CRS."""
    return Geometry(geometry.to(projection.crs), projection.crs, geometry.geodesic)


@FAMILY.algorithm("Geometry.transform")
def transform(geometry: Geometry, proj: Projection, geodesic: bool | None) -> Geometry:
    """A geometry in another CRS."""
    result = moved(geometry, proj)
    return result if geodesic is None else replace(result, geodesic=geodesic)


@FAMILY.algorithm("Geometry.bounds")
def bounds(geometry: Geometry, proj: Projection | None) -> Geometry:
    """The bounding rectangle, in a CRS, EPSG:4326 by default."""
    crs = WGS84 if proj is None else proj.crs
    shape = geometry.to(crs)
    return Geometry(shapely.Polygon() if shape.is_empty else shapely.box(*shape.bounds), crs)


@FAMILY.algorithm("Feature.bounds")
def feature_bounds(feature: Element, proj: Projection | None) -> Feature:
    """The feature with the bounding rectangle of its geometry."""
    outline = geometry_of(feature)
    return Feature(None if outline is None else bounds(outline, proj), dict(feature.properties))


@FAMILY.algorithm("Geometry.area")
def area(geometry: Geometry, proj: Projection | None) -> float:
    """Area in square metres on the ellipsoid, or in square units of a projection."""
    if proj is not None:
        return float(geometry.to(proj.crs).area)
    found, _ = SPHERE.geometry_area_perimeter(shapely.orient_polygons(geometry.to(WGS84)))
    return abs(float(found))


def _length(geometry: Geometry, proj: Projection | None) -> float:
    """Length of all edges in metres on the ellipsoid, or in units of a projection."""
    shape = geometry.to(WGS84 if proj is None else proj.crs)
    lines = shape.boundary if shape.geom_type in _AREAL else shape
    return float(SPHERE.geometry_length(lines) if proj is None else lines.length)


_AREAL = ("Polygon", "MultiPolygon")
_LINEAR = ("LineString", "MultiLineString", "LinearRing")


@FAMILY.algorithm("Geometry.perimeter")
def perimeter(geometry: Geometry, proj: Projection | None) -> float:
    """Length of a polygon's edges in metres, or in units of a projection; 0 for other shapes."""
    return _length(geometry, proj) if geometry.shape.geom_type in _AREAL else 0.0


@FAMILY.algorithm("Geometry.length")
def length(geometry: Geometry, proj: Projection | None) -> float:
    """Length of lines in metres, or in units of a projection; 0 for other shapes."""
    return _length(geometry, proj) if geometry.shape.geom_type in _LINEAR else 0.0


def buffered(geometry: Geometry, distance: float) -> Geometry:
    """A geometry grown by metres on the Earth around its centre, in its own CRS."""
    centre = geometry.to(WGS84).centroid
    local = f"+proj=aeqd +lat_0={centre.y} +lon_0={centre.x} +datum=WGS84 +units=m"
    grown = reprojected(geometry.shape, geometry.crs, local).buffer(distance)
    return replace(geometry, shape=reprojected(grown, local, geometry.crs))


@FAMILY.algorithm("Geometry.buffer")
def buffer(geometry: Geometry, distance: float, proj: Projection | None) -> Geometry:
    """A geometry grown by metres, or by units of a projection."""
    if proj is None:
        return buffered(geometry, distance)
    return Geometry(geometry.to(proj.crs).buffer(distance), proj.crs)


@FAMILY.algorithm("Geometry.centroid")
def centroid(geometry: Geometry, proj: Projection | None) -> Geometry:
    """The centre of mass, computed in a CRS, its own by default."""
    crs = geometry.crs if proj is None else proj.crs
    return Geometry(geometry.to(crs).centroid, crs, geometry.geodesic)


@FAMILY.algorithm("Geometry.simplify")
def simplify(geometry: Geometry, max_error: object) -> Geometry:
    """Fewer vertices, none farther than the margin (metres) from the original."""
    metres = as_float(getattr(max_error, "value", max_error) or 0.0)
    unit = 1.0 if not is_geographic(geometry.crs) else math.pi * 6378137 / 180
    return replace(geometry, shape=geometry.shape.simplify(metres / unit))


_UNARY: dict[str, Callable[[BaseGeometry], BaseGeometry]] = {
    "convexHull": shapely.convex_hull,
    "dissolve": shapely.union_all,
}


def _register_unary(name: str, operation: Callable[[BaseGeometry], BaseGeometry]) -> None:
    def function(geometry: Geometry, proj: Projection | None) -> Geometry:
        crs = geometry.crs if proj is None else proj.crs
        return Geometry(operation(geometry.to(crs)), crs, geometry.geodesic)

    FAMILY.add(f"Geometry.{name}", function)


for _name, _operation in _UNARY.items():
    _register_unary(_name, _operation)


def _common(left: Geometry, right: Geometry, proj: Projection | None) -> tuple[BaseGeometry, BaseGeometry, str]:
    """Two shapes in one CRS: the one asked for, or the left one's."""
    crs = left.crs if proj is None else proj.crs
    return left.to(crs), right.to(crs), crs


def _register_combination(name: str, operation: Callable[[BaseGeometry, BaseGeometry], BaseGeometry]) -> None:
    def function(left: Geometry, right: Geometry, proj: Projection | None) -> Geometry:
        a, b, crs = _common(left, right, proj)
        return Geometry(operation(a, b), crs, left.geodesic)

    FAMILY.add(f"Geometry.{name}", function)


def _register_predicate(name: str, operation: Callable[[BaseGeometry, BaseGeometry], Any]) -> None:
    def function(left: Geometry, right: Geometry, proj: Projection | None) -> bool:
        a, b, _ = _common(left, right, proj)
        return bool(operation(a, b))

    FAMILY.add(f"Geometry.{name}", function)


for _name, _combination in {
    "intersection": shapely.intersection,
    "union": shapely.union,
    "difference": shapely.difference,
    "symmetricDifference": shapely.symmetric_difference,
}.items():
    _register_combination(_name, _combination)
for _name, _predicate in {
    "intersects": shapely.intersects,
    "contains": shapely.contains,
    "containedIn": shapely.within,
    "disjoint": shapely.disjoint,
}.items():
    _register_predicate(_name, _predicate)


@FAMILY.algorithm("Geometry.type")
def type_(geometry: Geometry) -> str:
    """The GeoJSON name of the kind of geometry."""
    return str(geometry.shape.geom_type)


@FAMILY.algorithm("Geometry.projection")
def projection(geometry: Geometry) -> Projection:
    """The projection of the coordinates."""
    return replace(DEFAULT_PROJECTION, crs=geometry.crs)


@FAMILY.algorithm("Geometry.coordinates")
def coordinates(geometry: Geometry) -> object:
    """The coordinates as GeoJSON lists; those of each member of a collection of geometries."""
    return _coordinates(geometry.published())


def _coordinates(body: Mapping[str, object]) -> object:
    members = body.get("geometries")
    return [_coordinates(member) for member in members] if isinstance(members, list) else body["coordinates"]


@FAMILY.algorithm("Geometry.coveringGrid")
def covering_grid(geometry: Geometry, proj: Projection, scale: float | None) -> Collection:
    """Rectangles of a projection's pixels (or of `scale` metres) that intersect the geometry."""
    lattice = proj if scale is None else proj.at_scale(scale)
    shape = geometry.to(lattice.crs)
    grid = lattice.covering(shape.bounds)
    shapely.prepare(shape)

    def make() -> Iterator[Feature]:
        for row in range(grid.height):
            for column in range(grid.width):
                cell = shapely.box(*grid.window(column, row, 1, 1).bounds)
                if shape.intersects(cell):
                    yield Feature(Geometry(cell, lattice.crs), {"system:index": f"{column},{row}"})

    return Collection(Derived(make), "Feature")
