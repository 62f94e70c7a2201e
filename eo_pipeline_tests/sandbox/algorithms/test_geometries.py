"""Geometries, against shapely, pyproj and published numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ee
import pyproj
import pytest
import shapely
from shapely.geometry import shape

from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline_tests.sandbox.graph_support import value


def test_a_rectangle_in_a_projection_keeps_its_corners() -> None:
    rectangle = ee.Geometry.Rectangle([300_000, 0, 301_000, 1000], "EPSG:32633", False)
    published = value(ee.Feature(rectangle).geometry())
    assert published["crs"]["properties"]["name"] == "EPSG:32633"
    assert shape(published).bounds == (300_000, 0, 301_000, 1000)
    assert value(rectangle.area(1, ee.Projection("EPSG:32633"))) == 1_000_000


def test_areas_and_lengths_are_measured_on_the_ellipsoid() -> None:
    square = shapely.box(10, 40, 11, 41)
    area, length = pyproj.Geod(ellps="WGS84").geometry_area_perimeter(shapely.orient_polygons(square))
    geometry = ee.Geometry.Polygon([list(map(list, square.exterior.coords))])
    assert value(geometry.area(1)) == pytest.approx(area)
    assert value(geometry.perimeter(1)) == pytest.approx(length)
    assert value(ee.Geometry.LineString([[10, 40], [10, 41]]).length()) == pytest.approx(111_045.3, rel=1e-4)


def test_bounds_in_another_crs_hold_the_whole_shape() -> None:
    box = ee.Geometry.Rectangle([14, 44, 16, 46], None, False)
    west, south, east, north = shape(value(box.bounds(1, ee.Projection("EPSG:32633")))).bounds
    transformer = pyproj.Transformer.from_crs("EPSG:4326", "EPSG:32633", always_xy=True)
    expected = transformer.transform_bounds(14, 44, 16, 46, densify_pts=400)
    assert (west, south, east, north) == pytest.approx(expected, abs=20)


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda a, b: a.intersection(b, 1), shapely.box(1, 1, 2, 2)),
        (lambda a, b: a.union(b, 1), shapely.box(0, 0, 2, 2).union(shapely.box(1, 1, 3, 3))),
        (lambda a, b: a.difference(b, 1), shapely.box(0, 0, 2, 2).difference(shapely.box(1, 1, 3, 3))),
        (lambda a, b: a.union(b, 1).bounds(1), shapely.box(0, 0, 3, 3)),
        (lambda a, b: a.union(b, 1).convexHull(1), shapely.box(0, 0, 2, 2).union(shapely.box(1, 1, 3, 3)).convex_hull),
        (lambda a, _: a.centroid(1), shapely.Point(1, 1)),
    ],
)
def test_combining_shapes(make: Callable[[Any, Any], Any], expected: shapely.Geometry) -> None:
    first = ee.Geometry.Rectangle([0, 0, 2, 2], None, False)
    second = ee.Geometry.Rectangle([1, 1, 3, 3], None, False)
    assert shape(value(make(first, second))).equals(expected)


def test_predicates() -> None:
    square = ee.Geometry.Rectangle([0, 0, 2, 2], None, False)
    point = ee.Geometry.Point([1, 1])
    assert value(square.contains(point, 1)) is True
    assert value(square.intersects(ee.Geometry.Point([5, 5]), 1)) is False
    assert value(square.disjoint(ee.Geometry.Point([5, 5]), 1)) is True
    assert value(square.type()) == "Polygon"
    assert value(point.coordinates()) == [1, 1]


def test_a_buffer_is_measured_in_metres() -> None:
    grown = shape(value(ee.Geometry.Point([15, 45]).buffer(1000)))
    area, _ = pyproj.Geod(ellps="WGS84").geometry_area_perimeter(shapely.orient_polygons(grown))
    assert area == pytest.approx(3.1365e6, rel=1e-3)  # a regular 64-gon of radius 1000 m


def test_a_covering_grid_has_a_cell_for_each_pixel_touched() -> None:
    region = ee.Geometry.Rectangle([500_010, 5_000_010, 500_290, 5_000_090], "EPSG:32633", False)
    cells = region.coveringGrid(ee.Projection("EPSG:32633"), 100)
    assert value(cells.size()) == 3


def test_polygons_need_three_points() -> None:
    with pytest.raises(ServiceError, match="a linear ring needs at least 3 points"):
        value(ee.Geometry(ee.ApiFunction.call_("GeometryConstructors.Polygon", ee.List([[[0, 0], [1, 1]]]))).type())


def test_holes_and_many_polygons() -> None:
    ring = [[0, 0], [4, 0], [4, 4], [0, 4], [0, 0]]
    hole = [[1, 1], [2, 1], [2, 2], [1, 2], [1, 1]]
    with_hole = ee.Geometry.Polygon([ring, hole], None, False)
    assert shape(value(ee.Feature(with_hole).geometry())).area == 15
    several = ee.Geometry.MultiPolygon([[ring, hole], [[[5, 5], [6, 5], [6, 6], [5, 5]]]], None, False)
    assert shape(value(ee.Feature(several).geometry())).area == pytest.approx(15.5)
    box = ee.Geometry.BBox(170, -10, -170, 10)
    assert shape(value(ee.Feature(box).geometry())).bounds == (170, -10, 190, 10)
