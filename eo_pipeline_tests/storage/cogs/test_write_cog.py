"""Whole COGs, read by rasterio and tifffile, and beside those that GDAL's driver writes of the same pixels."""

import math
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from rio_cogeo.cogeo import cog_validate

from eo_pipeline.core.bands import DTYPES, BandEncoding
from eo_pipeline.core.rectangles import Rectangle, windows
from eo_pipeline.errors import StorageError, TilesError
from eo_pipeline.storage.cogs.gdal_cog import write_gdal_cog
from eo_pipeline.storage.cogs.spec import CogSpec
from eo_pipeline.storage.cogs.write_cog import write_cog
from eo_pipeline_tests.raster_files import grid, read_raster
from eo_pipeline_tests.storage.cogs.arrays import ArraySource, bands_of

CODECS = ("deflate", "zstd", "lzw", "none")
MIXED = [
    BandEncoding("ndvi", "int16", scale=1e-4, offset=0.5, nodata=-9999, units="1", description="<green> & é"),
    BandEncoding("land", "int16", nodata=-9999, kind="categorical"),
    BandEncoding("n", "int16", nodata=-9999, kind="count"),
]


def scene(dtype: str, shape: tuple[int, int, int], seed: int = 0) -> Any:
    rng = np.random.default_rng(seed)
    return rng.integers(1, 100, shape).astype(dtype)


@given(
    shape=st.tuples(st.integers(1, 4), st.integers(1, 70), st.integers(1, 70)),
    dtype=st.sampled_from(DTYPES),
    codec=st.sampled_from(CODECS),
    others=st.tuples(st.booleans(), st.booleans(), st.integers(1, 3)),
)
@settings(max_examples=50, deadline=None)
def test_every_shape_dtype_and_codec_reads_back(
    tmp_path_factory: pytest.TempPathFactory,
    shape: tuple[int, int, int],
    dtype: str,
    codec: str,
    others: tuple[bool, bool, int],
) -> None:
    predictor, big, threads = others
    pixels = scene(dtype, shape)
    spec = CogSpec(grid(*shape[1:]), bands_of(dtype, shape[0]), {}, codec, predictor=predictor, block=16)
    path = tmp_path_factory.mktemp("cog") / "c.tif"
    size = write_cog(path, spec, ArraySource(pixels), threads=threads, max_memory_mb=1, big=big)
    assert size == path.stat().st_size
    assert np.array_equal(read_raster(path), pixels)
    if shape[2] > 1:  # of one column the overview has one, too, which rio-cogeo takes for no overview
        assert cog_validate(path, strict=True, quiet=True) == (True, [], [])
    with tifffile.TiffFile(path) as file:
        assert file.is_bigtiff == big
        assert np.array_equal(file.pages[0].asarray().reshape(*shape[1:], shape[0]), np.moveaxis(pixels, 0, 2))
        assert max(file.pages[-1].shape[:2]) <= 16


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize(
    ("bands", "shape"),
    [
        (MIXED, (1040, 1100)),
        ([replace(band, dtype="float32") for band in MIXED], (520, 1100)),
        ([replace(band, dtype="uint8", nodata=None) for band in MIXED], (600, 1100)),
        ([BandEncoding("a", "float64", nodata=math.nan)], (3, 4)),
        (bands_of("uint8", 4), (100, 100)),
        (bands_of("int8", 1, nodata=-128), (100, 100)),
    ],
)
def test_all_that_rasterio_reads_is_as_gdals_driver_leaves_it(
    tmp_path: Path, codec: str, bands: list[BandEncoding], shape: tuple[int, int]
) -> None:
    """The fallback's file is the expectation: profile, metadata of file and bands, overviews' pixels."""
    pixels = scene(bands[0].dtype, (len(bands), *shape))
    pixels[:, :20, :30] = 0 if bands[0].nodata is None else bands[0].nodata
    spec = CogSpec(grid(*shape, crs="EPSG:3035"), bands, {"request": "a <b> & é", "n": "1"}, codec)
    ours, gdals = tmp_path / "ours.tif", tmp_path / "gdals.tif"
    write_cog(ours, spec, ArraySource(pixels), threads=2, max_memory_mb=64)
    write_gdal_cog(gdals, spec, [(Rectangle(0, 0, *shape), pixels)], cache_mb=16)
    assert described(ours) == described(gdals)
    with rasterio.open(gdals) as dataset:
        levels = len(dataset.overviews(1))
    for level in range(levels):
        with rasterio.open(ours, overview_level=level) as a, rasterio.open(gdals, overview_level=level) as b:
            assert (a.nodata, a.dtypes, a.transform) == (b.nodata, b.dtypes, b.transform)
            np.testing.assert_allclose(a.read(), b.read(), rtol=1e-6)


def described(path: Path) -> str:
    """Every word of metadata; as text, where NaN equals NaN."""
    with rasterio.open(path) as dataset:
        numbers = dataset.indexes
        spaces = [space for space in dataset.tag_namespaces() if space != "DERIVED_SUBDATASETS"]
        return repr(
            (
                sorted(dataset.profile.items(), key=str),
                [sorted(dataset.tags(ns=space).items()) for space in (None, *spaces)],
                [sorted(dataset.tags(number).items()) for number in numbers],
                (dataset.descriptions, dataset.scales, dataset.offsets, dataset.units, dataset.colorinterp),
                [dataset.overviews(number) for number in numbers],
                dataset.mask_flag_enums,
            )
        )


def test_the_file_says_that_its_blocks_lie_as_gdal_wants_them(tmp_path: Path) -> None:
    path = tmp_path / "c.tif"
    pixels = scene("uint16", (3, 700, 900))
    write_cog(
        path,
        CogSpec(grid(700, 900), bands_of("uint16", 3), {}, "zstd"),
        ArraySource(pixels),
        threads=2,
        max_memory_mb=64,
    )
    data = path.read_bytes()
    assert b"LAYOUT=IFDS_BEFORE_DATA\nBLOCK_ORDER=ROW_MAJOR\nBLOCK_LEADER=SIZE_AS_UINT4\n" in data[:200]
    with tifffile.TiffFile(path) as file:
        places = [place for page in reversed(file.pages) for place in page.dataoffsets]
        sizes = [size for page in reversed(file.pages) for size in page.databytecounts]
    assert places == sorted(places)
    ends = [place + size for place, size in zip(places, sizes, strict=True)]
    assert [end + 8 for end in ends[:-1]] == places[1:]
    assert ends[-1] + 4 == len(data)
    for place, size, end in zip(places, sizes, ends, strict=True):
        assert int.from_bytes(data[place - 4 : place], "little") == size
        assert data[end : end + 4] == data[end - 4 : end]


@pytest.mark.parametrize("nodata", [0, 7, None, math.nan])
@pytest.mark.parametrize("big", [True, False])
def test_blocks_without_a_value_are_not_written(tmp_path: Path, nodata: float | None, big: bool) -> None:
    empty = 0 if nodata is None else nodata
    pixels = np.full((2, 160, 160), empty, "float32")
    pixels[:, 100:110, 40:50] = 3
    path = tmp_path / "c.tif"
    spec = CogSpec(grid(160, 160), bands_of("float32", 2, nodata=nodata), {}, "deflate", block=16)
    write_cog(path, spec, ArraySource(pixels), threads=2, max_memory_mb=1, big=big)
    assert np.array_equal(read_raster(path), pixels, equal_nan=True)
    assert cog_validate(path, strict=True, quiet=True) == (True, [], [])
    with tifffile.TiffFile(path) as file:
        assert [sum(size > 0 for size in page.databytecounts) for page in file.pages] == [2, 1, 1, 1, 1]
    with rasterio.open(path, overview_level=1) as dataset:
        assert np.nansum(dataset.read(1) == 3) > 0


def test_a_raster_without_any_value_is_a_cog(tmp_path: Path) -> None:
    path = tmp_path / "c.tif"
    pixels = np.zeros((1, 100, 90), "uint8")
    spec = CogSpec(grid(100, 90), bands_of("uint8", 1), {}, "zstd", block=16)
    write_cog(path, spec, ArraySource(pixels), threads=2, max_memory_mb=1)
    assert np.array_equal(read_raster(path), pixels)
    assert cog_validate(path, strict=True, quiet=True) == (True, [], [])


def test_windows_are_disjoint_and_empty_ones_are_not_read(tmp_path: Path) -> None:
    pixels = scene("uint8", (1, 300, 200))
    spec = CogSpec(grid(300, 200), bands_of("uint8", 1), {}, "none", block=16)
    first = ArraySource(pixels)
    write_cog(tmp_path / "1.tif", spec, first, threads=3, max_memory_mb=1)
    seen = np.zeros((300, 200), int)
    for window in first.asked:
        seen[window.slices] += 1
        assert window.row_start % 16 == window.column_start % 16 == 0
    assert (seen == 1).all()
    hole = first.asked[3]
    second = ArraySource(pixels, empty=(hole,))
    write_cog(tmp_path / "2.tif", spec, second, threads=3, max_memory_mb=1)
    assert hole not in second.asked
    expected = pixels.copy()
    expected[:, *hole.slices] = 0
    assert np.array_equal(read_raster(tmp_path / "2.tif"), expected)


def test_lerc_goes_through_gdal(tmp_path: Path) -> None:
    path = tmp_path / "c.tif"
    pixels = np.random.default_rng(0).random((1, 600, 600)).astype("float32")
    spec = CogSpec(grid(600, 600), bands_of("float32", 1, nodata=-1), {}, "lerc", max_z_error=0.01)
    write_cog(path, spec, ArraySource(pixels), threads=2, max_memory_mb=16)
    difference = np.abs(read_raster(path) - pixels).max()
    assert 0 < difference <= 0.01 * (1 + 1e-4)
    with rasterio.open(path) as dataset:
        assert dataset.tags(ns="IMAGE_STRUCTURE")["COMPRESSION"] == "LERC"


class BrokenSource(ArraySource):
    """Cannot read one window."""

    def read(self, window: Rectangle) -> Any:
        if window.row_start == 64:
            raise TilesError("expected a readable raster, got t.tif: cut off")
        return super().read(window)


def test_one_unreadable_window_stops_all_and_leaves_nothing(tmp_path: Path) -> None:
    source = BrokenSource(scene("uint8", (1, 3000, 16)))
    spec = CogSpec(grid(3000, 16), bands_of("uint8", 1), {}, "none", block=16)
    (tmp_path / "c.tif").write_bytes(b"what was there before")
    with pytest.raises(TilesError, match=r"got t\.tif: cut off"):
        write_cog(tmp_path / "c.tif", spec, source, threads=2, max_memory_mb=1)
    assert [path.name for path in tmp_path.iterdir()] == ["c.tif"]
    assert (tmp_path / "c.tif").read_bytes() == b"what was there before"
    assert len(source.asked) < len(list(windows(height=3000, width=16, rows=32, columns=16)))


def test_pixels_of_another_shape_or_dtype_are_refused(tmp_path: Path) -> None:
    spec = CogSpec(grid(20, 20), bands_of("uint8", 2), {}, "zstd", block=16)
    for pixels, got in [(scene("uint8", (1, 20, 20)), r"\(1, 20, 20\)"), (scene("int16", (2, 20, 20)), "int16")]:
        with pytest.raises(StorageError, match=f"expected pixels of shape .* and dtype uint8 .* got .*{got}"):
            write_cog(tmp_path / "c.tif", spec, ArraySource(pixels), threads=1, max_memory_mb=1)
    assert list(tmp_path.iterdir()) == []


KILLED = """
import os, sys
from pathlib import Path
import numpy as np
from eo_pipeline.storage.cogs.spec import CogSpec
from eo_pipeline.storage.cogs.write_cog import write_cog
from eo_pipeline_tests.raster_files import grid
from eo_pipeline_tests.storage.cogs.arrays import ArraySource, bands_of


class Deadly(ArraySource):
    def read(self, window):
        if window.row_start == 64:
            os.kill(os.getpid(), 9)
        return super().read(window)


spec = CogSpec(grid(99, 16), bands_of("uint8", 1), {}, "none", block=16)
write_cog(Path(sys.argv[1]), spec, Deadly(np.ones((1, 99, 16), "uint8")), threads=1, max_memory_mb=1)
"""


def test_a_killed_run_leaves_nothing_under_the_final_name(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[3])}
    done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / "c.tif")], check=False, env=environment)
    assert done.returncode == -9
    assert not (tmp_path / "c.tif").exists()
    assert all(path.name.startswith(".c.tif.") for path in tmp_path.iterdir())
