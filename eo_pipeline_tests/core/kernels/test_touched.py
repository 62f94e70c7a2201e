"""Touched pixels, against rasterio.features.rasterize on the same windows as rasterstats takes."""

import numpy as np
import pytest
import shapely
from affine import Affine
from hypothesis import HealthCheck, given, settings
from odc.geo.geobox import GeoBox
from shapely.geometry.base import BaseGeometry

from eo_pipeline.core.kernels.touched import touched_runs
from eo_pipeline.core.zonal.outlines import outlines_of
from eo_pipeline_tests.core.kernels.polygons import bounds, grids, on_map, painted, pieces, shapes
from eo_pipeline_tests.core.kernels.test_centres import FIRST, burned, window_of


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(grid=grids(), shape=shapes().filter(lambda shape: not shape.is_empty))
def test_pixels_are_those_that_gdal_burns(grid: GeoBox, shape: BaseGeometry) -> None:
    shape = on_map(shape, grid)
    window, affine = window_of(shape, grid)
    outlines = outlines_of([shape], grid)
    expected = burned(shape, window, affine, all_touched=True)
    assert np.array_equal(painted(touched_runs(outlines, FIRST, bounds(window)), window), expected)
    for piece in pieces(window):
        cut = expected[piece.shifted(rows=-window.row_start, columns=-window.column_start).slices]
        assert np.array_equal(painted(touched_runs(outlines, FIRST, bounds(piece)), piece), cut)


@pytest.mark.parametrize("shift", [0.0, 0.25, 0.5, 1e-5, -1e-5, 0.999])
@pytest.mark.parametrize("down", [-1, 1])
def test_upright_and_level_edges_on_borders_and_beside_them_are_burned_alike(shift: float, down: int) -> None:
    grid = GeoBox((12, 12), Affine(1, 0, 0, 0, down, 0), "EPSG:32633")
    hole = shapely.box(4 + shift, 4 + shift, 7, 7)
    shape = on_map(shapely.difference(shapely.box(2 + shift, 2 + shift, 9 - shift, 9), hole), grid)
    window, affine = window_of(shape, grid)
    got = painted(touched_runs(outlines_of([shape], grid), FIRST, bounds(window)), window)
    assert np.array_equal(got, burned(shape, window, affine, all_touched=True))


def test_a_circle_of_many_vertices_is_burned_alike() -> None:
    grid = GeoBox((900, 900), Affine(10, 0, 5e5, 0, -10, 5e6), "EPSG:32633")
    shape = shapely.Point(504_500, 4_995_500).buffer(4_000, quad_segs=5000)
    window, affine = window_of(shape, grid)
    got = painted(touched_runs(outlines_of([shape], grid), FIRST, bounds(window)), window)
    assert np.array_equal(got, burned(shape, window, affine, all_touched=True))
