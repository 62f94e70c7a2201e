"""Chips as files, read by the libraries that people read them with."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from PIL import Image

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.errors import DiskFullError, StorageError
from eo_pipeline.storage.checksums import crc32c_of
from eo_pipeline.storage.chips.chip_files import ChipHeader, FileFormat, decode_chip, encode_chip, write_chip

RED = BandEncoding("B4", "uint16", 1e-4, -0.1, 65535, "1", "surface reflectance, red")
COUNT = BandEncoding("n_valid", "uint16", nodata=65535, kind="count")


def grid(height: int, width: int) -> GeoBox:
    return GeoBox((height, width), Affine(10, 0, 500_000, 0, -10, 5_200_000), "EPSG:32633")


def numbers(dtype: str, shape: tuple[int, int, int] = (2, 48, 40)) -> NDArray[Any]:
    random = np.random.default_rng(7)
    if dtype.startswith("float"):
        pixels = random.normal(size=shape).astype(dtype)
        pixels[0, :3] = np.nan
        return pixels
    limits = np.iinfo(dtype)
    return random.integers(limits.min, limits.max, shape, dtype=dtype, endpoint=True)


def test_a_geotiff_says_where_it_lies_and_what_its_numbers_mean(tmp_path: Path) -> None:
    pixels, path = numbers("uint16"), tmp_path / "a.tif"
    written = write_chip(
        path, pixels, "geotiff", ChipHeader(grid(48, 40), (RED, COUNT), {"EO_CHIP": "a", "label": "7"})
    )
    with rasterio.open(path) as found:
        np.testing.assert_array_equal(found.read(), pixels)
        assert (found.crs.to_epsg(), found.transform) == (32633, Affine(10, 0, 500_000, 0, -10, 5_200_000))
        assert (found.descriptions, found.nodatavals) == (("B4", "n_valid"), (65535, 65535))
        assert (found.scales, found.offsets, found.units) == ((1e-4, 1.0), (-0.1, 0.0), ("1", None))
        assert found.tags(1)["long_name"] == "surface reflectance, red"
        assert [found.tags(number)["kind"] for number in (1, 2)] == ["continuous", "count"]
        assert {"EO_CHIP": "a", "label": "7"}.items() <= found.tags().items()
        assert found.compression.name == "deflate"
    assert (written.size, written.crc32c) == (path.stat().st_size, crc32c_of(path))
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.tif"]


@pytest.mark.parametrize("dtype", ["uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64"])
@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 33, 65), (1, 600, 520)])
def test_every_dtype_comes_back_from_a_geotiff(tmp_path: Path, dtype: str, shape: tuple[int, int, int]) -> None:
    pixels = numbers(dtype, shape)
    bands = tuple(BandEncoding(f"b{n}", dtype, nodata=0) for n in range(shape[0]))
    write_chip(tmp_path / "a.tif", pixels, "geotiff", ChipHeader(grid(*shape[1:]), bands))
    with rasterio.open(tmp_path / "a.tif") as found:
        np.testing.assert_array_equal(found.read(), pixels)
        assert found.dtypes == (dtype,) * shape[0]


@pytest.mark.parametrize("dtype", ["uint16", "float32"])
def test_an_npy_is_the_stored_numbers(tmp_path: Path, dtype: str) -> None:
    pixels = numbers(dtype)
    write_chip(tmp_path / "a.npy", pixels, "npy", ChipHeader(grid(48, 40), (RED, COUNT)))
    found = np.load(tmp_path / "a.npy", allow_pickle=False)
    np.testing.assert_array_equal(found, pixels)
    assert found.dtype == np.dtype(dtype)
    assert found.flags["C_CONTIGUOUS"]


@pytest.mark.parametrize("opaque", [True, False])
def test_a_png_is_transparent_only_where_something_is(tmp_path: Path, opaque: bool) -> None:
    pixels = numbers("uint8", (4, 48, 40))
    pixels[3] = 255
    if not opaque:
        pixels[3, :5] = 0
    write_chip(tmp_path / "a.png", pixels, "png", ChipHeader(grid(48, 40), ()))
    with Image.open(tmp_path / "a.png") as found:
        assert found.mode == ("RGB" if opaque else "RGBA")
        shown = np.asarray(found.convert("RGBA"))
    np.testing.assert_array_equal(np.moveaxis(shown, -1, 0), pixels)


@pytest.mark.parametrize("file_format", ["geotiff", "npy", "png"])
@pytest.mark.parametrize("share", [0.0, 0.3, 0.6])
def test_a_cut_file_is_told(file_format: FileFormat, share: float) -> None:
    pixels = numbers("uint8", (4, 48, 40))
    bands = tuple(BandEncoding(f"b{n}", "uint8") for n in range(4))
    content = encode_chip(pixels, file_format, ChipHeader(grid(48, 40), bands))
    np.testing.assert_array_equal(decode_chip(content, file_format), pixels)
    cut = int(len(content) * share)
    with pytest.raises(StorageError, match=rf"expected a whole {file_format} file, got {cut} bytes .*; ask again"):
        decode_chip(content[:cut], file_format)


def test_a_full_disk_leaves_nothing(tmp_path: Path) -> None:
    path = Path("/dev/full/a.npy")
    target = tmp_path / "a.npy"
    (tmp_path / "a.npy.part").symlink_to(path.parent)
    with pytest.raises(DiskFullError, match=r"expected room for .* MB at .*a.npy"):
        write_chip(target, numbers("uint8"), "npy", ChipHeader(grid(48, 40), (RED, COUNT)))
    assert list(tmp_path.iterdir()) == []


def test_pixels_that_the_format_cannot_hold_are_told_before_there_is_a_file(tmp_path: Path) -> None:
    bands = (BandEncoding("B4", "uint8"), BandEncoding("B8", "uint8"))
    with pytest.raises(StorageError, match=r"expected to read back \(2, 48, 40\) pixels of uint16 .*; run again"):
        write_chip(tmp_path / "a.tif", numbers("uint16"), "geotiff", ChipHeader(grid(48, 40), bands))
    assert list(tmp_path.iterdir()) == []
