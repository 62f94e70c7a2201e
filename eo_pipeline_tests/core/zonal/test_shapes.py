"""Polygons on grids: longitudes, densified edges, what lies elsewhere."""

import numpy as np
import pytest
import shapely
from affine import Affine
from odc.geo.crs import CRS
from odc.geo.geobox import GeoBox
from pyproj import Transformer
from shapely import MultiPolygon, box
from shapely.geometry.base import BaseGeometry

from eo_pipeline.core.zonal.parts import polygons_of
from eo_pipeline.core.zonal.shapes import contiguous_longitudes, on_grid
from eo_pipeline.errors import GridMismatchError

DEGREES = CRS("EPSG:4326")
FIJI = MultiPolygon([box(177, -19, 180, -16), box(-180, -17, -179, -16)])


def test_zones_on_both_sides_of_the_date_line_come_together() -> None:
    islands: list[BaseGeometry] = [FIJI, box(176, -9, 179, -6), box(-173, -14, -171, -13)]
    moved = contiguous_longitudes(islands)
    bounds = [(177, -19, 181, -16), (176, -9, 179, -6), (187, -14, 189, -13)]
    assert [shape.bounds for shape in moved] == bounds
    assert moved[0].area == pytest.approx(FIJI.area)


@pytest.mark.parametrize("others", [[box(-10, 40, 10, 50)], [box(-60, 0, -50, 10), box(10, 0, 20, 10)]])
def test_zones_that_are_not_narrower_that_way_stay(others: list[shapely.Polygon]) -> None:
    assert contiguous_longitudes(others) == tuple(others)


@pytest.mark.parametrize("west", [-73.4, -61.2, -81.1, -9.6, -140.9])
def test_zones_of_one_hemisphere_are_not_moved_by_rounding(west: float) -> None:
    """For some of these, (east + 360) - (west + 360) is less than east - west by one bit."""
    country = [box(west, -55.3, west + offset, -21.8) for offset in (0.1, 3.3, 7.7)]
    assert contiguous_longitudes(country) == tuple(country)


def test_a_polygon_on_its_own_grid_is_untouched() -> None:
    grid = GeoBox((10, 10), Affine(1, 0, 0, 0, -1, 10), "EPSG:4326")
    zone = box(-5, -5, 50, 3)
    assert on_grid(zone, DEGREES, grid) is zone


def test_longitudes_move_by_whole_turns_to_the_grid() -> None:
    pacific = GeoBox((10, 20), Affine(1, 0, 170, 0, -1, -10), "EPSG:4326")
    assert on_grid(box(-178, -15, -176, -12), DEGREES, pacific).bounds == (182, -15, 184, -12)
    assert on_grid(FIJI, DEGREES, pacific).area == pytest.approx(FIJI.area)
    assert on_grid(FIJI, DEGREES, pacific).bounds == (177, -19, 181, -16)
    assert on_grid(box(0, -15, 5, -12), DEGREES, pacific).is_empty


def test_edges_keep_their_true_course() -> None:
    """A parallel is an arc in UTM: its middle lies far from the straight line between the corners."""
    utm = GeoBox((30000, 60000), Affine(10, 0, 200_000, 0, -10, 6_700_000), "EPSG:32633")
    zone = box(12.0, 58.0, 18.0, 60.0)
    moved = on_grid(zone, DEGREES, utm)
    transformer = Transformer.from_crs("EPSG:4326", "EPSG:32633", always_xy=True)
    for longitude in np.linspace(12.001, 17.999, 37):
        x, y = transformer.transform(longitude, 60.0)
        assert moved.boundary.distance(shapely.Point(x, y)) < 0.1
    chord = shapely.LineString([transformer.transform(12.0, 60.0), transformer.transform(18.0, 60.0)])
    assert chord.distance(shapely.Point(*transformer.transform(15.0, 60.0))) > 3000


def test_a_world_wide_polygon_is_cut_before_it_is_projected() -> None:
    utm = GeoBox((100, 100), Affine(1000, 0, 450_000, 0, -1000, 5_000_000), "EPSG:32633")
    moved = on_grid(box(-180, -90, 180, 90), DEGREES, utm)
    assert np.isfinite(shapely.get_coordinates(moved)).all()
    assert moved.covers(box(*utm.boundingbox))


def test_a_polygon_on_the_other_side_of_the_earth_does_not_fold_onto_the_grid() -> None:
    utm = GeoBox((100, 100), Affine(1000, 0, 450_000, 0, -1000, 5_000_000), "EPSG:32633")
    assert on_grid(box(-170, -50, -160, -40), DEGREES, utm).is_empty


def test_a_projected_grid_across_the_date_line_meets_both_sides() -> None:
    utm1 = GeoBox((300, 900), Affine(1000, 0, 0, 0, -1000, 8_200_000), "EPSG:32701")
    moved = on_grid(FIJI, DEGREES, utm1)
    transformer = Transformer.from_crs("EPSG:4326", "EPSG:32701", always_xy=True)
    for longitude in (179.5, -179.5):
        assert moved.contains(shapely.Point(*transformer.transform(longitude, -16.5)))


def test_a_grid_around_a_pole_keeps_the_pole() -> None:
    arctic = GeoBox((200, 200), Affine(10_000, 0, -1e6, 0, -10_000, 1e6), "EPSG:3413")
    moved = on_grid(box(-180, 85, 180, 90), DEGREES, arctic)
    ring = Transformer.from_crs("EPSG:4326", "EPSG:3413", always_xy=True).transform(45.0, 85.0)
    radius = float(np.hypot(*ring))
    assert moved.area == pytest.approx(np.pi * radius**2, rel=1e-3)


def test_a_grid_without_crs_is_refused() -> None:
    with pytest.raises(GridMismatchError, match="expected a grid with a CRS"):
        on_grid(box(0, 0, 1, 1), DEGREES, GeoBox((2, 2), Affine.identity(), None))


def test_only_polygons_stay() -> None:
    mixed = shapely.GeometryCollection([box(0, 0, 1, 1), shapely.LineString([(0, 0), (5, 5)]), shapely.Point(9, 9)])
    assert polygons_of(mixed).equals(box(0, 0, 1, 1))
    assert polygons_of(shapely.LineString([(0, 0), (5, 5)])).is_empty
