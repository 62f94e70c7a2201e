"""Blocks of pixels, the order of zones, and outlines of zones that are empty, many, or on a turned grid."""

import numpy as np
import pytest
import shapely
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from eo_pipeline.core.kernels.coverage import cover_runs
from eo_pipeline.core.zonal.blocks import block_shape, plan_blocks
from eo_pipeline.core.zonal.curve import along_the_curve
from eo_pipeline.core.zonal.outlines import outlines_of


@pytest.mark.parametrize(
    ("stored", "grid", "expected"),
    [
        ((512, 512), (8000, 8000), (1024, 1024)),
        ((256, 256), (300, 300), (512, 512)),
        ((1, 8000), (8000, 8000), (128, 8000)),
        ((64, 200), (64, 200), (64, 200)),
        ((2048, 2048), (8000, 8000), (2048, 2048)),
    ],
)
def test_blocks_hold_whole_stored_blocks(
    stored: tuple[int, int], grid: tuple[int, int], expected: tuple[int, int]
) -> None:
    assert block_shape(stored, grid, pixels=2**20) == expected


def squares(corners: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.concatenate([corners, corners + 1], axis=1)


def test_neighbours_follow_each_other_along_the_curve() -> None:
    corners = np.stack(np.meshgrid(np.arange(16), np.arange(16)), axis=-1).reshape(-1, 2) - 5
    ordered = corners[np.argsort(along_the_curve(squares(corners)))]
    assert set(np.abs(np.diff(ordered, axis=0)).sum(axis=1)) == {1}


def test_windows_far_apart_have_an_order() -> None:
    places = along_the_curve(squares(np.array([[0, 0], [2**40, 2**40], [-(2**40), 2**39]])))
    assert len(set(places.tolist())) == 3


def test_blocks_follow_the_curve() -> None:
    corners = np.stack(np.meshgrid(np.arange(8), np.arange(8)), axis=-1).reshape(-1, 2) * 10
    blocks = plan_blocks(squares(corners), rows=10, columns=10)
    visited = np.array([(block.window.row_start, block.window.column_start) for block in blocks]) // 10
    assert len(visited) == 64
    assert set(np.abs(np.diff(visited, axis=0)).sum(axis=1)) == {1}


def test_no_zones_and_empty_ones_have_outlines_without_pixels() -> None:
    grid = GeoBox((10, 10), Affine(1, 0, 0, 0, -1, 10), "EPSG:32633")
    assert outlines_of([], grid).windows.shape == (0, 4)
    some = outlines_of([shapely.Polygon(), shapely.GeometryCollection(), shapely.box(2, 2, 4, 4)], grid)
    assert some.windows.tolist() == [[0, 0, 0, 0], [0, 0, 0, 0], [6, 2, 8, 4]]
    assert cover_runs(some, np.arange(3), np.array([0, 0, 10, 10])).offsets.tolist() == [0, 0, 0, 2]


def test_a_turned_grid_covers_alike() -> None:
    """The same square seen from a grid turned by 30 degrees covers as much."""
    grid = GeoBox((40, 40), Affine.rotation(30) @ Affine.scale(0.5, -0.5) @ Affine.translation(-20, -20), "EPSG:32633")
    outlines = outlines_of([shapely.box(-3, -2, 4, 3)], grid)
    runs = cover_runs(outlines, np.zeros(1, np.int64), outlines.windows[0])
    assert (runs.lengths * runs.shares).sum() * 0.25 == pytest.approx(35, rel=1e-12)
