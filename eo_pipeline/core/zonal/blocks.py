"""Which blocks of a grid are read, in which order, for which zones, and after which block a zone is complete.

Does not belong here: reading them.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.core.zonal.curve import along_the_curve

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Block:
    """Pixels that are read together.

    Attributes:
        window: rows and columns of the grid, no larger than the zones' windows need; may reach beyond the grid.
        zones: zones whose windows meet it, along the curve.
        closing: those of them that no later block holds.
    """

    window: Rectangle
    zones: Ints
    closing: Ints

    @property
    def bounds(self) -> Ints:
        """The window as kernels take it: row start, column start, row stop, column stop."""
        window = self.window
        return np.array([window.row_start, window.column_start, window.row_stop, window.column_stop], np.int64)


def plan_blocks(windows: Ints, *, rows: int, columns: int) -> tuple[Block, ...]:
    """Cut the plane into blocks of `rows` by `columns` pixels from the grid's corner, and keep those that zones meet.

    Args:
        windows: (zone, 4) row start, column start, row stop, column stop; an empty window meets no block.
        rows: of a block.
        columns: of a block.

    Returns:
        Blocks along a space-filling curve, so that few zones are open at a time.
    """
    cells, zones = _meetings(windows, np.array([rows, columns]))
    if not zones.size:
        return ()
    different, which = np.unique(cells, axis=0, return_inverse=True)
    block = np.argsort(np.argsort(along_the_curve(np.concatenate([different, different + 1], axis=1))))[which.ravel()]
    order = np.lexsort((along_the_curve(windows)[zones], block))
    block, zones = block[order], zones[order]
    last = np.zeros(len(windows), np.int64)
    np.maximum.at(last, zones, block)
    bounds = np.searchsorted(block, np.arange(len(different) + 1))
    corners = cells[order][bounds[:-1]] * (rows, columns)
    return tuple(
        Block(_hull(windows[held], corner, rows, columns), held, held[last[held] == number])
        for number, (held, corner) in enumerate(zip(np.split(zones, bounds[1:-1]), corners, strict=True))
    )


def _meetings(windows: Ints, size: Ints) -> tuple[Ints, Ints]:
    """Every pair of a cell (row, column of blocks) and a zone that meets it: (n, 2) and (n,)."""
    first, stop = windows[:, :2] // size, -(-windows[:, 2:] // size)
    spread = np.where((windows[:, 2:] > windows[:, :2]).all(axis=1, keepdims=True), stop - first, 0)
    many = spread.prod(axis=1)
    zones = np.repeat(np.arange(len(windows)), many)
    within = np.arange(zones.size) - np.repeat(np.cumsum(many) - many, many)
    across = spread[zones, 1]
    return first[zones] + np.stack([within // across, within % across], axis=1), zones


def _hull(windows: Ints, corner: Ints, rows: int, columns: int) -> Rectangle:
    """The part of a cell that windows need."""
    top, left = np.maximum(windows[:, :2].min(axis=0), corner)
    bottom, right = np.minimum(windows[:, 2:].max(axis=0), corner + np.array([rows, columns]))
    return Rectangle(int(top), int(left), int(bottom), int(right))


def block_shape(stored: tuple[int, int], grid: tuple[int, int], *, pixels: int) -> tuple[int, int]:
    """Rows and columns of blocks that hold whole stored blocks and about as many pixels as wanted.

    Args:
        stored: rows and columns of a block in the file; strips are as wide as the file.
        grid: rows and columns of the grid.
        pixels: that a block should have.
    """
    rows, columns = min(stored[0], grid[0]), min(stored[1], grid[1])
    while 2 * rows * columns <= pixels and (rows < grid[0] or columns < grid[1]):
        if columns < grid[1] and (columns <= rows or rows >= grid[0]):
            columns *= 2
        else:
            rows *= 2
    return rows, columns
