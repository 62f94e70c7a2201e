"""A tile is written whole and known again; anything else under its name is not it."""

import errno
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import rasterio

from eo_pipeline.core.bands import DTYPES, BandEncoding
from eo_pipeline.errors import DiskFullError
from eo_pipeline.storage.tile_files import is_tile, write_tile
from eo_pipeline_tests.raster_files import grid

GRID = grid(300, 280)
BANDS = [BandEncoding(name, "int16", nodata=-32768) for name in ("red", "nir")]
PIXELS = np.random.default_rng(1).integers(-32768, 32767, (2, 300, 280)).astype("int16")


@pytest.fixture
def tile(tmp_path: Path) -> Path:
    path = tmp_path / "tile.tif"
    write_tile(path, PIXELS, geobox=GRID, bands=BANDS, digest="d")
    return path


def test_pixels_place_names_and_nodata_are_kept(tile: Path) -> None:
    with rasterio.open(tile) as found:
        np.testing.assert_array_equal(found.read(), PIXELS)
        assert (found.transform, found.crs.to_epsg()) == (GRID.affine, 32633)
        assert found.descriptions == ("red", "nir")
        assert found.nodatavals == (-32768, -32768)
    assert [path.name for path in tile.parent.iterdir()] == ["tile.tif"]


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_dtype_is_kept_exactly(tmp_path: Path, dtype: str) -> None:
    band = BandEncoding("b", dtype, nodata=float("nan") if dtype.startswith("float") else 0)
    limits = np.finfo(dtype) if band.is_float else np.iinfo(dtype)
    pixels = np.array([[[limits.min, limits.max, 0, band.nodata]]]).astype(dtype)
    pixels[0, 0, :2] = limits.min, limits.max
    write_tile(tmp_path / "t.tif", pixels, geobox=grid(1, 4), bands=[band], digest="d")
    with rasterio.open(tmp_path / "t.tif") as found:
        assert found.dtypes == (dtype,)
        np.testing.assert_array_equal(found.read(), pixels)
    assert is_tile(tmp_path / "t.tif", geobox=grid(1, 4), bands=[band], digest="d")


def test_the_tile_is_known_again(tile: Path) -> None:
    assert is_tile(tile, geobox=GRID, bands=BANDS, digest="d")


def test_another_place_band_dtype_nodata_or_digest_is_not_it(tile: Path) -> None:
    assert not is_tile(tile, geobox=GRID, bands=BANDS, digest="e")
    assert not is_tile(tile, geobox=grid(300, 280, left=5e5 + 10), bands=BANDS, digest="d")
    assert not is_tile(tile, geobox=grid(300, 281), bands=BANDS, digest="d")
    assert not is_tile(tile, geobox=grid(300, 280, crs="EPSG:32634"), bands=BANDS, digest="d")
    for change in ({"name": "blue"}, {"dtype": "int32"}, {"nodata": -1}):
        others = [replace(BANDS[0], **change), BANDS[1]]
        assert not is_tile(tile, geobox=GRID, bands=others, digest="d")


def test_a_damaged_or_missing_file_is_not_it(tile: Path) -> None:
    content = tile.read_bytes()
    for damaged in (b"", b"no raster", content[: len(content) // 2]):
        tile.write_bytes(damaged)
        assert not is_tile(tile, geobox=GRID, bands=BANDS, digest="d")
    tile.unlink()
    assert not is_tile(tile, geobox=GRID, bands=BANDS, digest="d")


def test_no_room_leaves_what_was_there(tile: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = tile.read_bytes()

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(DiskFullError, match=r"expected room for 0\.\d+ MB at .*tile\.tif, got: No space left"):
        write_tile(tile, PIXELS[:, ::-1], geobox=GRID, bands=BANDS, digest="d")
    assert tile.read_bytes() == before
    assert [path.name for path in tile.parent.iterdir()] == ["tile.tif"]
