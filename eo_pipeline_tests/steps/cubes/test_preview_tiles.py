"""A coarse look at small archives of tiles; expected pixels come from the whole, cut by plain numpy."""

from pathlib import Path

import numpy as np
import pytest
import rasterio
from numpy.typing import NDArray
from rasterio.enums import Resampling

from eo_pipeline.errors import SourceError
from eo_pipeline.steps.cubes.preview_tiles import preview_tiles
from eo_pipeline.steps.previews.preview import Preview
from eo_pipeline_tests.steps.cubes.glad import CLASSES, YEAR, archive_in, globe, place, random_classes, write_tile

SIDE, DEGREES, ROWS, COLUMNS = 40, 5, 3, 4
WITHOUT = (1, 2)


@pytest.fixture
def whole(tmp_path: Path) -> NDArray[np.uint8]:
    """Tiles but one and one far away; gives all pixels, 255 where there is none."""
    made = np.full((ROWS * SIDE, COLUMNS * SIDE), 255, np.uint8)
    for row, column in [*np.ndindex(ROWS, COLUMNS), (10, 10)]:
        if (row, column) == WITHOUT:
            continue
        pixels = random_classes(SIDE, SIDE, row * 10 + column)
        write_tile(file_of(tmp_path, row, column), pixels, north=80 - row * DEGREES, west=column * DEGREES - 180)
        if row < ROWS:
            made[row * SIDE : (row + 1) * SIDE, column * SIDE : (column + 1) * SIDE] = pixels
    return made


def file_of(folder: Path, row: int, column: int) -> Path:
    return folder / "2000" / f"{place(row, column, degrees=DEGREES)}.tif"


def preview(folder: Path, side: int) -> Preview:
    geobox = globe(ROWS * SIDE, COLUMNS * SIDE, chunk=16, shard=32).geobox
    return preview_tiles([CLASSES], geobox, YEAR.parse("2000"), archive_in(folder), side=side)


def test_every_so_manieth_pixel_is_shown(tmp_path: Path, whole: NDArray[np.uint8]) -> None:
    found = preview(tmp_path, 32)
    assert found.images == ROWS * COLUMNS - 1
    assert (tuple(found.geobox.shape), found.geobox.resolution.x) == ((24, 32), 0.625)
    np.testing.assert_array_equal(found.pixels["classes"], whole[2::5, 2::5])
    assert found.summaries[0].valid_share == pytest.approx(1 - 1 / 12)
    np.testing.assert_array_equal(preview(tmp_path, 160).pixels["classes"], whole)


@pytest.mark.parametrize("side", [54, 23, 9])
def test_where_tiles_end_within_a_pixel_it_is_one_of_those_around_its_middle(
    tmp_path: Path, whole: NDArray[np.uint8], side: int
) -> None:
    found, times = preview(tmp_path, side).pixels["classes"], -(-COLUMNS * SIDE // side)
    around = np.pad(whole, times, mode="edge")
    for row, column in np.ndindex(found.shape):
        y, x = row * times + times // 2, column * times + times // 2
        if y < whole.shape[0] and x < whole.shape[1]:
            near = around[y + times // 2 : y + 2 * times + 1, x + times // 2 : x + 2 * times + 1]
            assert found[row, column] in near
            assert (found[row, column] == 255) == (whole[y, x] == 255)


def test_overviews_are_read_where_there_are_some(tmp_path: Path, whole: NDArray[np.uint8]) -> None:
    path = file_of(tmp_path, 0, 0)
    with rasterio.open(path, "r+") as file:
        file.build_overviews([4], Resampling.nearest)
    with rasterio.open(path, "r+", overview_level=0) as file:
        file.write(np.full((10, 10), 77, np.uint8), 1)
    found = preview(tmp_path, 32).pixels["classes"]
    assert (found[:8, :8] == 77).all()
    np.testing.assert_array_equal(found[8:], whole[42::5, 2::5])


def test_tiles_that_break_off_are_all_named(tmp_path: Path, whole: NDArray[np.uint8]) -> None:
    for row, column in ((0, 0), (2, 3)):
        path = file_of(tmp_path, row, column)
        path.write_bytes(path.read_bytes()[:-700])
    with pytest.raises(SourceError, match=r"expected readable tiles of .*, got 2 that cannot be read") as caught:
        preview(tmp_path, 32)
    assert "80N_180W.tif" in str(caught.value)
    assert "70N_165W.tif" in str(caught.value)
