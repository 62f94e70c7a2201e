"""Pieces become blocks in any order; of what has no room nothing is kept, and files come out the same."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from numpy.typing import NDArray

from eo_pipeline.core.rectangles import Rectangle, windows
from eo_pipeline.storage.cogs.pending_blocks import PendingBlocks, Whole
from eo_pipeline.storage.cogs.spec import CogSpec
from eo_pipeline.storage.cogs.write_cog import write_cog
from eo_pipeline.storage.threads import in_threads
from eo_pipeline_tests.raster_files import grid
from eo_pipeline_tests.storage.cogs.arrays import ArraySource, bands_of

SHAPES = [(160, 136), (80, 68), (40, 34)]
LEVEL = np.random.default_rng(0).integers(1, 9, (2, *SHAPES[1])).astype("int16")
LEVEL[:, :16, 48:] = -1
"""Of the first overview, in blocks of 16; its upper right corner has no value."""


def pieces() -> list[Rectangle]:
    found = list(windows(height=80, width=68, rows=8, columns=8))
    return [found[place] for place in np.random.default_rng(1).permutation(len(found))]


def added(pending: PendingBlocks) -> list[Whole]:
    """What is given for pieces added by three threads, those without a value as nothing."""
    given: list[Whole] = []

    def add(window: Rectangle) -> None:
        pixels: NDArray[Any] = LEVEL[:, *window.slices]
        whole = pending.add(1, window, None if (pixels == -1).all() else pixels)
        if whole is not None:
            given.append(whole)

    in_threads(add, pieces(), threads=3)
    return given


def test_pieces_in_any_order_become_blocks() -> None:
    pending = PendingBlocks(SHAPES, 16, -1, 10**6)
    given = added(pending)
    assert sorted(whole.window for whole in given) == list(windows(height=80, width=68, rows=16, columns=16))
    for window, pixels in given:
        expected = LEVEL[:, *window.slices]
        assert (pixels is None) == bool((expected == -1).all())
        assert pixels is None or np.array_equal(pixels, expected)
    assert pending.memory == 10**6


def test_a_block_without_room_is_not_given_and_the_room_is_given_back() -> None:
    some = PendingBlocks(SHAPES, 16, -1, 5_000)
    given = added(some)
    wanted = list(windows(height=80, width=68, rows=16, columns=16))
    assert 0 < len(given) < len(wanted)
    assert [some.has_completed(1, window) for window in wanted] == [
        window in {whole.window for whole in given} for window in wanted
    ]
    assert some.memory == 5_000


def halves(pixels: NDArray[Any], times: int) -> NDArray[Any]:
    """Means of 2 x 2 without nodata 0, halves upwards, of what is never negative."""
    for _ in range(times):
        bands, height, width = pixels.shape
        four = pixels.reshape(bands, height // 2, 2, width // 2, 2).astype(float)
        count = (four > 0).sum((2, 4))
        pixels = np.where(count > 0, np.floor(four.sum((2, 4)) / np.maximum(count, 1) + 0.5), 0)
    return pixels


@pytest.mark.parametrize("bands", [1, 3, 5])
@pytest.mark.parametrize("memory_mb", [1, 64])
def test_overviews_are_the_same_however_much_memory_there_is(tmp_path: Path, bands: int, memory_mb: int) -> None:
    pixels = np.random.default_rng(bands).integers(1, 5000, (bands, 1024, 1536)).astype("uint16")
    pixels[:, 100:700, 333:999] = 0
    pixels[:, np.random.default_rng(2).random((1024, 1536)) < 0.1] = 0
    spec = CogSpec(grid(1024, 1536), bands_of("uint16", bands, nodata=0), {}, "zstd", block=32)
    write_cog(tmp_path / "c.tif", spec, ArraySource(pixels), threads=3, max_memory_mb=memory_mb)
    for level in range(4):
        with rasterio.open(tmp_path / "c.tif", overview_level=level) as dataset:
            np.testing.assert_array_equal(dataset.read(), halves(pixels, level + 1))
