"""Pixels whose centre is inside polygons, exactly as GDAL burns them (GDALdllImageFilledPolygon).

A row's centre line y + 0.5 crosses an edge if it lies from its upper end (included) to its lower end (excluded); the
crossings, rounded by floor(x + 0.5) and sorted, bound the runs by the even-odd rule. An edge that lies on a centre line
is burned by itself where it runs leftwards on a ring that is clockwise on the map. Does not belong here: shares.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eo_pipeline.core.kernels.compiled import kernel
from eo_pipeline.core.kernels.growth import grown

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@kernel
def centre_runs(
    x: Floats,
    y: Floats,
    rings: Ints,
    zones: Ints,
    clockwise: NDArray[np.bool_],
    windows: Ints,
    chosen: Ints,
    block: Ints,
) -> tuple[Ints, Ints, Ints]:
    """Runs of pixels of several zones inside one block.

    Args:
        x: columns of the vertices, counted from their zone's own window.
        y: rows, likewise.
        rings: (ring + 1,) offsets into the vertices; a ring's last vertex is its first.
        zones: (zone + 1,) offsets into the rings.
        clockwise: (ring,) True where the ring is clockwise on the map.
        windows: (zone, 4) row start, column start, row stop, column stop on the grid; no pixel outside is burned.
        chosen: (k,) the zones to look at.
        block: (4,) like a row of `windows`.

    Returns:
        (k + 1,) offsets into runs; (run,) first pixels, counted row by row in the block; (run,) lengths. A zone's runs
        are ordered and do not touch each other in a row.
    """
    offsets = np.zeros(chosen.size + 1, np.int64)
    runs = np.empty((2, 64), np.int64)
    height, width = block[2] - block[0], block[3] - block[1]
    counts = np.zeros(height + 1, np.int64)
    done = 0
    for place in range(chosen.size):
        zone = chosen[place]
        top, bottom = max(windows[zone, 0], block[0]), min(windows[zone, 2], block[2])
        left, right = max(windows[zone, 1], block[1]), min(windows[zone, 3], block[3])
        if top < bottom and left < right:
            first, rows = top - windows[zone, 0], bottom - top
            bounds, crossings = _crossings(x, y, rings, zones[zone], zones[zone + 1], first, rows, counts)
            flats = _flats(x, y, rings, zones[zone], zones[zone + 1], clockwise, first, rows)
            for row in range(rows):
                spans = _spans(crossings[bounds[row] : bounds[row + 1]], flats, first + row)
                if done + len(spans) > runs.shape[1]:
                    runs = grown(runs, done + len(spans))
                corner = (top - block[0] + row) * width - block[1] + windows[zone, 1]
                for index in range(len(spans)):
                    start = max(spans[index, 0], left - windows[zone, 1])
                    stop = min(spans[index, 1], right - windows[zone, 1])
                    if start < stop:
                        runs[0, done], runs[1, done] = corner + start, stop - start
                        done += 1
        offsets[place + 1] = done
    return offsets, runs[0, :done].copy(), runs[1, :done].copy()


@kernel
def _crossings(
    x: Floats, y: Floats, rings: Ints, first_ring: int, last_ring: int, first: int, rows: int, counts: Ints
) -> tuple[Ints, Ints]:
    """Where edges cross the centre lines of `rows` rows from `first` on: offsets by row and sorted columns."""
    counts[: rows + 1] = 0
    for ring in range(first_ring, last_ring):
        for vertex in range(rings[ring] + 1, rings[ring + 1]):
            start, stop = _rows(y[vertex - 1], y[vertex], first, rows)
            for row in range(start, stop):
                counts[row + 1] += 1
    bounds = np.cumsum(counts[: rows + 1])
    found = np.empty(bounds[rows], np.int64)
    counts[:rows] = bounds[:rows]
    for ring in range(first_ring, last_ring):
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
    """The rows, counted from `first`, whose centre lines an edge between two heights crosses; (0, 0) if none."""
    upper, lower = min(one, other), max(one, other)
    start, stop = math.ceil(upper - 0.5) - first, math.ceil(lower - 0.5) - first
    return max(start, 0), min(stop, rows)


@kernel
def _flats(
    x: Floats,
    y: Floats,
    rings: Ints,
    first_ring: int,
    last_ring: int,
    clockwise: NDArray[np.bool_],
    first: int,
    rows: int,
) -> Ints:
    """Edges that lie on a centre line and are burned by themselves: (n, 3) row, start and stop column."""
    flats = np.empty((0, 3), np.int64)
    for ring in range(first_ring, last_ring):
        for vertex in range(rings[ring] + 1, rings[ring + 1]):
            row = math.floor(y[vertex])
            if y[vertex] == y[vertex - 1] and y[vertex] == row + 0.5 and first <= row < first + rows:
                before, after = (vertex - 1, vertex) if clockwise[ring] else (vertex, vertex - 1)
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
        ordered = spans[:count].copy()
        ordered = ordered[np.argsort(ordered[:, 0])]
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
def _sort(values: Ints) -> Any:
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
