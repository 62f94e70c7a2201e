"""Which pixels a tile in another CRS covers, against shapely's points in polygons and pyproj."""

import numpy as np
import pytest
import shapely
from affine import Affine
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from odc.geo.geobox import GeoBox
from pyproj import Transformer

from eo_pipeline.core.mosaics import plan_mosaic
from eo_pipeline.core.mosaics.warping import footprint, surrounding, warps_of, without_centres
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.errors import GridMismatchError

HEIGHT, WIDTH = 40, 50
UTM = GeoBox((300, 400), Affine(30, 0, 700_000, 0, -30, 6_000_000), "EPSG:32632")
DEGREES = GeoBox((200, 300), Affine(0.0005, 0, 12.0, 0, -0.0005, 54.1), "EPSG:4326")

corner = st.tuples(st.floats(-10, 60), st.floats(-10, 50))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(corner, min_size=3, max_size=5, unique=True), min_size=1, max_size=3))
def test_open_pixels_are_those_whose_centres_lie_in_no_outline(corners: list[list[tuple[float, float]]]) -> None:
    shapes = [shapely.MultiPoint(points).convex_hull for points in corners]
    assume(all(shape.geom_type == "Polygon" and shape.area > 1 for shape in shapes))
    halves = [Rectangle(0, 0, HEIGHT, 17), Rectangle(0, 17, HEIGHT, WIDTH)]
    found = np.zeros((HEIGHT, WIDTH), int)
    for part in without_centres(halves, shapes):
        found[part.slices] += 1
    rows, columns = np.mgrid[:HEIGHT, :WIDTH] + 0.5
    covered, edges = shapely.union_all(shapes), shapely.union_all([shape.boundary for shape in shapes])
    clear = shapely.distance(shapely.points(columns, rows), edges) > 0.1
    assert np.array_equal(found[clear], (~shapely.contains_xy(covered, columns, rows)).astype(int)[clear])
    assert found.max() <= 1, "rectangles are disjoint"


@pytest.mark.parametrize(("tile", "target"), [(UTM, DEGREES), (DEGREES, UTM)], ids=["onto degrees", "from degrees"])
def test_an_outline_is_where_pyproj_puts_its_corners(tile: GeoBox, target: GeoBox) -> None:
    outline = footprint(tile, target)
    height, width = tile.shape
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height), (width / 2, 0)], float)
    x, y = tile.affine.c + corners[:, 0] * tile.affine.a, tile.affine.f + corners[:, 1] * tile.affine.e
    x, y = Transformer.from_crs(str(tile.crs), str(target.crs), always_xy=True).transform(x, y)
    column, row = (x - target.affine.c) / target.affine.a, (y - target.affine.f) / target.affine.e
    inside = (np.abs(column - target.shape[1] / 2) < target.shape[1] * 0.55) & (
        np.abs(row - target.shape[0] / 2) < target.shape[0] * 0.55
    )
    assert inside.any()
    away = shapely.distance(shapely.points(column, row), outline.boundary)
    assert away[inside].max() < 0.02


def test_an_outline_elsewhere_is_empty() -> None:
    far = GeoBox((100, 100), Affine(0.01, 0, -60, 0, -0.01, 10), "EPSG:4326")
    assert surrounding(footprint(far, UTM)).pixels == 0
    assert plan_mosaic([far], UTM, warps=True).placements == ()


def test_the_scale_is_the_tile_s_pixels_in_one_of_the_target_s() -> None:
    coarse = GeoBox((30, 40), Affine(300, 0, 700_000, 0, -150, 6_000_000), "EPSG:32632")
    (warp,) = warps_of(UTM, coarse, Rectangle(0, 0, 30, 40))
    assert warp.turn == 0
    assert warp.scale == pytest.approx((10, 5))


def test_grids_without_a_crs_are_refused() -> None:
    bare = GeoBox((10, 10), Affine(1, 0, 0, 0, -1, 0), None)
    with pytest.raises(GridMismatchError, match="expected a grid with a CRS, got"):
        footprint(bare, UTM)
