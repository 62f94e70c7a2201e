"""Grids larger than a block, and grids that leave the world: against plain numpy."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from eo_pipeline.sandbox.graph import pixels
from eo_pipeline.sandbox.graph.grids import Grid, Projection
from eo_pipeline.sandbox.graph.images import ImageRecord
from eo_pipeline.sandbox.graph.pixel_types import PixelType
from eo_pipeline.sandbox.graph.pixels import BLOCK_SIDE, Pixels, Raster, pull_in_blocks
from eo_pipeline.sandbox.graph.sources import catalog_image
from eo_pipeline_tests.sandbox.graph_support import ArrayBand, record, utm_grid

SIDE = BLOCK_SIDE + 40
GLOBE = Projection("EPSG:4326", (1.0, 0.0, -180.0, 0.0, -1.0, 90.0))


@dataclass
class Recorded:
    """A node of the pixels' columns and rows, that remembers the grids it was computed on."""

    grids: list[Grid] = field(default_factory=list)

    def compute(self, grid: Grid, _: Sequence[Raster]) -> Raster:
        self.grids.append(grid)
        x, y = grid.centres(grid.crs)
        left = self.grids[0].transform[2]
        return Raster(x + 1000 * y, np.broadcast_to(x > left + 5, grid.shape))


def test_pixels_of_their_own_place_are_computed_in_blocks() -> None:
    node, grid = Recorded(), utm_grid(SIDE, SIDE + BLOCK_SIDE)
    [found] = pull_in_blocks([Pixels((), node.compute)], grid)
    assert [asked.shape for asked in node.grids] == [
        (rows, columns) for rows in (BLOCK_SIDE, BLOCK_SIDE, 40) for columns in (BLOCK_SIDE, 40)
    ]
    x, y = grid.centres(grid.crs)
    np.testing.assert_array_equal(found.data, x + 1000 * y)


def test_pixels_that_need_others_are_computed_at_once() -> None:
    node, grid = Recorded(), utm_grid(SIDE, SIDE)
    wider = Pixels(
        (Pixels((), node.compute),),
        lambda _, rasters: Raster(rasters[0].data[1:-1, 1:-1], rasters[0].mask[1:-1, 1:-1]),
        lambda asked: asked.window(-1, -1, asked.width + 2, asked.height + 2),
    )
    [found] = pull_in_blocks([wider], grid)
    assert [asked.shape for asked in node.grids] == [(SIDE + 2, SIDE + 2)]
    assert found.data.shape == (SIDE, SIDE)


def test_a_fractional_mask_in_one_block_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pixels, "BLOCK_SIDE", 4)

    def compute(grid: Grid, _: Sequence[Raster]) -> Raster:
        first = grid.transform[2] == utm_grid(1, 1).transform[2]
        return Raster(np.ones(grid.shape), np.ones(grid.shape, bool) if first else np.full(grid.shape, 0.5, "f4"))

    [found] = pull_in_blocks([Pixels((), compute)], utm_grid(8, 4))
    np.testing.assert_array_equal(found.mask, [[1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5]] * 4)


def read(image: ImageRecord, grid: Grid) -> Raster:
    [found] = pull_in_blocks([catalog_image(image).bands[0].pixels], grid)
    return found


@pytest.mark.parametrize(("x", "y", "step"), [(-3, -2, 1), (2, 3, 1), (-4, 1, 2), (5, 4, 3)])
def test_parts_of_a_source_are_the_array_and_masked_around_it(x: int, y: int, step: int) -> None:
    data = np.arange(1, 301, dtype="u2").reshape(15, 20)
    corner = utm_grid(9, 7, x, y)
    grid = Grid(corner.crs, (10 / step, 0.0, corner.transform[2], 0.0, -10 / step, corner.transform[5]), 9, 7)
    want = np.zeros((7, 9), "u2")
    for row in range(7):
        for column in range(9):
            r, c = int(np.floor(y + (row + 0.5) / step)), int(np.floor(x + (column + 0.5) / step))
            want[row, column] = data[r, c] if 0 <= r < 15 and 0 <= c < 20 else 0
    found = read(record("C/a", {"b": ArrayBand(data, utm_grid(1, 1).projection)}), grid)
    np.testing.assert_array_equal(np.where(found.mask, found.data, 0), want)
    np.testing.assert_array_equal(found.mask, want > 0)


@dataclass(frozen=True)
class Endless:
    """A source of one value everywhere, without an end; it refuses windows that no memory holds."""

    projection: Projection = GLOBE
    dimensions: None = None
    pyramiding: str = "mean"
    pixel_type: PixelType = PixelType("int", 0, 255)  # noqa: RUF009 - frozen itself

    def read(self, level: int, x: int, y: int, width: int, height: int) -> tuple[np.ndarray, np.ndarray]:
        assert width * height < 10**7, (level, x, y, width, height)
        return np.full((height, width), 7, "u1"), np.ones((height, width), bool)


def test_beyond_the_world_there_is_nothing() -> None:
    far = Grid("EPSG:32633", (1e6, 0.0, -2e7, 0.0, -1e6, 2e7), 40, 40)
    image = replace(record("C/a", {"b": np.ones((1, 1), "u1")}), bands={"b": Endless()})  # type: ignore[dict-item]  # a plain text as policy
    found = read(image, far)
    x, _ = far.centres("EPSG:4326")
    assert np.isinf(x).any()
    np.testing.assert_array_equal(found.mask, np.isfinite(x))
    assert (found.data[found.mask] == 7).all()
