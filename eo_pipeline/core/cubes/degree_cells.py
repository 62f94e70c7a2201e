"""The earth in cells of 5 degrees: which of them a grid reaches, polygons cut along them, buffers in metres.

What does not belong here: projections (`shapes_on_grid`).
"""

from collections.abc import Iterator

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

CELL = 5
"""Degrees a side."""
COLUMNS, ROWS = 360 // CELL, 180 // CELL
_POLAR = 80
"""Degrees of latitude beyond which cells are so narrow that a grid is taken to reach all of a row."""
_NEAR_POLE = 89.7
"""Degrees of latitude beyond which meridians come no closer, for buffers."""
_ROUND = 4
"""Segments of a quarter of a buffer's circle."""

Cells = NDArray[np.bool_]
"""(row from the south pole, column from -180 eastwards), True where a cell counts."""


def cells_reached(longitude: NDArray[np.float64], latitude: NDArray[np.float64]) -> Cells:
    """Cells with one of the points in them or in a neighbour; points that are not finite count nowhere."""
    there = np.isfinite(longitude) & np.isfinite(latitude)
    columns = np.floor(longitude[there] / CELL).astype(int) + COLUMNS // 2
    rows = np.clip(np.floor(latitude[there] / CELL).astype(int) + ROWS // 2, 0, ROWS - 1)
    cells = np.zeros((ROWS, COLUMNS), bool)
    cells[rows, columns % COLUMNS] = True
    cells = _with_neighbours(cells)
    polar = (90 - _POLAR) // CELL
    for row in (*range(polar), *range(ROWS - polar, ROWS)):
        cells[row] |= cells[row].any()
    return cells


def cut_into_cells(shapes: NDArray[np.object_], wanted: Cells) -> NDArray[np.object_]:
    """The parts of polygons (degrees) in the cells that count, each part in one cell."""
    pieces: list[BaseGeometry] = []
    for shape in shapes:
        west, south, east, north = shape.bounds
        columns = int(west // CELL), int(-(-east // CELL))
        rows = max(int(south // CELL), -ROWS // 2), min(int(-(-north // CELL)), ROWS // 2)
        pieces += _cut(shape, columns, rows, wanted)
    return np.array(pieces, dtype=object)


def buffered(pieces: NDArray[np.object_], distance: float) -> NDArray[np.object_]:
    """Pieces of one cell each, grown on the ground by degrees of a meridian; rather more than less."""
    if not distance or not pieces.size:
        return pieces
    bounds = shapely.bounds(pieces)
    furthest = np.minimum(np.abs(bounds[:, [1, 3]]).max(axis=1) + distance, _NEAR_POLE)
    narrow = np.repeat(np.cos(np.radians(furthest)), shapely.get_num_coordinates(pieces))
    flat = _with_x(pieces, shapely.get_coordinates(pieces)[:, 0] * narrow)
    grown = shapely.buffer(flat, distance / np.cos(np.pi / (4 * _ROUND)), quad_segs=_ROUND)
    widths = np.repeat(np.cos(np.radians(furthest)), shapely.get_num_coordinates(grown))
    wide = _with_x(grown, shapely.get_coordinates(grown)[:, 0] / widths)
    return np.asarray(shapely.transform(wide, _on_earth), dtype=object)


def _with_neighbours(cells: Cells) -> Cells:
    around = cells | np.roll(cells, 1, axis=1) | np.roll(cells, -1, axis=1)
    grown = around.copy()
    grown[1:] |= around[:-1]
    grown[:-1] |= around[1:]
    return grown


def _cut(shape: BaseGeometry, columns: tuple[int, int], rows: tuple[int, int], wanted: Cells) -> Iterator[BaseGeometry]:
    """Parts of a polygon in cells from 0 degrees, halved until each lies in one; only those that count."""
    (left, right), (low, high) = columns, rows
    among = np.arange(left, right) + COLUMNS // 2
    if shape.is_empty or not wanted[low + ROWS // 2 : high + ROWS // 2][:, among % COLUMNS].any():
        return
    if right - left <= 1 and high - low <= 1:
        yield from (part for part in shapely.get_parts(shape) if part.geom_type == "Polygon")
        return
    if right - left >= high - low:
        middle = (left + right) // 2
        halves = [((left, middle), rows), ((middle, right), rows)]
    else:
        middle = (low + high) // 2
        halves = [(columns, (low, middle)), (columns, (middle, high))]
    for (west, east), (south, north) in halves:
        box = shapely.box(west * CELL, south * CELL, east * CELL, north * CELL)
        yield from _cut(shape.intersection(box), (west, east), (south, north), wanted)


def _with_x(shapes: NDArray[np.object_], x: NDArray[np.float64]) -> NDArray[np.object_]:
    """The same shapes with other x."""
    moved = np.column_stack([x, shapely.get_coordinates(shapes)[:, 1]])
    return np.asarray(shapely.set_coordinates(shapes.copy(), moved), dtype=object)


def _on_earth(points: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.column_stack([points[:, 0], np.clip(points[:, 1], -90, 90)])
