"""Pixels that polygons touch, exactly as GDAL burns them with ALL_TOUCHED.

They are the pixels whose centre is inside and, besides, those that the edges pass (GDALdllImageLineAllTouched): upright
and level edges burn a column or row, unless they lie on the border between two; the others are followed from pixel to
pixel, from left to right. Does not belong here: pixels by centre (see centres).
"""

import math

import numpy as np
from numpy.typing import NDArray

from eo_pipeline.core.kernels.centres import centre_runs
from eo_pipeline.core.kernels.compiled import kernel
from eo_pipeline.core.kernels.growth import grown
from eo_pipeline.core.kernels.records import Ints, Outlines, Runs

Point = tuple[float, float]
Mask = NDArray[np.uint8]

_LEVEL = 0.01
"""Pixels between the ends of an edge, below which it counts as upright or level."""
_BORDER = 1e-4
"""Pixels from the border between two pixels, within which an edge lies on it and an end does not reach beyond it."""
_LEAST_STEP = 1e-9
"""Rows that a step to another row takes at least."""


def touched_runs(outlines: Outlines, chosen: Ints, block: Ints) -> Runs:
    """The pixels of several zones inside one block, each with share 1.

    Args:
        outlines: of all zones; no pixel outside of a zone's window is burned.
        chosen: (k,) the zones to look at.
        block: (4,) row start, column start, row stop, column stop on the grid.
    """
    return _with_edges(outlines, chosen, block, centre_runs(outlines, chosen, block))


@kernel
def _with_edges(outlines: Outlines, chosen: Ints, block: Ints, inside: Runs) -> Runs:
    """The pixels of runs, and those that edges pass."""
    offsets = np.zeros(chosen.size + 1, np.int64)
    runs = np.empty((2, 64), np.int64)
    width = block[3] - block[1]
    scratch = np.empty((block[2] - block[0]) * width, np.uint8)
    done = 0
    for place in range(chosen.size):
        window = outlines.windows[chosen[place]]
        top, bottom = max(window[0], block[0]), min(window[2], block[2])
        left, right = max(window[1], block[1]), min(window[3], block[3])
        if top < bottom and left < right:
            mask = scratch[: (bottom - top) * (right - left)].reshape(bottom - top, right - left)
            mask[:] = 0
            for run in range(inside.offsets[place], inside.offsets[place + 1]):
                row, column = inside.starts[run] // width - (top - block[0]), inside.starts[run] % width
                start = column - (left - block[1])
                mask[row, start : start + inside.lengths[run]] = 1
            _burn_edges(mask, outlines, chosen[place], (top - window[0], left - window[1]))
            if done + mask.size > runs.shape[1]:
                runs = grown(runs, done + mask.size)
            corner = (top - block[0]) * width + left - block[1]
            done += _gather(mask, corner, width, runs[:, done:])
        offsets[place + 1] = done
    return Runs(offsets, runs[0, :done].copy(), runs[1, :done].copy(), np.ones(done))


@kernel
def _gather(mask: Mask, corner: int, width: int, runs: Ints) -> int:
    """Write the runs of marked pixels, counted row by row in a block of some width; returns how many."""
    done = 0
    for row in range(mask.shape[0]):
        for column in range(mask.shape[1]):
            if mask[row, column]:
                if column == 0 or not mask[row, column - 1]:
                    runs[0, done], runs[1, done] = corner + row * width + column, 0
                    done += 1
                runs[1, done - 1] += 1
    return done


@kernel
def _burn_edges(mask: Mask, outlines: Outlines, zone: int, corner: tuple[int, int]) -> None:
    """Mark the pixels that a zone's edges pass; the mask's corner is a row and column of the zone's window."""
    x, y, rings, window = outlines.x, outlines.y, outlines.rings, outlines.windows[zone]
    size = (window[2] - window[0], window[3] - window[1])
    first, last = outlines.polygons[outlines.zones[zone]], outlines.polygons[outlines.zones[zone + 1]]
    for ring in range(first, last):
        for vertex in range(rings[ring] + 1, rings[ring + 1]):
            start, end = (x[vertex - 1], y[vertex - 1]), (x[vertex], y[vertex])
            if start[0] > end[0]:
                start, end = end, start
            _burn_edge(mask, corner, size, start, end)


@kernel
def _burn_edge(mask: Mask, corner: tuple[int, int], size: tuple[int, int], start: Point, end: Point) -> None:
    """Mark the pixels of one edge, whose ends (column, row) go from left to right in a window of `size`."""
    rows, columns = size
    low, high = min(start[1], end[1]), max(start[1], end[1])
    if high < 0 or low > rows or end[0] < 0 or start[0] > columns:
        return
    if abs(start[0] - end[0]) < _LEVEL:
        column = math.floor(end[0])
        if not (_on_border(start[0]) and _on_border(end[0])) and 0 <= column < columns:
            for row in range(max(math.floor(low), 0), min(math.floor(high - _BORDER), rows - 1) + 1):
                _mark(mask, corner, row, column)
    elif abs(start[1] - end[1]) < _LEVEL:
        row = math.floor(start[1])
        if not (_on_border(start[1]) and _on_border(end[1])) and 0 <= row < rows:
            for column in range(max(math.floor(start[0]), 0), min(math.floor(end[0] - _BORDER), columns - 1) + 1):
                _mark(mask, corner, row, column)
    else:
        _follow(mask, corner, size, start, end)


@kernel
def _follow(mask: Mask, corner: tuple[int, int], size: tuple[int, int], start: Point, end: Point) -> None:
    """Mark the pixels of a sloping edge one after another."""
    rows, columns = size
    (x, y), (x_end, y_end) = start, end
    slope = (y_end - y) / (x_end - x)
    if x_end > columns:
        y_end -= (x_end - columns) * slope
        x_end = float(columns)
    if x < 0:
        y, x = y + (0 - x) * slope, 0.0
    if y_end > y:
        if y < 0:
            x, y = x + (0 - y) / slope, 0.0
        if y_end >= rows:
            x_end = min(x_end + (y_end - rows) / slope, float(columns))
    else:
        if y >= rows:
            x, y = x + (rows - y) / slope, float(rows)
        if y_end < 0:
            x_end -= y_end / slope
    while 0 <= x < x_end:
        row = math.floor(y)
        if 0 <= row < rows:
            _mark(mask, corner, row, math.floor(x))
        across = math.floor(x + 1.0) - x
        down = across * slope
        if math.floor(y + down) != row:
            down = min(row - y, -_LEAST_STEP) if slope < 0 else max(row + 1 - y, _LEAST_STEP)
            across = down / slope
        x, y = x + across, y + down


@kernel
def _on_border(place: float) -> bool:
    return abs(place - math.floor(place + 0.5)) < _BORDER


@kernel
def _mark(mask: Mask, corner: tuple[int, int], row: int, column: int) -> None:
    """Mark a pixel of the window if the mask holds it."""
    row, column = row - corner[0], column - corner[1]
    if 0 <= row < mask.shape[0] and 0 <= column < mask.shape[1]:
        mask[row, column] = 1
