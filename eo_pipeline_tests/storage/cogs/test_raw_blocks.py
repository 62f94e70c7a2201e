"""Blocks that go from file to file as they are."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from rio_cogeo.cogeo import cog_validate

from eo_pipeline.core.rectangles import Rectangle, windows
from eo_pipeline.storage.cogs.encoding import Encoding
from eo_pipeline.storage.cogs.raw_blocks import BlockFormat, RawBlocks
from eo_pipeline.storage.cogs.spec import CogSpec
from eo_pipeline.storage.cogs.write_cog import write_cog
from eo_pipeline.storage.scratch import Scratch
from eo_pipeline_tests.raster_files import grid, read_raster, write_raster
from eo_pipeline_tests.storage.cogs.arrays import ArraySource, bands_of

TILED: dict[str, Any] = {"tiled": True, "blockxsize": 16, "blockysize": 16, "interleave": "pixel"}


def pixels_of(dtype: str, bands: int = 2) -> Any:
    return np.random.default_rng(0).integers(1, 90, (bands, 80, 70)).astype(dtype)


@pytest.mark.parametrize("codec", ["deflate", "zstd", "lzw", "none"])
@pytest.mark.parametrize(
    ("dtype", "predictor"), [("uint16", 1), ("uint16", 2), ("int8", 2), ("float32", 3), ("float64", 1)]
)
def test_a_tiles_blocks_are_copied_byte_for_byte(tmp_path: Path, codec: str, dtype: str, predictor: int) -> None:
    pixels = pixels_of(dtype)
    options = {**TILED, "compress": codec} | ({} if codec == "none" else {"predictor": predictor})
    tile = write_raster(tmp_path / "t.tif", grid(80, 70), pixels, nodata=0, **options)
    spec = CogSpec(grid(80, 70), bands_of(dtype, 2), {}, codec, predictor=predictor > 1, block=16)
    with RawBlocks(tile) as raw:
        assert raw.format == BlockFormat.of_spec(spec)
        blocks = list(windows(height=80, width=70, rows=16, columns=16))
        raws = {block: data for block in blocks if (data := raw.read(block)) is not None}
    assert len(raws) == len(blocks)
    decoded = Encoding.of(spec).decode(raws[blocks[6]], Scratch())
    assert np.array_equal(decoded, pixels[:, *blocks[6].slices])
    write_cog(tmp_path / "c.tif", spec, ArraySource(pixels, raws=raws), threads=2, max_memory_mb=1)
    assert np.array_equal(read_raster(tmp_path / "c.tif"), pixels)
    assert cog_validate(tmp_path / "c.tif", strict=True, quiet=True) == (True, [], [])
    with tifffile.TiffFile(tmp_path / "c.tif") as cog, tifffile.TiffFile(tile) as source:
        for (a, at), (b, bt) in zip(segments(cog), segments(source), strict=True):
            assert (tmp_path / "c.tif").read_bytes()[a : a + at] == tile.read_bytes()[b : b + bt]


def segments(file: tifffile.TiffFile) -> list[tuple[int, int]]:
    page = file.pages[0]
    return list(zip(page.dataoffsets, page.databytecounts, strict=True))


def test_overviews_of_raw_blocks_are_made_of_what_they_hold(tmp_path: Path) -> None:
    pixels = pixels_of("uint16")[:, :79]
    tile = write_raster(tmp_path / "t.tif", grid(79, 70), pixels, nodata=0, **TILED, compress="zstd", predictor=2)
    spec = CogSpec(grid(79, 70), bands_of("uint16", 2), {}, "zstd", block=16)
    with RawBlocks(tile) as raw:
        blocks = windows(height=79, width=70, rows=16, columns=16)
        raws = {block: data for block in blocks if (data := raw.read(block)) is not None}
    write_cog(tmp_path / "raw.tif", spec, ArraySource(pixels, raws=raws), threads=2, max_memory_mb=1)
    write_cog(tmp_path / "own.tif", spec, ArraySource(pixels), threads=2, max_memory_mb=1)
    with tifffile.TiffFile(tmp_path / "raw.tif") as a, tifffile.TiffFile(tmp_path / "own.tif") as b:
        assert len(a.pages) == 4
        for page, other in zip(a.pages, b.pages, strict=True):
            assert np.array_equal(page.asarray(), other.asarray())


def test_only_what_begins_a_block_and_lies_within_the_raster_is_taken(tmp_path: Path) -> None:
    tile = write_raster(tmp_path / "t.tif", grid(40, 40), pixels_of("uint8")[:, :40, :40], **TILED, compress="lzw")
    with RawBlocks(tile) as raw:
        assert raw.read(Rectangle(16, 16, 32, 32)) is not None
        assert raw.read(Rectangle(32, 32, 40, 40)) is not None
        assert raw.read(Rectangle(32, 0, 36, 16)) is not None, "the mosaic may end within the block"
        assert raw.read(Rectangle(32, 0, 48, 16)) is None, "the mosaic has rows there that the tile lacks"
        assert raw.read(Rectangle(1, 0, 17, 16)) is None
        assert raw.read(Rectangle(0, 0, 32, 32)) is None
        assert raw.read(Rectangle(-16, 0, 0, 16)) is None


@pytest.mark.parametrize(
    "options",
    [
        {"compress": "lzw"},
        {**TILED, "interleave": "band"},
        {**TILED, "blockxsize": 32},
        {**TILED, "endianness": "big"},
        {**TILED, "compress": "lerc"},
        {**TILED, "nbits": 7},
    ],
)
def test_other_kinds_of_file_have_no_format(tmp_path: Path, options: dict[str, Any]) -> None:
    tile = write_raster(tmp_path / "t.tif", grid(80, 70), pixels_of("uint8"), **options)
    with RawBlocks(tile) as raw:
        assert raw.format is None
        assert raw.read(Rectangle(0, 0, 16, 16)) is None


def test_blocks_that_a_sparse_or_cut_off_file_lacks_are_not_taken(tmp_path: Path) -> None:
    pixels = pixels_of("uint8")
    pixels[:, :16, :16] = 0
    tile = write_raster(tmp_path / "t.tif", grid(80, 70), pixels, nodata=0, **TILED, sparse_ok=True, compress="zstd")
    tile.write_bytes(tile.read_bytes()[:-5])
    with RawBlocks(tile) as raw:
        assert raw.read(Rectangle(0, 0, 16, 16)) is None
        assert raw.read(Rectangle(0, 16, 16, 32)) is not None
        assert raw.read(Rectangle(64, 64, 80, 70)) is None
