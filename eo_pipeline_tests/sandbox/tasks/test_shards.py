import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eo_pipeline.sandbox.graph.grids import Grid
from eo_pipeline.sandbox.tasks.shards import Shard, cut, default_side, windows

SIDES = st.integers(1, 40)


@given(width=SIDES, height=SIDES, wide=SIDES, high=SIDES)
def test_shards_cover_every_pixel_once(width: int, height: int, wide: int, high: int) -> None:
    grid = Grid("EPSG:32633", (10.0, 0.0, 500000.0, 0.0, -10.0, 5300000.0), width, height)
    covered = np.zeros((height, width), int)
    for shard in cut(grid, width=wide, height=high):
        assert shard.grid.width <= wide
        assert shard.grid.height <= high
        assert shard.grid.transform[2] == 500000 + 10 * shard.column
        assert shard.grid.transform[5] == 5300000 - 10 * shard.row
        covered[shard.row : shard.row + shard.grid.height, shard.column : shard.column + shard.grid.width] += 1
    assert (covered == 1).all()


def test_windows_are_at_most_the_side() -> None:
    grid = Grid("EPSG:4326", (1.0, 0.0, 0.0, 0.0, -1.0, 0.0), 5, 3)
    assert [(x, y, part.width, part.height) for x, y, part in windows(grid, 4)] == [(0, 0, 4, 3), (4, 0, 1, 3)]


def test_names_have_the_row_first_with_ten_digits() -> None:
    shard = Shard(1024, 512, Grid("EPSG:4326", (1.0, 0.0, 0.0, 0.0, -1.0, 0.0), 1, 1))
    assert shard.name("p/x", alone=False) == "p/x-0000000512-0000001024.tif"
    assert shard.name("p/x", alone=True) == "p/x.tif"


@pytest.mark.parametrize(("pixel_bytes", "side"), [(1, 46592), (4, 23296), (8, 16384), (3, 26880)])
def test_default_files_hold_at_least_the_bytes_said(pixel_bytes: int, side: int) -> None:
    """46592 and 23296 are offsets often met in public file names of Byte and Float32 exports."""
    assert default_side(file_bytes=2**31, pixel_bytes=pixel_bytes, shard_size=256) == side
