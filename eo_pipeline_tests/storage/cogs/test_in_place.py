"""Large rasters are written in place, after room for overviews, and anew if that is too little."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import tifffile
from rio_cogeo.cogeo import cog_validate

from eo_pipeline.core.rectangles import windows
from eo_pipeline.storage.cogs.reserve import sample
from eo_pipeline.storage.cogs.spec import CogSpec
from eo_pipeline.storage.cogs.write_cog import write_cog
from eo_pipeline_tests.raster_files import grid, read_raster
from eo_pipeline_tests.storage.cogs.arrays import ArraySource, bands_of


def written(path: Path, pixels: Any, *, big: bool = False) -> None:
    spec = CogSpec(grid(*pixels.shape[1:]), bands_of(pixels.dtype.name, pixels.shape[0]), {}, "zstd", block=16)
    write_cog(path, spec, ArraySource(pixels), threads=3, max_memory_mb=1, big=big)


def check_laid_out(path: Path) -> int:
    """Blocks by tifffile: levels from the smallest on, each row by row, framed, without gaps within a level.

    Returns the bytes between overviews and the raster's own blocks.
    """
    data, gaps = path.read_bytes(), []
    with tifffile.TiffFile(path) as file:
        pages = [list(zip(page.dataoffsets, page.databytecounts, strict=True)) for page in reversed(file.pages)]
    blocks = [(place, size) for page in pages for place, size in page if size]
    for place, size in blocks:
        assert int.from_bytes(data[place - 4 : place], "little") == size
        assert data[place + size : place + size + 4] == data[place + size - 4 : place + size]
    for (place, size), (following, _) in pairwise(blocks):
        gaps.append(following - 4 - (place + size + 4))
    first = sum(size > 0 for page in pages[:-1] for _, size in page)
    assert all(gap == 0 for number, gap in enumerate(gaps) if number != first - 1)
    assert blocks[-1][0] + blocks[-1][1] + 4 == len(data)
    return gaps[first - 1]


def check_pixels(path: Path, pixels: Any) -> None:
    """Of the raster, and of the first overview where means are of pairs; and rio-cogeo's and GDAL's words for it."""
    assert np.array_equal(read_raster(path), pixels)
    assert cog_validate(path, strict=True, quiet=True) == (True, [], [])
    with rasterio.open(path) as dataset:
        assert dataset.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
    _, height, width = pixels.shape
    if height % 2 == width % 2 == 0:
        total = sum(pixels[:, y::2, x::2].astype("int64") for y in (0, 1) for x in (0, 1))
        with rasterio.open(path, overview_level=0) as overview:
            assert np.array_equal(overview.read(), (total + 2) // 4)


def noise(height: int, width: int) -> Any:
    return np.random.default_rng(0).integers(100, 200, (2, height, width)).astype("uint16")


@pytest.mark.parametrize("shape", [(256, 512), (255, 511), (37, 2000), (512, 32 * 7)])
@pytest.mark.parametrize("big", [False, True])
def test_in_place_is_a_cog_whose_hole_is_small(tmp_path: Path, shape: tuple[int, int], big: bool) -> None:
    pixels, path = noise(*shape), tmp_path / "c.tif"
    written(path, pixels, big=big)
    check_pixels(path, pixels)
    hole = check_laid_out(path)
    assert 0 < hole < 0.05 * path.stat().st_size + 100


def test_sparse_blocks_stay_sparse(tmp_path: Path) -> None:
    pixels, path = noise(256, 512), tmp_path / "c.tif"
    pixels[:, :100] = 0
    pixels[:, :, 333:] = 0
    written(path, pixels)
    check_laid_out(path)
    assert np.array_equal(read_raster(path), pixels)
    with tifffile.TiffFile(path) as file:
        assert sum(size > 0 for size in file.pages[0].databytecounts) == 10 * 21


def test_overviews_that_are_larger_than_the_sample_said_are_written_all_the_same(tmp_path: Path) -> None:
    """Only windows of no sample have values, so that there is no room at all."""
    pixels, path = noise(256, 512), tmp_path / "c.tif"
    for window in sample(list(windows(height=256, width=512, rows=32, columns=32))):
        pixels[:, *window.slices] = 0
    written(path, pixels)
    assert np.array_equal(read_raster(path), pixels)
    assert cog_validate(path, strict=True, quiet=True) == (True, [], [])
    assert check_laid_out(path) == 0
    assert [left.name for left in tmp_path.iterdir()] == ["c.tif"]
