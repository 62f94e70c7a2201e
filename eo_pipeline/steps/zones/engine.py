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

from eo_pipeline.core.kernels.records import Floats, Runs
from eo_pipeline.core.kernels.sums import (
    COUNT,
    FIELDS,
    HIGH,
    LOW,
    M2,
    TOTAL,
    TOTAL_REST,
    WEIGHT,
    add_sums,
    count_cells,
    sum_runs,
)
from eo_pipeline.core.kernels.values import take_values
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.core.zonal.blocks import Block
from eo_pipeline.core.zonal.measures import Keep, OnClosed, Sums
from eo_pipeline.steps.zones.open_zones import OpenZones, Taken

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


@dataclass(frozen=True)
class _Part:
    """What one block adds: cells (k, 2); of each measure, sums (k, band, FIELDS) and every band's values."""

    block: Block
    runs: Runs
    cells: Floats
    sums: tuple[Floats, ...]
    values: tuple[tuple[Taken, ...], ...]


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
    totals = [_empty(zones, pixels.bands) for _ in measures]
    cells = np.zeros((zones, 2))
    opened = [OpenZones(measure.keep, measure.on_closed) if measure.on_closed else None for measure in measures]
    told = _Told(zones, progress)
    told.advance(zones - sum(block.closing.size for block in blocks))

    def work(number: int) -> _Part:
        return _part(blocks[number], runs_of(number, blocks[number]), pixels, measures)

    for part in _in_order(work, len(blocks), threads):
        cells[part.block.zones] += part.cells
        for total, sums in zip(totals, part.sums, strict=False):
            add_sums(total, part.block.zones, sums)
        for zones_open, taken in zip(opened, part.values, strict=False):
            _hand_over(zones_open, part.block, taken)
        for zones_open in filter(None, opened):
            zones_open.close(part.block.closing)
        told.advance(part.block.closing.size)
        if on_runs is not None:
            on_runs(part.runs)
    return tuple(_sums(total, cells) for total in totals)


def _part(block: Block, runs: Runs, pixels: Pixels, measures: Sequence[Measure]) -> _Part:
    cells = count_cells(runs)
    numbers = pixels.read(block.window) if runs.starts.size else None
    if numbers is None:
        return _Part(block, runs, cells, (), ())
    flat = np.ascontiguousarray(numbers).reshape(len(numbers), -1)
    sums, values = [], []
    for measure in measures:
        factors = _NO_FACTORS if measure.factors is None else measure.factors(block.window).ravel()
        sums.append(sum_runs(flat, pixels.nodata, factors, runs))
        kept = flat if measure.keep is not Keep.NOTHING else flat[:0]
        values.append(tuple(take_values(band, pixels.nodata, factors, runs) for band in kept))
    return _Part(block, runs, cells, tuple(sums), tuple(values))


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


def _hand_over(zones: OpenZones | None, block: Block, taken: tuple[Taken, ...]) -> None:
    if zones is not None:
        for band, values in enumerate(taken):
            zones.add(block.zones, band, values)


def no_sums(zones: int, bands: int) -> Sums:
    """Sums of zones without any pixel."""
    return _sums(_empty(zones, bands), np.zeros((zones, 2)))


def _empty(zones: int, bands: int) -> Floats:
    total = np.zeros((zones, bands, FIELDS))
    total[:, :, LOW], total[:, :, HIGH] = np.inf, -np.inf
    return total


def _sums(total: Floats, cells: Floats) -> Sums:
    spread = np.broadcast_to(cells[:, None, :], (*total.shape[:2], 2))
    count = total[:, :, COUNT].astype(np.int64)
    return Sums(
        pixels=spread[:, :, 0].astype(np.int64),
        cover=spread[:, :, 1].copy(),
        count=count,
        weight=total[:, :, WEIGHT].copy(),
        total=total[:, :, TOTAL] + total[:, :, TOTAL_REST],
        m2=total[:, :, M2].copy(),
        low=np.where(count > 0, total[:, :, LOW], np.nan),
        high=np.where(count > 0, total[:, :, HIGH], np.nan),
    )


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
