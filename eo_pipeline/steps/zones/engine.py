"""The engine of zonal statistics: every block of pixels is read once, by several threads, and added to all its zones.

Blocks are added up in their planned order, whichever is read first, so that the same input gives the same bits. Does
not belong here: where pixels come from, which pixels a zone holds, and what the sums are called.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from eo_pipeline.core.kernels.records import Floats, Ints, Runs
from eo_pipeline.core.kernels.sums import add_sums, count_cells, sum_runs
from eo_pipeline.core.kernels.values import take_values
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.core.zonal.blocks import Block
from eo_pipeline.core.zonal.measures import Keep, OnClosed, Sums
from eo_pipeline.steps.zones.open_zones import OpenZones, Taken
from eo_pipeline.steps.zones.totals import no_totals, sums_of

RunsOf = Callable[[int, Block], Runs]
"""The pixels of a block's zones, by the block's number from 0 and itself; called from several threads."""
Progress = Callable[[int, int], None]
"""Called with (zones measured, zones in all)."""
_NO_FACTORS = np.empty(0)


class Pixels(Protocol):
    """Bands on one grid.

    Attributes:
        bands: how many.
        nodata: the stored number that means no value in all of them; NaN if only NaN does.
    """

    bands: int
    nodata: float

    def read(self, window: Rectangle) -> NDArray[Any] | None:
        """Stored numbers (band, y, x) of a window that may reach beyond the grid; None where there is no raster.

        Called from several threads.
        """


@dataclass(frozen=True)
class Measure:
    """One way to add up the same pixels.

    Attributes:
        factors: of each pixel's share, (y, x) of a window, NaN where a pixel is not usable; None for 1 everywhere.
            Called from several threads.
        keep: what is kept of zones until they close.
        on_closed: takes what was kept.
    """

    factors: Callable[[Rectangle], Floats] | None = None
    keep: Keep = Keep.NOTHING
    on_closed: OnClosed | None = None


_Added = tuple[Floats, tuple[Taken, ...]]
"""What a block adds to one measure: sums (k, band, FIELDS), and every band's values if they are kept."""


@dataclass(frozen=True)
class _Part:
    """What comes of one block: cells (k, 2), and what is added to each measure, nothing where there is no raster."""

    block: Block
    runs: Runs
    cells: Floats
    added: tuple[_Added, ...]


def add_up(
    blocks: Sequence[Block],
    zones: int,
    pixels: Pixels,
    runs_of: RunsOf,
    *,
    measures: Sequence[Measure] = (Measure(),),
    threads: int = 4,
    progress: Progress | None = None,
    on_runs: Callable[[Runs], None] | None = None,
) -> tuple[Sums, ...]:
    """Sums over every zone, one for each measure.

    Args:
        blocks: in the order of adding.
        zones: how many there are; those that no block holds have no pixel.
        pixels: where numbers come from.
        runs_of: which pixels zones hold.
        measures: how they are added up.
        threads: that read and add; at most three blocks a thread are in memory.
        progress: told as zones are complete.
        on_runs: given the runs of every block that was added, in order, in the caller's thread.
    """
    totals = [_Total(measure, zones, pixels.bands) for measure in measures]
    cells = np.zeros((zones, 2))
    told = _Told(zones, progress)
    told.advance(zones - sum(block.closing.size for block in blocks))

    def work(number: int) -> _Part:
        return _part(blocks[number], runs_of(number, blocks[number]), pixels, measures)

    for part in _in_order(work, len(blocks), threads):
        cells[part.block.zones] += part.cells
        for total, added in zip(totals, part.added, strict=False):
            total.add(part.block.zones, added)
        for total in totals:
            total.close(part.block.closing)
        told.advance(part.block.closing.size)
        if on_runs is not None:
            on_runs(part.runs)
    return tuple(sums_of(total.sums, cells) for total in totals)


def _part(block: Block, runs: Runs, pixels: Pixels, measures: Sequence[Measure]) -> _Part:
    cells = count_cells(runs)
    numbers = pixels.read(block.window) if runs.starts.size else None
    if numbers is None:
        return _Part(block, runs, cells, ())
    flat = np.ascontiguousarray(numbers).reshape(len(numbers), -1)
    return _Part(block, runs, cells, tuple(_added(measure, block, runs, flat, pixels.nodata) for measure in measures))


def _added(measure: Measure, block: Block, runs: Runs, numbers: NDArray[Any], nodata: float) -> _Added:
    factors = _NO_FACTORS if measure.factors is None else measure.factors(block.window).ravel()
    kept = numbers if measure.keep is not Keep.NOTHING else numbers[:0]
    values = tuple(take_values(band, nodata, factors, runs) for band in kept)
    return sum_runs(numbers, nodata, factors, runs), values


def _in_order(work: Callable[[int], _Part], count: int, threads: int) -> Iterator[_Part]:
    """Results in the order of numbers; a failure stops what has not begun."""
    waiting: deque[Future[_Part]] = deque()
    with ThreadPoolExecutor(threads, thread_name_prefix="zones") as pool:
        try:
            for number in range(count):
                waiting.append(pool.submit(work, number))
                if len(waiting) >= 3 * threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


class _Total:
    """What one measure has of all zones so far."""

    def __init__(self, measure: Measure, zones: int, bands: int) -> None:
        self.sums = no_totals(zones, bands)
        self._open = OpenZones(measure.keep, measure.on_closed) if measure.on_closed else None

    def add(self, zones: Ints, added: _Added) -> None:
        """Add what a block has of some zones."""
        sums, values = added
        add_sums(self.sums, zones, sums)
        if self._open is not None:
            for band, taken in enumerate(values):
                self._open.add(zones, band, taken)

    def close(self, zones: Ints) -> None:
        """These zones are complete."""
        if self._open is not None:
            self._open.close(zones)


@dataclass
class _Told:
    """Counts complete zones aloud."""

    zones: int
    progress: Progress | None
    done: int = 0

    def advance(self, more: int) -> None:
        if self.progress is not None:
            for _ in range(more):
                self.done += 1
                self.progress(self.done, self.zones)
