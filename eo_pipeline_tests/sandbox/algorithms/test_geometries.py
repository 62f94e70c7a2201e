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


@pytest.mark.functions(
    "GeometryConstructors.Rectangle", "Feature.geometry", "Geometry.area", "ErrorMargin", against="worked example"
)
def test_a_rectangle_in_a_projection_keeps_its_corners() -> None:
    rectangle = ee.Geometry.Rectangle([300_000, 0, 301_000, 1000], "EPSG:32633", False)
    published = value(ee.Feature(rectangle).geometry())
    assert published["crs"]["properties"]["name"] == "EPSG:32633"
    assert shape(published).bounds == (300_000, 0, 301_000, 1000)
    assert value(rectangle.area(1, ee.Projection("EPSG:32633"))) == 1_000_000


@pytest.mark.functions(
    "GeometryConstructors.Polygon",
    "GeometryConstructors.LineString",
    "Geometry.area",
    "Geometry.perimeter",
    "Geometry.length",
    against="pyproj",
)
def test_areas_and_lengths_are_measured_on_the_ellipsoid() -> None:
    square = shapely.box(10, 40, 11, 41)
    area, length = pyproj.Geod(ellps="WGS84").geometry_area_perimeter(shapely.orient_polygons(square))
    geometry = ee.Geometry.Polygon([list(map(list, square.exterior.coords))])
    assert value(geometry.area(1)) == pytest.approx(area)
    assert value(geometry.perimeter(1)) == pytest.approx(length)
    assert value(ee.Geometry.LineString([[10, 40], [10, 41]]).length()) == pytest.approx(111_045.3, rel=1e-4)


@pytest.mark.functions("Geometry.bounds", against="pyproj")
def test_bounds_in_another_crs_hold_the_whole_shape() -> None:
    box = ee.Geometry.Rectangle([14, 44, 16, 46], None, False)
    west, south, east, north = shape(value(box.bounds(1, ee.Projection("EPSG:32633")))).bounds
    transformer = pyproj.Transformer.from_crs("EPSG:4326", "EPSG:32633", always_xy=True)
    expected = transformer.transform_bounds(14, 44, 16, 46, densify_pts=400)
    assert (west, south, east, north) == pytest.approx(expected, abs=20)


@pytest.mark.parametrize(
    ("function", "make", "expected"),
    [
        ("intersection", lambda a, b: a.intersection(b, 1), shapely.box(1, 1, 2, 2)),
        ("union", lambda a, b: a.union(b, 1), shapely.box(0, 0, 2, 2).union(shapely.box(1, 1, 3, 3))),
        ("difference", lambda a, b: a.difference(b, 1), shapely.box(0, 0, 2, 2).difference(shapely.box(1, 1, 3, 3))),
        ("bounds", lambda a, b: a.union(b, 1).bounds(1), shapely.box(0, 0, 3, 3)),
        (
            "convexHull",
            lambda a, b: a.union(b, 1).convexHull(1),
            shapely.box(0, 0, 2, 2).union(shapely.box(1, 1, 3, 3)).convex_hull,
        ),
        ("centroid", lambda a, _: a.centroid(1), shapely.Point(1, 1)),
    ],
)
@pytest.mark.functions("Geometry.{function}", against="shapely")
def test_combining_shapes(function: str, make: Callable[[Any, Any], Any], expected: shapely.Geometry) -> None:
    first = ee.Geometry.Rectangle([0, 0, 2, 2], None, False)
    second = ee.Geometry.Rectangle([1, 1, 3, 3], None, False)
    assert shape(value(make(first, second))).equals(expected)


@pytest.mark.functions(
    "Geometry.contains",
    "Geometry.intersects",
    "Geometry.disjoint",
    "Geometry.type",
    "Geometry.coordinates",
    against="worked example",
)
def test_predicates() -> None:
    square = ee.Geometry.Rectangle([0, 0, 2, 2], None, False)
    point = ee.Geometry.Point([1, 1])
    assert value(square.contains(point, 1)) is True
    assert value(square.intersects(ee.Geometry.Point([5, 5]), 1)) is False
    assert value(square.disjoint(ee.Geometry.Point([5, 5]), 1)) is True
    assert value(square.type()) == "Polygon"
    assert value(point.coordinates()) == [1, 1]


@pytest.mark.functions("Geometry.buffer", against="pyproj")
def test_a_buffer_is_measured_in_metres() -> None:
    grown = shape(value(ee.Geometry.Point([15, 45]).buffer(1000)))
    area, _ = pyproj.Geod(ellps="WGS84").geometry_area_perimeter(shapely.orient_polygons(grown))
    assert area == pytest.approx(3.1365e6, rel=1e-3)  # a regular 64-gon of radius 1000 m


@pytest.mark.functions("Geometry.coveringGrid", against="worked example")
def test_a_covering_grid_has_a_cell_for_each_pixel_touched() -> None:
    region = ee.Geometry.Rectangle([500_010, 5_000_010, 500_290, 5_000_090], "EPSG:32633", False)
    cells = region.coveringGrid(ee.Projection("EPSG:32633"), 100)
    assert value(cells.size()) == 3


def test_polygons_need_three_points() -> None:
    with pytest.raises(ServiceError, match="a linear ring needs at least 3 points"):
        value(ee.Geometry(ee.ApiFunction.call_("GeometryConstructors.Polygon", ee.List([[[0, 0], [1, 1]]]))).type())


@pytest.mark.functions("GeometryConstructors.Polygon", "GeometryConstructors.MultiPolygon", against="worked example")
def test_holes_and_many_polygons() -> None:
    ring = [[0, 0], [4, 0], [4, 4], [0, 4], [0, 0]]
    hole = [[1, 1], [2, 1], [2, 2], [1, 2], [1, 1]]
    with_hole = ee.Geometry.Polygon([ring, hole], None, False)
    assert shape(value(ee.Feature(with_hole).geometry())).area == 15
    several = ee.Geometry.MultiPolygon([[ring, hole], [[[5, 5], [6, 5], [6, 6], [5, 5]]]], None, False)
    assert shape(value(ee.Feature(several).geometry())).area == pytest.approx(15.5)
    box = ee.Geometry.BBox(170, -10, -170, 10)
    assert shape(value(ee.Feature(box).geometry())).bounds == (170, -10, 190, 10)


CORNERS = [[10.0, 45.0], [11.0, 45.5], [12.0, 45.0]]
LINES = [CORNERS, [[0.0, 0.0], [1.0, 1.0]]]


def published(geometry: Any) -> Any:
    """The GeoJSON of a geometry that the service made, not the client."""
    return value(ee.Feature(geometry).geometry())


@pytest.mark.parametrize(
    ("name", "coordinates", "expected"),
    [
        ("Point", [10, 45], shapely.Point(10, 45)),
        ("MultiPoint", CORNERS, shapely.MultiPoint(CORNERS)),
        ("LineString", CORNERS, shapely.LineString(CORNERS)),
        ("MultiLineString", LINES, shapely.MultiLineString(LINES)),
        ("LinearRing", CORNERS, shapely.LinearRing(CORNERS)),
        ("Polygon", [CORNERS], shapely.Polygon(CORNERS)),
        ("MultiPolygon", [[CORNERS]], shapely.MultiPolygon([shapely.Polygon(CORNERS)])),
        ("Rectangle", [10, 45, 12, 46], shapely.box(10, 45, 12, 46)),
    ],
)
@pytest.mark.functions("GeometryConstructors.{name}", against="shapely")
def test_making_shapes(name: str, coordinates: list[Any], expected: shapely.Geometry) -> None:
    made = published(ee.ApiFunction.call_(f"GeometryConstructors.{name}", ee.List(coordinates)))
    assert made["type"] == {"Rectangle": "Polygon", "LinearRing": "LinearRing"}.get(name, name)
    assert shape(made).equals(expected)


@pytest.mark.functions("GeometryConstructors.BBox", "GeometryConstructors.MultiGeometry", against="shapely")
def test_making_boxes_and_collections() -> None:
    box = ee.ApiFunction.call_("GeometryConstructors.BBox", ee.Number(10), 45, 12, 46)
    assert shape(published(box)).equals(shapely.box(10, 45, 12, 46))
    across = ee.ApiFunction.call_("GeometryConstructors.BBox", ee.Number(170), -10, -170, 10)
    assert shape(published(across)).bounds == (170, -10, 190, 10)
    both = ee.ApiFunction.call_("GeometryConstructors.MultiGeometry", [box, ee.Geometry.Point([1, 2])])
    assert shape(published(both)).equals(shapely.GeometryCollection([shapely.box(10, 45, 12, 46), shapely.Point(1, 2)]))


@pytest.mark.functions("Geometry.symmetricDifference", "Geometry.dissolve", "Geometry.simplify", against="shapely")
def test_more_ways_to_combine_shapes() -> None:
    a, b = shapely.box(0, 0, 2, 2), shapely.box(1, 1, 3, 3)
    first, second = (ee.Geometry.Rectangle(list(one.bounds), "EPSG:32633", False) for one in (a, b))
    plane = ee.Projection("EPSG:32633")
    assert shape(value(first.symmetricDifference(second, 1, plane))).equals(a.symmetric_difference(b))
    overlapping = ee.Geometry.MultiPolygon([[list(map(list, one.exterior.coords))] for one in (a, b)], plane, False)
    assert shape(value(overlapping.dissolve(1))).equals(a.union(b))
    wave = [[float(x), 0.2 * (x % 2)] for x in range(20)]
    line = ee.Geometry.LineString(wave, plane, False)
    assert shape(value(line.simplify(1))).equals(shapely.LineString(wave).simplify(1))


@pytest.mark.functions("Geometry.{name}", against="shapely")
@pytest.mark.parametrize(
    ("name", "predicate"),
    [
        ("containedIn", shapely.within),
        ("contains", shapely.contains),
        ("intersects", shapely.intersects),
        ("disjoint", shapely.disjoint),
    ],
)
def test_predicates_of_boxes(name: str, predicate: Callable[[Any, Any], bool]) -> None:
    boxes = [shapely.box(0, 0, 4, 4), shapely.box(1, 1, 2, 2), shapely.box(3, 3, 6, 6), shapely.box(8, 8, 9, 9)]
    asked = [ee.Geometry.Rectangle(list(box.bounds), None, False) for box in boxes]
    for i, first in enumerate(boxes):
        for j, second in enumerate(boxes):
            found = value(getattr(asked[i], name)(asked[j], 1))
            assert found == predicate(first, second), (name, first, second)


@pytest.mark.functions("Geometry.transform", "Geometry.projection", "Projection.crs", against="pyproj")
def test_a_geometry_in_another_crs() -> None:
    moved = ee.Geometry.Point([15.5, 45]).transform("EPSG:32633", 0.01)
    transformer = pyproj.Transformer.from_crs("EPSG:4326", "EPSG:32633", always_xy=True)
    assert published(moved)["coordinates"] == pytest.approx(transformer.transform(15.5, 45))
    assert value(ee.Geometry(moved).projection().crs()) == "EPSG:32633"


@pytest.mark.functions(
    "Projection", "Projection.atScale", "Projection.scale", "Projection.transform", against="worked example"
)
def test_projections_of_other_pixels() -> None:
    plane = ee.Projection("EPSG:32633", [10, 0, 500_000, 0, -10, 5_000_000])
    sizes = 'PARAMETER["num_row", 3], PARAMETER["num_col", 3]'
    for found, numbers in ((plane, (10, 500_000, -10, 5_000_000)), (plane.scale(2, 3), (20, 500_000, -30, 5_000_000))):
        places = zip(("0_0", "0_2", "1_1", "1_2"), numbers, strict=True)
        elements = ", ".join(f'PARAMETER["elt_{place}", {number}.0]' for place, number in places)
        assert value(found.transform()) == f'PARAM_MT["Affine", {sizes}, {elements}]'
    assert value(ee.Projection("EPSG:4326").transform()) == f'PARAM_MT["Affine", {sizes}]'
    assert value(plane.atScale(30).nominalScale()) == pytest.approx(30)


@pytest.mark.functions("Feature.bounds", "Feature.setGeometry", "Feature.id", against="worked example")
def test_features_with_other_shapes() -> None:
    triangle = ee.Feature(ee.Geometry.Polygon([[[0, 0], [4, 0], [0, 3]]], None, False), {"a": 1, "system:index": "i"})
    bounds = value(triangle.bounds(1))
    assert shape(bounds["geometry"]).equals(shapely.box(0, 0, 4, 3))
    assert bounds["properties"] == {"a": 1}
    assert value(triangle.setGeometry(ee.Geometry.Point([1, 2])))["geometry"]["coordinates"] == [1, 2]
    assert value(triangle.id()) == "i"


@pytest.mark.functions("Element.geometry", against="worked example")
def test_the_first_feature_of_a_collection_has_a_geometry() -> None:
    points = ee.FeatureCollection([ee.Feature(ee.Geometry.Point([1, 2])), ee.Feature(ee.Geometry.Point([3, 4]))])
    assert value(points.first().geometry())["coordinates"] == [1, 2]


@pytest.mark.functions("Feature.buffer", "Feature.geometry", against="pyproj")
def test_a_feature_grows_by_metres() -> None:
    grown = value(ee.Feature(ee.Geometry.Point([15, 45]), {"a": 1}).buffer(500))
    distances = [pyproj.Geod(ellps="WGS84").inv(15, 45, *xy)[2] for xy in grown["geometry"]["coordinates"][0]]
    assert distances == pytest.approx([500] * len(distances), rel=1.3e-3)  # a 64-gon: 1 - cos(pi / 64) = 0.0012
    assert grown["properties"] == {"a": 1}
    same = value(ee.Feature(ee.Geometry.Point([15, 45])).geometry(1, "EPSG:32633"))
    transformer = pyproj.Transformer.from_crs("EPSG:4326", "EPSG:32633", always_xy=True)
    assert same["coordinates"] == pytest.approx(transformer.transform(15, 45))


@pytest.mark.functions("Geometry.length", "Geometry.perimeter", against="pyproj")
def test_lengths_of_several_lines() -> None:
    lines = shapely.MultiLineString(LINES)
    geod = pyproj.Geod(ellps="WGS84")
    made = ee.Geometry.MultiLineString(LINES)
    assert value(made.length(1)) == pytest.approx(geod.geometry_length(lines))
    assert value(made.perimeter(1)) == 0
