"""Covered shares, against shapely's intersections with every pixel and against exactextract."""

from itertools import pairwise

import geopandas
import numpy as np
import pytest
import shapely
from affine import Affine
from exactextract import exact_extract  # type: ignore[import-untyped]  # it ships no types
from exactextract.raster import NumPyRasterSource  # type: ignore[import-untyped]  # it ships no types
from hypothesis import HealthCheck, assume, given, settings
from numpy.typing import NDArray
from odc.geo.crs import CRS
from odc.geo.geobox import GeoBox
from shapely.geometry.base import BaseGeometry

from eo_pipeline.core.kernels.coverage import cover_runs
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.core.zonal.outlines import outlines_of
from eo_pipeline_tests.core.kernels.polygons import HEIGHT, WIDTH, bounds, grids, on_map, painted, pieces, shapes

FIRST = np.zeros(1, np.int64)
FRAME = Rectangle(0, 0, HEIGHT, WIDTH)
COLUMNS, ROWS = np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT))
CELLS = shapely.box(COLUMNS, ROWS, COLUMNS + 1, ROWS + 1)
GRID = shapely.box(0, 0, WIDTH, HEIGHT)


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(grid=grids(), shape=shapes())
def test_shares_are_those_of_intersections(grid: GeoBox, shape: BaseGeometry) -> None:
    expected = shapely.area(shapely.intersection(CELLS, shape))
    assume(expected.sum() == pytest.approx(shapely.area(shapely.intersection(shape, GRID)), abs=1e-6))  # GEOS can err
    outlines = outlines_of([on_map(shape, grid)], grid)
    got = painted(cover_runs(outlines, FIRST, bounds(FRAME)), FRAME)
    assert np.abs(got - expected).max() < 1e-8
    assert got.max(initial=0) <= 1
    for piece in pieces(FRAME):
        part = painted(cover_runs(outlines, FIRST, bounds(piece)), piece)
        assert np.abs(part - got[piece.slices]).max() < 1e-12


def test_shares_are_those_of_exactextract() -> None:
    random = np.random.default_rng(5)
    grid = GeoBox((HEIGHT, WIDTH), Affine(10, 0, 5e5, 0, -10, 5e6), "EPSG:32633")
    made = [on_map(_star(random), grid) for _ in range(200)]
    raster = NumPyRasterSource(
        np.zeros((HEIGHT, WIDTH)), 5e5, 5e6 - 10 * HEIGHT, 5e5 + 10 * WIDTH, 5e6, srs_wkt=CRS("EPSG:32633").to_wkt()
    )
    table = exact_extract(
        raster, geopandas.GeoDataFrame(geometry=made, crs=32633), ["coverage", "cell_id"], output="pandas"
    )
    runs = cover_runs(outlines_of(made, grid), np.arange(len(made)), bounds(FRAME))
    for number, (start, stop) in enumerate(pairwise(runs.offsets)):
        expected = np.zeros(HEIGHT * WIDTH)
        expected[table.cell_id[number]] = table.coverage[number]
        mine = runs._replace(
            starts=runs.starts[start:stop], lengths=runs.lengths[start:stop], shares=runs.shares[start:stop]
        )
        assert np.abs(painted(mine, FRAME).ravel() - expected).max() < 1e-6


def _star(random: np.random.Generator) -> BaseGeometry:
    """A polygon around a place in or beside the grid, of a hundredth of a pixel to forty, some with a hole."""
    angles = np.sort(random.uniform(0, 2 * np.pi, random.integers(5, 40)))
    radius = 10 ** random.uniform(-2, 1.6)
    away = np.stack([np.cos(angles), np.sin(angles)], axis=1) * random.uniform(0.5, 1, (angles.size, 1))
    place = random.uniform((0, 0), (WIDTH, HEIGHT))
    holes = [place + radius * away[::-1] / 3] if random.integers(2) else []
    return shapely.make_valid(shapely.Polygon(place + radius * away, holes)).buffer(0)


@pytest.mark.parametrize("reverse", [False, True])
def test_whole_pixels_are_one_run_a_row_of_share_1(reverse: bool) -> None:
    grid = GeoBox((10, 10), Affine(0.1, 0, -17.3, 0, -0.1, 44.2), "EPSG:4326")
    shape = on_map(shapely.Polygon([(2, 1), (8, 1), (8, 5), (2, 5)], [[(4, 2), (5, 2), (5, 3), (4, 3)]]), grid)
    runs = cover_runs(
        outlines_of([shapely.reverse(shape) if reverse else shape], grid), FIRST, np.array([0, 0, 10, 10])
    )
    assert runs.shares == pytest.approx(1, abs=1e-9)
    assert runs.lengths.sum() == 23


def test_a_zone_of_a_billionth_of_a_pixel_still_has_its_pixel() -> None:
    grid = GeoBox((10, 10), Affine(1, 0, 0, 0, -1, 10), "EPSG:32633")
    runs = cover_runs(
        outlines_of([shapely.box(3.5, 3.5, 3.5 + 2**-15, 3.5 + 2**-15)], grid), FIRST, np.array([0, 0, 10, 10])
    )
    assert (runs.starts.tolist(), runs.shares.tolist()) == ([63], [2.0**-30])


def covered(shape: BaseGeometry, grid: GeoBox, window: Rectangle) -> NDArray[np.float64]:
    return painted(cover_runs(outlines_of([shape], grid), FIRST, bounds(window)), window)


def test_a_zone_over_the_grids_edges_is_covered_beyond_them_too() -> None:
    grid = GeoBox((4, 4), Affine(1, 0, 0, 0, -1, 4), "EPSG:32633")
    shape = shapely.box(-2.5, -2.5, 1.5, 1.5)
    window = Rectangle(2, -3, 7, 2)
    expected = np.outer([0.5, 1, 1, 1, 0.5], [0.5, 1, 1, 1, 0.5])
    assert np.allclose(covered(shape, grid, window), expected, rtol=0, atol=1e-15)
