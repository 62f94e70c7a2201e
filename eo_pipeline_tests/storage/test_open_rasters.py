"""Rasters that stay open, read by several threads."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from eo_pipeline.core.rectangles import Rectangle, windows
from eo_pipeline.errors import TilesError
from eo_pipeline.storage.open_rasters import OpenRasters
from eo_pipeline_tests.raster_files import grid, write_raster


def test_windows_are_read_alike_by_many_threads(tmp_path: Path) -> None:
    pixels = np.random.default_rng(1).integers(0, 1000, (2, 300, 200)).astype("uint16")
    options: dict[str, Any] = {"tiled": True, "blockxsize": 64, "blockysize": 64, "compress": "deflate"}
    path = write_raster(tmp_path / "a.tif", grid(300, 200), pixels, **options)
    cut = list(windows(height=300, width=200, rows=37, columns=53)) * 3
    with OpenRasters() as rasters, ThreadPoolExecutor(4) as pool:
        read = list(pool.map(lambda window: rasters.read(path, window, [2, 1]), cut))
    for window, part in zip(cut, read, strict=True):
        assert np.array_equal(part, pixels[::-1][:, *window.slices])


def test_what_is_open_can_be_replaced_and_is_closed_afterwards(tmp_path: Path) -> None:
    path = write_raster(tmp_path / "a.tif", grid(9, 9), np.ones((1, 9, 9), "uint8"))
    with OpenRasters() as rasters:
        assert rasters.read(path, Rectangle(0, 0, 9, 9), [1]).sum() == 81
    write_raster(path, grid(9, 9), np.full((1, 9, 9), 2, "uint8"))
    with OpenRasters() as rasters:
        assert rasters.read(path, Rectangle(0, 0, 9, 9), [1]).sum() == 162


def test_a_torn_raster_is_named(tmp_path: Path) -> None:
    pixels = np.random.default_rng(1).integers(0, 255, (1, 200, 200)).astype("uint8")
    path = write_raster(tmp_path / "torn.tif", grid(200, 200), pixels, compress="deflate")
    path.write_bytes(path.read_bytes()[:20_000])
    with OpenRasters() as rasters, pytest.raises(TilesError, match=r"expected a readable raster, got .*torn\.tif"):
        rasters.read(path, Rectangle(150, 0, 200, 200), [1])


def test_what_is_no_raster_is_named(tmp_path: Path) -> None:
    (tmp_path / "note.tif").write_text("no raster")
    with OpenRasters() as rasters, pytest.raises(TilesError, match=r"note\.tif"):
        rasters.read(tmp_path / "note.tif", Rectangle(0, 0, 1, 1), [1])
