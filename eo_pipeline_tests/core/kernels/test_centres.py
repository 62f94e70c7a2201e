"""Pixels by their centre, against rasterio.features.rasterize on the same windows as rasterstats takes."""

import math

import numpy as np
import pytest
import shapely
from affine import Affine
from hypothesis import HealthCheck, given, settings
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from rasterio.features import rasterize
from shapely.geometry.base import BaseGeometry

from eo_pipeline.core.kernels.centres import centre_runs
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.core.zonal.outlines import outlines_of
from eo_pipeline_tests.core.kernels.polygons import bounds, grids, on_map, painted, pieces, shapes

FIRST = np.zeros(1, np.int64)


def window_of(shape: BaseGeometry, grid: GeoBox) -> tuple[Rectangle, Affine]:
    """The window of a polygon and its affine, as rasterstats' io.py computes them."""
    west, south, east, north = shape.bounds
    affine = grid.affine
    rows = sorted([(north - affine.f) / affine.e, (south - affine.f) / affine.e])
    columns = (west - affine.c) / affine.a, (east - affine.c) / affine.a
    window = Rectangle(math.floor(rows[0]), math.floor(columns[0]), math.ceil(rows[1]), math.ceil(columns[1]))
    x, y = affine @ (window.column_start, window.row_start)
    return window, Affine(affine.a, 0, x, 0, affine.e, y)


def burned(shape: BaseGeometry, window: Rectangle, affine: Affine, *, all_touched: bool = False) -> NDArray[np.uint8]:
    if not window.pixels:
        return np.zeros((window.height, window.width), "uint8")
    mask: NDArray[np.uint8] = rasterize(
        [(shape, 1)],
        out_shape=(window.height, window.width),
        transform=affine,
        dtype="uint8",
        all_touched=all_touched,
    )
    return mask


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(grid=grids(), shape=shapes().filter(lambda shape: not shape.is_empty))
def test_pixels_are_those_that_gdal_burns(grid: GeoBox, shape: BaseGeometry) -> None:
    shape = on_map(shape, grid)
    window, affine = window_of(shape, grid)
    outlines = outlines_of([shape], grid)
    assert outlines.windows[0].tolist() == bounds(window).tolist()
    expected = burned(shape, window, affine)
    assert np.array_equal(painted(centre_runs(outlines, FIRST, bounds(window)), window), expected)
    for piece in pieces(window):
        cut = expected[piece.shifted(rows=-window.row_start, columns=-window.column_start).slices]
        assert np.array_equal(painted(centre_runs(outlines, FIRST, bounds(piece)), piece), cut)


@pytest.mark.parametrize("down", [-1, 1])
@pytest.mark.parametrize("reverse", [False, True])
def test_edges_on_centres_belong_where_gdal_puts_them(down: int, reverse: bool) -> None:
    grid = GeoBox((8, 8), Affine(1, 0, 0, 0, down, 0), "EPSG:32633")
    ring = [(1.5, 1.5), (6.5, 1.5), (6.5, 6.5), (1.5, 6.5)]
    hole = [(2.5, 2.5), (4.5, 2.5), (4.5, 4.5), (2.5, 4.5)]
    shape = on_map(shapely.Polygon(ring, [hole]), grid)
    shape = shapely.reverse(shape) if reverse else shape
    window, affine = window_of(shape, grid)
    got = painted(centre_runs(outlines_of([shape], grid), FIRST, bounds(window)), window)
    assert np.array_equal(got, burned(shape, window, affine))
    assert (got[1, 1], got[2, 2]) == (1, 0), "the hole is there"


def test_a_circle_of_many_vertices_is_burned_alike() -> None:
    grid = GeoBox((900, 900), Affine(10, 0, 5e5, 0, -10, 5e6), "EPSG:32633")
    shape = shapely.Point(504_500, 4_995_500).buffer(4_000, quad_segs=5000)
    window, affine = window_of(shape, grid)
    got = painted(centre_runs(outlines_of([shape], grid), FIRST, bounds(window)), window)
    assert np.array_equal(got, burned(shape, window, affine))


def test_many_zones_have_their_own_runs_and_empty_ones_none() -> None:
    grid = GeoBox((20, 20), Affine(1, 0, 0, 0, -1, 20), "EPSG:32633")
    some = [shapely.box(0, 0, 3, 3), shapely.Polygon(), shapely.box(2, 2, 5, 4), shapely.box(50, 50, 60, 60)]
    runs = centre_runs(outlines_of(some, grid), np.array([3, 2, 1, 0]), np.array([0, 0, 20, 20]))
    lengths = [runs.lengths[start:stop].sum() for start, stop in zip(runs.offsets[:-1], runs.offsets[1:], strict=True)]
    assert lengths == [0, 6, 0, 9]
