"""Which area and pixel a point belongs to: against rasterio's own index and plain geometry."""

import numpy as np
import shapely
from affine import Affine
from odc.geo.geobox import GeoBox
from rasterio.transform import rowcol

from eo_pipeline.core.grids import Area
from eo_pipeline.core.points.places import NOWHERE, Points, owners, pixels_of

RNG = np.random.default_rng(5)
UTM = "EPSG:32633"


def points(x: object, y: object) -> Points:
    east, north = np.asarray(x, float), np.asarray(y, float)
    return Points(np.array([f"p{number}" for number in range(len(east))], dtype=object), east, north)


def area(key: str, left: float, top: float, side: int, *, crs: str = UTM, step: float = 10.0) -> Area:
    return Area(key, GeoBox((side, side), Affine(step, 0, left, 0, -step, top), crs), key)


def test_pixels_are_those_that_rasterio_finds() -> None:
    geobox = area("a", 500_000, 5_200_000, 50).geobox
    some = points(RNG.uniform(499_800, 500_800, 500), RNG.uniform(5_199_300, 5_200_200, 500))
    found = pixels_of(some, geobox)
    rows, columns = rowcol(geobox.affine, some.x, some.y)
    np.testing.assert_array_equal(found.rows, rows)
    np.testing.assert_array_equal(found.columns, columns)
    inside = shapely.contains_xy(shapely.box(500_000, 5_199_500, 500_500, 5_200_000), some.x, some.y)
    np.testing.assert_array_equal(found.inside, inside)
    corner = pixels_of(points([500_000, 500_010, 500_500], [5_200_000, 5_199_990, 5_199_500]), geobox)
    assert (corner.rows.tolist(), corner.columns.tolist()) == ([0, 1, 50], [0, 1, 50])
    assert corner.inside.tolist() == [True, True, False]


def test_longitudes_count_modulo_a_turn() -> None:
    geobox = area("a", 178, -16, 40, crs="EPSG:4326", step=0.1).geobox
    found = pixels_of(points([-179.95, 180.05, 178.05, 0], [-16.05, -16.05, -16.05, -16.05]), geobox)
    assert found.columns[:3].tolist() == [20, 20, 0]
    assert found.inside.tolist() == [True, True, True, False]


def test_a_point_between_cells_belongs_to_one_of_them() -> None:
    areas = {one.key: one for one in (area("a", 0, 1000, 50), area("b", 500, 1000, 50))}
    found = owners(points([499.9, 500.0, 750, 2000], [900, 900, 1000, 900]), areas, {})
    assert found.tolist() == [0, 1, 1, NOWHERE]


def test_a_point_belongs_to_the_feature_that_holds_it_not_to_its_neighbours_box() -> None:
    west = shapely.Polygon([(0, 1000), (0, 0), (1000, 0)])
    east = shapely.Polygon([(0, 1000), (1000, 1000), (1000, 0)])
    areas = {"east": area("east", 0, 1000, 100), "west": area("west", 0, 1000, 100)}
    some = points(RNG.uniform(0, 999, 300), RNG.uniform(1, 1000, 300))
    found = owners(some, areas, {"east": east, "west": west})
    np.testing.assert_array_equal(found, np.where(some.x + some.y > 1000, 0, 1))
    border = owners(points([500], [500]), areas, {"east": east, "west": west})
    assert border.tolist() == [0]
