"""Overlapping tiles on disk, against rasterio's own merge; windows of any size give the same pixels."""

import math
import tracemalloc
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from shutil import copy2
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from rasterio.merge import merge

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.mosaics import MosaicOptions, Overlap, plan_mosaic
from eo_pipeline.core.rectangles import Rectangle, windows
from eo_pipeline.steps.mosaics.make_mosaic import make_mosaic
from eo_pipeline.steps.mosaics.paint import Painter
from eo_pipeline.storage.cogs.raw_blocks import BlockFormat
from eo_pipeline.storage.raster_handles import RasterHandles
from eo_pipeline.storage.rasters import read_headers
from eo_pipeline_tests.raster_files import grid, read_raster, write_raster

HEIGHT, WIDTH = 1100, 1300
TARGET = grid(HEIGHT, WIDTH)
BANDS = [BandEncoding("a", "int16", nodata=-9999), BandEncoding("b", "int16", nodata=-9999)]
CORNERS = ((-20, -30), (400, 500), (380, -30), (-20, 480), (300, 300), (700, 900))
NO_COPIES = BlockFormat(512, "int16", 2, "none", 1)


def scattered(folder: Path, dtype: str = "int16", nodata: float = -9999) -> list[Path]:
    """Six tiles of 600 x 700 pixels on the target's lattice; many overlap, some reach beyond it, one corner is bare."""
    rng, paths = np.random.default_rng(3), []
    for number, (row, column) in enumerate(CORNERS):
        pixels = rng.integers(-500, 500, (2, 600, 700)).astype(dtype)
        pixels[rng.random(pixels.shape) < 0.3] = nodata
        place = grid(600, 700, left=5e5 + 10 * column, top=5e6 - 10 * row)
        paths.append(write_raster(folder / f"{number}.tif", place, pixels, nodata=nodata))
    return paths


def by_rasterio(paths: list[Path], overlap: str, nodata: float) -> NDArray[Any]:
    box = TARGET.boundingbox
    merged, _ = merge(paths, bounds=(box.left, box.bottom, box.right, box.top), method=overlap, nodata=nodata)
    found: NDArray[Any] = merged
    return found


@contextmanager
def painter(paths: list[Path], overlap: Overlap) -> Iterator[Painter]:
    headers = read_headers(paths)
    plan = plan_mosaic([header.geobox for header in headers.values()], TARGET)
    with RasterHandles() as handles:
        yield Painter(headers, plan, TARGET, BANDS, MosaicOptions(overlap), NO_COPIES, handles)


@pytest.mark.parametrize("overlap", ["first", "last", "min", "max"])
def test_rules_are_those_of_rasterio(tmp_path: Path, overlap: Overlap) -> None:
    paths = scattered(tmp_path)
    report = make_mosaic(
        paths, target=TARGET, bands=BANDS, path=tmp_path / "m.tif", tags={}, overlap=overlap, allow_gaps=True
    )
    assert np.array_equal(read_raster(report.path), by_rasterio(paths, overlap, -9999))
    assert report.tiles == 6
    assert report.gap_pixels > 0


def test_means_are_those_of_numpy(tmp_path: Path) -> None:
    paths = scattered(tmp_path)
    total, count = np.zeros((2, HEIGHT, WIDTH), "int64"), np.zeros((2, HEIGHT, WIDTH), "int64")
    for path in paths:
        alone = by_rasterio([path], "first", -9999)
        total += np.where(alone == -9999, 0, alone)
        count += alone != -9999
    wanted = np.where(count == 0, -9999, np.floor(total / np.maximum(count, 1) + 0.5))
    made = make_mosaic(
        paths, target=TARGET, bands=BANDS, path=tmp_path / "m.tif", tags={}, overlap="mean", allow_gaps=True
    )
    assert np.array_equal(read_raster(made.path), wanted)


def test_floats_with_nan_are_those_of_rasterio(tmp_path: Path) -> None:
    paths = scattered(tmp_path, "float32", math.nan)
    bands = [BandEncoding(name, "float32", nodata=math.nan) for name in "ab"]
    made = make_mosaic(
        paths, target=TARGET, bands=bands, path=tmp_path / "m.tif", tags={}, overlap="max", allow_gaps=True
    )
    assert np.array_equal(read_raster(made.path), by_rasterio(paths, "max", math.nan), equal_nan=True)


@pytest.mark.parametrize("overlap", ["first", "mean"])
def test_windows_of_any_size_in_any_thread_give_the_same_pixels(tmp_path: Path, overlap: Overlap) -> None:
    with painter(scattered(tmp_path), overlap) as source:
        whole = source.read(Rectangle(0, 0, HEIGHT, WIDTH))
        parts = list(windows(height=HEIGHT, width=WIDTH, rows=170, columns=90))
        with ThreadPoolExecutor(4) as pool:
            for part, pixels in zip(parts, pool.map(source.read, parts), strict=True):
                assert np.array_equal(pixels, whole[:, *part.slices])


def test_only_windows_that_no_tile_touches_are_empty(tmp_path: Path) -> None:
    with painter(scattered(tmp_path), "first") as source:
        parts = list(windows(height=HEIGHT, width=WIDTH, rows=100, columns=100))
        empty = [part for part in parts if source.is_empty(part)]
        assert empty
        assert all((source.read(part) == -9999).all() for part in empty)
        assert all((source.read(part) != -9999).any() for part in parts if part not in empty)


@pytest.mark.parametrize("overlap", ["first", "max", "mean"])
def test_memory_is_that_of_the_window_however_many_tiles_overlap(tmp_path: Path, overlap: Overlap) -> None:
    paths = scattered(tmp_path)
    paths += [Path(copy2(path, path.with_stem(f"{path.stem}_{again}"))) for path in paths for again in (1, 2)]
    with painter(paths, overlap) as source:
        source.read(Rectangle(0, 0, 64, 64))  # compiles
        tracemalloc.start()
        pixels = source.read(Rectangle(0, 0, 1024, 1024))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    piece = 512 * 512 * 2 * (2 + 4 + 8)
    assert peak < pixels.nbytes + 2 * piece


def test_very_many_tiles_are_read_through_few_open_files(tmp_path: Path) -> None:
    pixels = np.random.default_rng(1).integers(1, 99, (1, 160, 160)).astype("int16")
    paths = []
    for row in range(0, 160, 10):
        for column in range(0, 160, 10):
            place = grid(10, 10, left=5e5 + 10 * column, top=5e6 - 10 * row)
            tile = pixels[:, row : row + 10, column : column + 10]
            paths.append(write_raster(tmp_path / f"{row}_{column}.tif", place, tile))
    headers = read_headers(paths)
    target = grid(160, 160)
    plan = plan_mosaic([header.geobox for header in headers.values()], target)
    opened: Callable[[], int] = lambda: len(list(Path("/proc/self/fd").iterdir()))  # noqa: E731  # counts twice
    with RasterHandles() as handles:
        before = opened()
        source = Painter(headers, plan, target, BANDS[:1], MosaicOptions(), NO_COPIES, handles)
        assert np.array_equal(source.read(Rectangle(0, 0, 160, 160)), pixels)
        assert opened() - before < 50
    assert opened() <= before


def test_no_block_is_copied_where_no_mosaic_is_written(tmp_path: Path) -> None:
    """Of a file in strips, whose blocks have no format, either."""
    path = write_raster(tmp_path / "a.tif", grid(9, 9), np.ones((1, 9, 9), "int16"))
    headers = read_headers([path])
    plan = plan_mosaic([header.geobox for header in headers.values()], grid(9, 9))
    with RasterHandles() as handles:
        source = Painter(headers, plan, grid(9, 9), BANDS[:1], MosaicOptions(), None, handles)
        assert source.raw(Rectangle(0, 0, 9, 9)) is None
        assert (source.read(Rectangle(0, 0, 9, 9)) == 1).all()
