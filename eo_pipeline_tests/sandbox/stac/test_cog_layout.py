"""Headers of files, read by GDAL."""

import math

import numpy as np
import pyproj
import pytest
from rasterio.io import MemoryFile

from eo_pipeline.sandbox.graph.grids import Grid
from eo_pipeline.sandbox.graph.pixel_types import PixelType, pixel_type_of
from eo_pipeline.sandbox.stac.cog_files import CogFile
from eo_pipeline.sandbox.stac.cog_layout import BLOCK, fits, layout
from eo_pipeline.sandbox.stac.mirror_items import nodata
from eo_pipeline.sandbox.stac.scenes import BandFile
from eo_pipeline.sandbox.world.cache import PixelCache

SINUSOIDAL = "+proj=sinu +lon_0=0 +x_0=0 +y_0=0 +R=6371007.181 +units=m +no_defs"
GRIDS = [
    Grid("EPSG:32633", (10.0, 0.0, 499980.0, 0.0, -10.0, 5400000.0), 1300, 700),
    Grid("EPSG:4326", (0.25, 0.0, -180.0, 0.0, -0.25, 90.0), 1440, 720),
    Grid("EPSG:3035", (100.0, 0.0, 4e6, 0.0, 100.0, 3e6), 30, 20),
    Grid("EPSG:32733", (10.0, 2.0, 5e5, 2.0, -10.0, 7e6), 600, 40),
]


class Numbers:
    """A band without end to its detail: row + 1000 * column of the level, one pixel of 7 masked."""

    def __init__(self, grid: Grid, dtype: str) -> None:
        self.projection, self.dimensions = grid.projection, (grid.width, grid.height)
        self.pixel_type: PixelType = pixel_type_of(dtype)
        self.pyramiding = "mean"

    def read(self, level: int, x: int, y: int, width: int, height: int) -> tuple[np.ndarray, np.ndarray]:
        row, column = np.mgrid[y : y + height, x : x + width]
        data = ((row + 1000 * column + level) % 100).astype(self.pixel_type.dtype)
        return data, (row + column) % 7 > 0


def file_of(grid: Grid, dtype: str) -> tuple[CogFile, Numbers]:
    band = Numbers(grid, dtype)
    empty = nodata(band.pixel_type)
    where = layout(grid, band.pixel_type.dtype.newbyteorder("<"), empty)
    return CogFile(BandFile("a/b.tif", band, empty), 1, where, PixelCache(1)), band  # type: ignore[arg-type]  # a band in a test


@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "int32", "float32", "float64"])
def test_gdal_reads_all_levels(grid: Grid, dtype: str) -> None:
    cog, band = file_of(grid, dtype)
    content = b"".join(cog.read(0, cog.layout.size))
    assert len(content) == cog.layout.size
    for number, level in enumerate(cog.layout.levels):
        options = {} if number == 0 else {"OVERVIEW_LEVEL": number - 1}
        with MemoryFile(content) as memory, memory.open(**options) as file:
            assert file.shape == (level.height, level.width)
            data, mask = band.read(number, 0, 0, level.width, level.height)
            stored = file.read(1, masked=True)
            np.testing.assert_array_equal(np.ma.getmaskarray(stored), ~mask)
            np.testing.assert_array_equal(stored.data[mask], data[mask])


@pytest.mark.parametrize("grid", GRIDS)
def test_gdal_finds_the_place(grid: Grid) -> None:
    cog, _ = file_of(grid, "uint8")
    with MemoryFile(b"".join(cog.read(0, cog.layout.size))) as memory, memory.open() as file:
        assert f"EPSG:{file.crs.to_epsg()}" == grid.crs
        assert tuple(file.transform)[:6] == grid.transform
        assert file.block_shapes == [(BLOCK, BLOCK)]
        assert file.tags(ns="IMAGE_STRUCTURE")["INTERLEAVE"] == "BAND"


def test_a_system_without_a_code_is_written_by_its_parameters() -> None:
    grid = Grid("SR-ORG:6974", (926.625433055833, 0.0, 0.0, 0.0, -926.625433055833, 5559752.598333), 1200, 1200)
    cog, _ = file_of(grid, "uint16")
    with MemoryFile(b"".join(cog.read(0, cog.layout.size))) as memory, memory.open() as file:
        to_degrees = pyproj.Transformer.from_crs(file.crs.to_wkt(), "EPSG:4326", always_xy=True)
        expected = pyproj.Transformer.from_crs(SINUSOIDAL, "EPSG:4326", always_xy=True)
        for x, y in [(500.0, 5e6), (1e6, 4.5e6)]:
            assert to_degrees.transform(x, y) == pytest.approx(expected.transform(x, y), abs=1e-5)


def test_a_range_reads_only_its_blocks() -> None:
    cog, band = file_of(GRIDS[0], "uint16")
    read: list[tuple[int, int, int]] = []
    plain = band.read

    def counted(level: int, x: int, y: int, width: int, height: int) -> tuple[np.ndarray, np.ndarray]:
        read.append((level, x, y))
        return plain(level, x, y, width, height)

    band.read = counted  # type: ignore[method-assign]  # counts
    first = cog.layout.levels[0]
    size = cog.layout.block_bytes
    b"".join(cog.read(0, len(cog.layout.header)))
    assert read == []
    b"".join(cog.read(first.start + size, first.start + 2 * size))
    assert read == [(0, BLOCK, 0)]


def test_pixels_come_after_the_header_and_small_overviews_first() -> None:
    cog, _ = file_of(GRIDS[0], "uint16")
    starts = [level.start for level in cog.layout.levels]
    assert starts == sorted(starts, reverse=True)
    assert len(cog.layout.header) == starts[-1] == 32768


def test_a_file_of_four_gibibytes_is_refused() -> None:
    large = Grid("EPSG:4326", (0.001, 0.0, -180.0, 0.0, -0.001, 90.0), 36000, 36000)
    with pytest.raises(ValueError, match="expected a file of less than 4 GiB"):
        layout(large, np.dtype("<f4"), math.nan)
    assert not fits((36000, 36000), np.dtype("f4"))
    assert fits((36000, 36000), np.dtype("u1"))
