"""Pixels through handles against rasterio's own reading, for files of many layouts; damage is told, never read."""

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.errors import TilesError
from eo_pipeline.storage.raster_handles import RasterHandles
from eo_pipeline.storage.rasters import read_header
from eo_pipeline_tests.raster_files import grid, read_raster, write_raster

HEIGHT, WIDTH = 300, 420
LAYOUTS: dict[str, dict[str, Any]] = {
    "deflate": {"compress": "deflate", "predictor": 2},
    "zstd": {"compress": "zstd"},
    "lzw": {"compress": "lzw", "predictor": 2},
    "plain": {},
    "lerc": {"compress": "lerc"},
    "bands apart": {"compress": "deflate", "interleave": "band"},
    "big-endian": {"compress": "deflate", "endianness": "big"},
    "big": {"compress": "deflate", "bigtiff": "yes"},
    "oblong blocks": {"compress": "deflate", "blockysize": 64},
}
STRIPS = {"compress": "deflate", "tiled": False}


def noise(dtype: str, bands: int = 3) -> NDArray[Any]:
    return np.random.default_rng(4).integers(0, 100, (bands, HEIGHT, WIDTH)).astype(dtype)


def written(path: Path, pixels: NDArray[Any], **layout: Any) -> Path:
    tiled = {"tiled": True, "blockxsize": 128, "blockysize": 128, "interleave": "pixel"}
    return write_raster(path, grid(*pixels.shape[1:]), pixels, **{**tiled, **layout})


def window(handles: RasterHandles, path: Path, where: Rectangle, bands: list[int], dtype: str) -> NDArray[Any]:
    into = np.empty((len(bands), where.height, where.width), dtype)
    handles.read(path, where, bands, into)
    return into


@pytest.mark.parametrize("layout", [*LAYOUTS.values(), STRIPS], ids=[*LAYOUTS, "strips"])
@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint32"])
def test_files_of_any_layout_are_read_as_rasterio_reads_them(
    tmp_path: Path, layout: dict[str, Any], dtype: str
) -> None:
    path = written(tmp_path / "a.tif", noise(dtype), **layout)
    everything = read_raster(path)
    with RasterHandles() as handles:
        for where in (Rectangle(0, 0, HEIGHT, WIDTH), Rectangle(100, 120, 290, 420), Rectangle(128, 256, 256, 384)):
            for bands in ([1, 2, 3], [3, 1]):
                wanted = everything[[band - 1 for band in bands]][:, *where.slices]
                assert np.array_equal(window(handles, path, where, bands, dtype), wanted)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("predictor", [1, 2, 3])
def test_floats_with_any_predictor_are_read(tmp_path: Path, dtype: str, predictor: int) -> None:
    pixels = np.random.default_rng(1).normal(0, 50, (2, HEIGHT, WIDTH)).astype(dtype)
    pixels[:, :9] = np.nan
    path = written(tmp_path / "a.tif", pixels, compress="deflate", predictor=predictor)
    with RasterHandles() as handles:
        got = window(handles, path, Rectangle(0, 0, HEIGHT, WIDTH), [1, 2], dtype)
    assert np.array_equal(got, pixels, equal_nan=True)


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_any_window_holds_its_pixels(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    path = tmp_path_factory.mktemp("any") / "a.tif"
    pixels = noise("uint16", bands=1)
    written(path, pixels, compress="zstd")
    top, left = data.draw(st.integers(0, HEIGHT - 1)), data.draw(st.integers(0, WIDTH - 1))
    bottom, right = data.draw(st.integers(top + 1, HEIGHT)), data.draw(st.integers(left + 1, WIDTH))
    where = Rectangle(top, left, bottom, right)
    with RasterHandles() as handles:
        assert np.array_equal(window(handles, path, where, [1], "uint16"), pixels[:, *where.slices])


def test_blocks_that_are_not_stored_are_nodata(tmp_path: Path) -> None:
    path, pixels = tmp_path / "a.tif", noise("int16", bands=1)
    pixels[:, :128, 128:256] = -1
    written(path, pixels, compress="deflate", sparse_ok=True, nodata=-1)
    with RasterHandles() as handles:
        assert np.array_equal(window(handles, path, Rectangle(0, 0, HEIGHT, WIDTH), [1], "int16"), pixels)


def test_what_is_no_tiff_is_read_by_gdal(tmp_path: Path) -> None:
    pixels = noise("uint8", bands=1)
    path = write_raster(tmp_path / "a.png", grid(HEIGHT, WIDTH), pixels, driver="PNG")
    with RasterHandles() as handles:
        assert np.array_equal(window(handles, path, Rectangle(5, 6, 99, 300), [1], "uint8"), pixels[:, 5:99, 6:300])


def test_damage_that_gdal_takes_for_pixels_is_told(tmp_path: Path) -> None:
    pixels = np.random.default_rng(7).integers(0, 9, (1, 512, 512)).astype("int16")
    path = written(tmp_path / "a.tif", pixels, compress="deflate", blockxsize=512, blockysize=512)
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 2000] = bytes(2000)
    path.write_bytes(data)
    assert not np.array_equal(read_raster(path), pixels), "rasterio says nothing"
    with RasterHandles() as handles:
        with pytest.raises(TilesError, match=r"expected a readable raster, got .*a\.tif: .*; delete it and export"):
            window(handles, path, Rectangle(0, 0, 10, 10), [1], "int16")
        with pytest.raises(TilesError, match=r"a\.tif"):
            handles.check(path, read_header(path))


def test_a_file_that_is_cut_off_is_told(tmp_path: Path) -> None:
    path = written(tmp_path / "a.tif", noise("int16"), compress="zstd")
    path.write_bytes(path.read_bytes()[:-2000])
    with RasterHandles() as handles, pytest.raises(TilesError, match=r"got .*a\.tif"):
        handles.check(path, read_header(path))


def test_what_a_thread_opened_is_closed_by_another(tmp_path: Path) -> None:
    path = written(tmp_path / "a.tif", noise("int16"), **STRIPS)
    with RasterHandles() as handles:
        reader = threading.Thread(target=window, args=(handles, path, Rectangle(0, 0, 9, 9), [1], "int16"))
        reader.start()
        reader.join()
    with rasterio.open(path) as dataset:
        assert dataset.count == 3
