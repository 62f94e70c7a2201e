"""Pixels whose centre is inside polygons, exactly as GDAL burns them (GDALdllImageFilledPolygon).

A row's centre line y + 0.5 crosses an edge if it lies from its upper end (included) to its lower end (excluded). The
crossings of one polygon, rounded by floor(x + 0.5) and sorted, bound runs by the even-odd rule; polygons of one zone
are burned one after another. An edge that lies on a centre line is burned by itself where it runs leftwards on a ring
that is clockwise on the map. Does not belong here: shares.
"""

import math

import numpy as np

from eo_pipeline.core.kernels.compiled import kernel
from eo_pipeline.core.kernels.growth import grown
from eo_pipeline.core.kernels.records import Ints, Outlines, Runs


@kernel
def centre_runs(outlines: Outlines, chosen: Ints, block: Ints) -> Runs:
    """The pixels of several zones inside one block, each with share 1.

    Args:
        outlines: of all zones; no pixel outside of a zone's window is burned.
        chosen: (k,) the zones to look at.
        block: (4,) row start, column start, row stop, column stop on the grid.

    Returns:
        Runs that do not touch each other in a row.
    """
    offsets = np.zeros(chosen.size + 1, np.int64)
    runs = np.empty((2, 64), np.int64)
    done = 0
    for place in range(chosen.size):
        first, last = outlines.zones[chosen[place]], outlines.zones[chosen[place] + 1]
        for polygon in range(first, last):
            runs, done = _add_polygon(runs, done, outlines, (polygon, chosen[place]), block)
        if last > first + 1:
            done = offsets[place] + _united(runs[:, offsets[place] : done], block[3] - block[1])
        offsets[place + 1] = done
    return Runs(offsets, runs[0, :done].copy(), runs[1, :done].copy(), np.ones(done))


@kernel
def _add_polygon(
    runs: Ints, done: int, outlines: Outlines, polygon_of_zone: tuple[int, int], block: Ints
) -> tuple[Ints, int]:
    """Append the runs of one polygon of a zone inside a block; the runs, perhaps in a larger array, and how many."""
    polygon, zone = polygon_of_zone
    window, width = outlines.windows[zone], block[3] - block[1]
    left, right = max(block[1] - window[1], 0), min(block[3], window[3]) - window[1]
    first, rows = _rows_of(outlines, polygon, max(block[0] - window[0], 0), min(block[2], window[2]) - window[0])
    bounds, crossings = _crossings(outlines, polygon, first, rows)
    flats = _flats(outlines, polygon, first, rows)
    for row in range(rows):
        spans = _spans(crossings[bounds[row] : bounds[row + 1]], flats, first + row)
        if done + len(spans) > runs.shape[1]:
            runs = grown(runs, done + len(spans))
        corner = (window[0] + first + row - block[0]) * width - block[1] + window[1]
        for index in range(len(spans)):
            start, stop = max(spans[index, 0], left), min(spans[index, 1], right)
            if start < stop:
                runs[0, done], runs[1, done] = corner + start, stop - start
                done += 1
    return runs, done


@kernel
def _rows_of(outlines: Outlines, polygon: int, top: int, bottom: int) -> tuple[int, int]:
    """The first row of a polygon and how many it may have, of the rows from `top` to `bottom` of its zone's window."""
    start, stop = outlines.rings[outlines.polygons[polygon]], outlines.rings[outlines.polygons[polygon + 1]]
    if start == stop:
        return top, 0
    first = max(math.floor(outlines.y[start:stop].min()), top)
    return first, max(0, min(math.floor(outlines.y[start:stop].max()) + 1, bottom) - first)


@kernel
def _united(runs: Ints, width: int) -> int:
    """Order runs of several polygons, and join in place those that overlap or touch in a row; returns how many."""
    order = np.argsort(runs[0])
    starts, lengths = runs[0][order], runs[1][order]
    done = 0
    for run in range(starts.size):
        last = runs[0, done - 1] + runs[1, done - 1] if done else -1
        if done and starts[run] <= last and starts[run] // width == runs[0, done - 1] // width:
            runs[1, done - 1] = max(last, starts[run] + lengths[run]) - runs[0, done - 1]
        else:
            runs[0, done], runs[1, done] = starts[run], lengths[run]
            done += 1
    return done


@kernel
def _crossings(outlines: Outlines, polygon: int, first: int, rows: int) -> tuple[Ints, Ints]:
    """Where edges cross the centre lines of `rows` rows from `first` on: offsets by row and sorted columns."""
    x, y, rings = outlines.x, outlines.y, outlines.rings
    counts = np.zeros(rows + 1, np.int64)
    for ring in range(outlines.polygons[polygon], outlines.polygons[polygon + 1]):
        for vertex in range(rings[ring] + 1, rings[ring + 1]):
            start, stop = _rows(y[vertex - 1], y[vertex], first, rows)
            for row in range(start, stop):
                counts[row + 1] += 1
    bounds = np.cumsum(counts)
    found = np.empty(bounds[rows], np.int64)
    counts[:] = bounds
    for ring in range(outlines.polygons[polygon], outlines.polygons[polygon + 1]):
        for vertex in range(rings[ring] + 1, rings[ring + 1]):
            start, stop = _rows(y[vertex - 1], y[vertex], first, rows)
            upper, lower = (vertex - 1, vertex) if y[vertex - 1] < y[vertex] else (vertex, vertex - 1)
            for row in range(start, stop):
                line = first + row + 0.5
                across = (line - y[upper]) * (x[lower] - x[upper]) / (y[lower] - y[upper]) + x[upper]
                found[counts[row]] = math.floor(across + 0.5)
                counts[row] += 1
    for row in range(rows):
        _sort(found[bounds[row] : bounds[row + 1]])
    return bounds, found


@kernel
def _rows(one: float, other: float, first: int, rows: int) -> tuple[int, int]:
    """The rows, counted from `first`, whose centre lines an edge between two heights crosses: start and stop."""
    upper, lower = min(one, other), max(one, other)
    start, stop = math.ceil(upper - 0.5) - first, math.ceil(lower - 0.5) - first
    return max(start, 0), min(stop, rows)


@kernel
def _flats(outlines: Outlines, polygon: int, first: int, rows: int) -> Ints:
    """Edges that lie on a centre line and are burned by themselves: (n, 3) row, start and stop column."""
    x, y, rings = outlines.x, outlines.y, outlines.rings
    flats = np.empty((0, 3), np.int64)
    for ring in range(outlines.polygons[polygon], outlines.polygons[polygon + 1]):
        for vertex in range(rings[ring] + 1, rings[ring + 1]):
            row = math.floor(y[vertex])
            if y[vertex] == y[vertex - 1] and y[vertex] == row + 0.5 and first <= row < first + rows:
                before, after = (vertex - 1, vertex) if outlines.clockwise[ring] else (vertex, vertex - 1)
                if x[before] > x[after]:
                    flat = np.empty((1, 3), np.int64)
                    flat[0, 0], flat[0, 1] = row, math.floor(x[after] + 0.5)
                    flat[0, 2] = math.floor(x[before] + 0.5)
                    flats = np.concatenate((flats, flat))
    return flats


@kernel
def _spans(crossings: Ints, flats: Ints, row: int) -> Ints:
    """Disjoint (start, stop) columns of one row, in order."""
    extra = 0
    for index in range(len(flats)):
        extra += flats[index, 0] == row
    spans = np.empty((crossings.size // 2 + extra, 2), np.int64)
    count = 0
    for index in range(0, crossings.size - 1, 2):
        if crossings[index] < crossings[index + 1]:
            count = _joined(spans, count, crossings[index], crossings[index + 1])
    if extra:
        for index in range(len(flats)):
            if flats[index, 0] == row and flats[index, 1] < flats[index, 2]:
                spans[count, 0], spans[count, 1] = flats[index, 1], flats[index, 2]
                count += 1
        ordered = spans[:count][np.argsort(spans[:count, 0])]
        count = 0
        for index in range(len(ordered)):
            count = _joined(spans, count, ordered[index, 0], ordered[index, 1])
    return spans[:count]


@kernel
def _joined(spans: Ints, count: int, start: int, stop: int) -> int:
    """Append a span that starts no earlier than the last one, or widen that one if they touch."""
    if count and start <= spans[count - 1, 1]:
        spans[count - 1, 1] = max(stop, spans[count - 1, 1])
        return count
    spans[count, 0], spans[count, 1] = start, stop
    return count + 1


@kernel
def _sort(values: Ints) -> None:
    """In place; most rows have two to six crossings, where insertion is quickest."""
    if values.size > 32:
        values.sort()
    else:
        for index in range(1, values.size):
            value, hole = values[index], index
            while hole and values[hole - 1] > value:
                values[hole] = values[hole - 1]
                hole -= 1
            values[hole] = value
