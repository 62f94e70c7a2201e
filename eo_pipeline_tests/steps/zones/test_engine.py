"""The engine on pixels in memory: what is open, what is read, in which order things are told, and how it fails."""

import math
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import shapely
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from shapely.geometry.base import BaseGeometry

from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.core.zonal.blocks import Block, plan_blocks
from eo_pipeline.core.zonal.measures import Distribution, Keep, Rule, Sums
from eo_pipeline.core.zonal.rules import pixels_of
from eo_pipeline.errors import TilesError
from eo_pipeline.steps.zones.engine import Measure, add_up

SIDE = 128
GRID = GeoBox((SIDE, SIDE), Affine(1, 0, 0, 0, -1, SIDE), "EPSG:32633")


class InMemory:
    """Numbers of a picture, and every window that was read."""

    def __init__(self, picture: NDArray[Any]) -> None:
        self.picture, self.nodata, self.bands = picture, math.nan, len(picture)
        self.read_windows: list[Rectangle] = []
        self._lock = threading.Lock()

    def read(self, window: Rectangle) -> NDArray[Any] | None:
        with self._lock:
            self.read_windows.append(window)
        inside = window.intersection(Rectangle(0, 0, SIDE, SIDE))
        if inside is None:
            return None
        read = np.full((self.bands, window.height, window.width), np.nan)
        cut = inside.shifted(rows=-window.row_start, columns=-window.column_start)
        read[:, *cut.slices] = self.picture[:, *inside.slices]
        return read


class Closings:
    """What was handed over, in order."""

    def __init__(self) -> None:
        self.told: list[tuple[int, int, Distribution]] = []

    def __call__(self, zone: int, band: int, distribution: Distribution) -> None:
        self.told.append((zone, band, distribution))


def measured(
    shapes: Sequence[BaseGeometry], source: InMemory, *measures: Measure, rule: Rule = Rule.CENTER, size: int = 16
) -> tuple[Sums, ...]:
    pixels = pixels_of(rule, "polygons", shapes, GRID)
    blocks = plan_blocks(pixels.windows, rows=size, columns=size)
    return add_up(blocks, len(shapes), source, lambda _, block: pixels.runs(block), measures=measures or (Measure(),))


def picture(bands: int = 1) -> NDArray[np.float64]:
    return np.random.default_rng(8).normal(size=(bands, SIDE, SIDE)).round(1)


def test_every_pixel_is_read_once_and_none_that_no_zone_needs() -> None:
    source = InMemory(picture())
    shapes = [shapely.box(10, 10, 60, 60), shapely.box(20, 20, 70, 70), shapely.box(21, 22, 23, 24)]
    (sums,) = measured(shapes, source)
    read = np.zeros((SIDE, SIDE), int)
    for window in source.read_windows:
        read[window.slices] += 1
    assert read.max() == 1
    assert read[SIDE - 60 : SIDE - 10, 10:60].all()
    assert read[SIDE - 70 : SIDE - 20, 20:70].all()
    assert read.sum() <= 60 * 60, "blocks end where zones do"
    assert sums.count[:, 0].tolist() == [2500, 2500, 4]


def test_values_are_those_of_the_zone_in_every_band_whatever_the_blocks() -> None:
    source, closings = InMemory(picture(2)), Closings()
    shapes = [shapely.box(3, 3, 100, 90), shapely.box(50, 50, 50.1, 50.1), shapely.box(5, 5, 8, 8)]
    measured(shapes, source, Measure(keep=Keep.VALUES, on_closed=closings))
    assert sorted((zone, band) for zone, band, _ in closings.told) == [(0, 0), (0, 1), (2, 0), (2, 1)]
    found = {(zone, band): distribution for zone, band, distribution in closings.told}
    for band in (0, 1):
        expected = np.sort(source.picture[band, SIDE - 90 : SIDE - 3, 3:100].ravel())
        assert np.array_equal(found[0, band].values, expected)
        assert found[0, band].weights.tolist() == found[0, band].counts.tolist() == [1] * expected.size


def test_classes_are_counted_with_their_shares() -> None:
    numbers = np.zeros((1, SIDE, SIDE))
    numbers[:, :, 20:] = 7
    closings = Closings()
    shapes = [shapely.box(10.5, 0, 30.25, SIDE)]
    measured(shapes, InMemory(numbers), Measure(keep=Keep.CLASSES, on_closed=closings), rule=Rule.FRACTIONAL)
    ((_, _, found),) = closings.told
    assert found.values.tolist() == [0, 7]
    assert found.counts.tolist() == [10 * SIDE, 11 * SIDE]
    assert found.weights.tolist() == [9.5 * SIDE, 10.25 * SIDE]


def test_only_zones_that_a_coming_block_holds_stay_open() -> None:
    """Of 1,024 zones of three pixels a side, each in up to four blocks, no more are open than lie along block edges."""
    corners = np.stack(np.meshgrid(np.arange(0, SIDE, 4), np.arange(0, SIDE, 4)), axis=-1).reshape(-1, 2) + 0.2
    shapes = [shapely.box(x, y, x + 3, y + 3) for x, y in corners]
    pixels = pixels_of(Rule.CENTER, "polygons", shapes, GRID)
    blocks = plan_blocks(pixels.windows, rows=10, columns=10)
    open_zones, most, closed = set[int](), 0, list[int]()
    for block in blocks:
        open_zones |= set(block.zones.tolist())
        most = max(most, len(open_zones))
        open_zones -= set(block.closing.tolist())
        closed += block.closing.tolist()
    assert sorted(closed) == list(range(len(shapes)))
    assert most < len(shapes) / 4


def test_two_measures_read_pixels_once() -> None:
    source = InMemory(picture())

    def factors(window: Rectangle) -> NDArray[np.float64]:
        return np.full((window.height, window.width), 2.0)

    plain, doubled = measured([shapely.box(0, 0, 40, 40)], source, Measure(), Measure(factors=factors))
    assert doubled.total == pytest.approx(2 * plain.total)
    assert (doubled.weight.item(), plain.weight.item()) == (3200, 1600)
    assert sum(window.pixels for window in source.read_windows) == 1600


def test_pixels_beyond_the_grid_count_as_such() -> None:
    (sums,) = measured([shapely.box(-20, 0, 20, 10)], InMemory(picture()))
    assert (sums.pixels[0, 0], sums.count[0, 0], sums.cover[0, 0]) == (400, 200, 400)


def test_a_failure_comes_out_and_stops_the_rest() -> None:
    class Torn(InMemory):
        def read(self, window: Rectangle) -> NDArray[Any] | None:
            super().read(window)
            raise TilesError("expected a readable raster, got a torn one")

    source = Torn(picture())
    with pytest.raises(TilesError, match="torn"):
        measured([shapely.box(0, 0, SIDE, SIDE)], source, size=4)
    assert len(source.read_windows) < 100, "of 1,024 blocks"


def test_blocks_hold_only_what_zones_need() -> None:
    windows = np.array([[3, 3, 5, 5], [0, 0, 0, 0], [-4, 8, 2, 25], [3, 4, 9, 6]])
    blocks = plan_blocks(windows, rows=10, columns=10)
    held = {(block.window, tuple(sorted(block.zones.tolist()))) for block in blocks}
    assert held == {
        (Rectangle(0, 3, 9, 10), (0, 2, 3)),
        (Rectangle(0, 10, 2, 20), (2,)),
        (Rectangle(0, 20, 2, 25), (2,)),
        (Rectangle(-4, 8, 0, 10), (2,)),
        (Rectangle(-4, 10, 0, 20), (2,)),
        (Rectangle(-4, 20, 0, 25), (2,)),
    }
    closing = {zone: number for number, block in enumerate(blocks) for zone in block.closing.tolist()}
    last = {zone: number for number, block in enumerate(blocks) for zone in block.zones.tolist()}
    assert closing == last


def test_no_zone_needs_no_block() -> None:
    assert plan_blocks(np.zeros((0, 4), np.int64), rows=8, columns=8) == ()
    assert isinstance(plan_blocks(np.array([[0, 0, 1, 1]]), rows=8, columns=8)[0], Block)
