"""The exact share of each pixel that polygons cover.

Every edge adds, in each row it crosses, the area between it and the pixel's right side to its pixel, and its height to
all pixels further right; sums from left to right are then the covered shares. Holes and parts follow from the rings'
directions. Does not belong here: rules that look at centres only (see centres).
"""

import math

import numpy as np

from eo_pipeline.core.kernels.compiled import kernel
from eo_pipeline.core.kernels.growth import grown
from eo_pipeline.core.kernels.records import Floats, Ints, Outlines, Runs

Point = tuple[float, float]
_WHOLE = 1 - 1e-12
"""Shares from here on are 1: the sums' rounding errors are smaller."""


@kernel
def cover_runs(outlines: Outlines, chosen: Ints, block: Ints) -> Runs:
    """The pixels of several zones inside one block, each with the share that the zone covers.

    Args:
        outlines: of all zones.
        chosen: (k,) the zones to look at.
        block: (4,) row start, column start, row stop, column stop on the grid.
    """
    offsets = np.zeros(chosen.size + 1, np.int64)
    runs, shares = np.empty((2, 64), np.int64), np.empty((1, 64))
    width = block[3] - block[1]
    scratch = np.empty((block[2] - block[0]) * (width + 1))
    done = 0
    for place in range(chosen.size):
        window = outlines.windows[chosen[place]]
        top, bottom = max(window[0], block[0]), min(window[2], block[2])
        left, right = max(window[1], block[1]), min(window[3], block[3])
        if top < bottom and left < right:
            rows, columns = bottom - top, right - left
            added = scratch[: rows * (columns + 1)].reshape(rows, columns + 1)
            _add_edges(added, outlines, chosen[place], top - window[0], left - window[1])
            if done + rows * columns > runs.shape[1]:
                runs, shares = grown(runs, done + rows * columns), grown(shares, done + rows * columns)
            corner = (top - block[0]) * width + left - block[1]
            done += _gather(added, outlines.least[chosen[place]], runs[:, done:], shares[0, done:])
            for run in range(offsets[place], done):
                runs[0, run] = corner + runs[0, run] // columns * width + runs[0, run] % columns
        offsets[place + 1] = done
    return Runs(offsets, runs[0, :done].copy(), runs[1, :done].copy(), shares[0, :done].copy())


@kernel
def _add_edges(added: Floats, outlines: Outlines, zone: int, up: int, back: int) -> None:
    """Fill `added` anew with all edges of a zone; its corner lies `up` rows and `back` columns inside the window."""
    added[:] = 0.0
    x, y, rings = outlines.x, outlines.y, outlines.rings
    first, last = outlines.polygons[outlines.zones[zone]], outlines.polygons[outlines.zones[zone + 1]]
    for ring in range(first, last):
        for vertex in range(rings[ring] + 1, rings[ring + 1]):
            one = (x[vertex - 1] - back, y[vertex - 1] - up)
            other = (x[vertex] - back, y[vertex] - up)
            if one[1] < other[1]:
                _add_edge(added, one, other, outlines.signs[ring])
            else:
                _add_edge(added, other, one, -outlines.signs[ring])


@kernel
def _add_edge(added: Floats, upper: Point, lower: Point, sign: float) -> None:
    """Add one edge, by its ends (column, row) counted from the corner of `added`, to the rows it crosses."""
    (x0, y0), (x1, y1) = upper, lower
    low, high = max(y0, 0.0), min(y1, float(added.shape[0]))
    if low >= high:
        return
    slope = (x1 - x0) / (y1 - y0)
    nearest, furthest = min(x0, x1), max(x0, x1)
    above = min(max(x0 + (low - y0) * slope, nearest), furthest)
    row = math.floor(low)
    while low < high:
        until = min(row + 1.0, high)
        below = x1 if until == y1 else min(max(x0 + (until - y0) * slope, nearest), furthest)
        _add_piece(added[row], min(above, below), max(above, below), (until - low) * sign)
        row, low, above = row + 1, until, below


@kernel
def _add_piece(added: Floats, left: float, right: float, height: float) -> None:
    """Add a piece of an edge that stays in one row: from column `left` to `right`, of a signed height."""
    columns = added.size - 1
    if left >= columns:
        return
    if right <= 0:
        added[0] += height
        return
    column = math.floor(left)
    if column >= 0 and right <= column + 1:
        beyond = (left + right) / 2 - column
        added[column] += height * (1 - beyond)
        added[column + 1] += height * beyond
        return
    steepness = height / (right - left)
    if left < 0:
        added[0] -= steepness * left
        left, column = 0.0, 0
    while left < right and column < columns:
        until = min(column + 1.0, right)
        part, beyond = steepness * (until - left), (left + until) / 2 - column
        added[column] += part * (1 - beyond)
        added[column + 1] += part * beyond
        left, column = until, column + 1


@kernel
def _gather(added: Floats, least: float, runs: Ints, shares: Floats) -> int:
    """Write the runs of one zone, pixels counted in `added` without its last column; returns how many."""
    done = 0
    columns = added.shape[1] - 1
    for row in range(added.shape[0]):
        share, last = 0.0, -2
        for column in range(columns):
            share += added[row, column]
            if share >= _WHOLE and last == column - 1:
                runs[1, done - 1] += 1
                last = column
            elif share > least:
                runs[0, done], runs[1, done], shares[done] = row * columns + column, 1, min(share, 1.0)
                if share >= _WHOLE:
                    shares[done], last = 1.0, column
                done += 1
    return done
