"""Pixels of points and lines as zones, as the engine takes them.

What does not belong here: which pixels those are (`lines`), and polygons (`rules`).
"""

from collections.abc import Sequence

import numpy as np
import shapely
from odc.geo.geobox import GeoBox
from shapely.geometry.base import BaseGeometry

from eo_pipeline.core.kernels.records import Ints, Runs
from eo_pipeline.core.zonal.blocks import Block
from eo_pipeline.core.zonal.lines import HeldCells, line_cells, point_cells


class HeldPixels:
    """Pixels of points or lines of many zones; the share of a pixel is 1 of points, the metres inside of lines."""

    def __init__(self, shapes: Sequence[BaseGeometry], grid: GeoBox) -> None:
        """Points or lines in the grid's CRS, one a zone; empty ones have no pixel."""
        self._cells = [_cells(shape, grid) for shape in shapes]
        self.windows: Ints = np.array([_window(cells) for cells in self._cells], np.int64).reshape(-1, 4)

    def runs(self, block: Block) -> Runs:
        """The pixels of the block's zones that lie in it, each a run of its own; called from several threads."""
        parts = [_inside(self._cells[zone], block) for zone in block.zones.tolist()]
        offsets = np.cumsum([0, *(len(part.rows) for part in parts)], dtype=np.int64)
        window = block.window
        starts = [(part.rows - window.row_start) * window.width + part.columns - window.column_start for part in parts]
        return Runs(
            offsets,
            np.concatenate(starts),
            np.ones(int(offsets[-1]), np.int64),
            np.concatenate([part.weights for part in parts]),
        )


_NOTHING = HeldCells(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))


def _cells(shape: BaseGeometry, grid: GeoBox) -> HeldCells:
    if shape.is_empty:
        return _NOTHING
    return point_cells(shape, grid.affine) if shapely.get_dimensions(shape) == 0 else line_cells(shape, grid)


def _window(cells: HeldCells) -> tuple[int, int, int, int]:
    """Row start, column start, row stop, column stop."""
    if not len(cells.rows):
        return 0, 0, 0, 0
    rows, columns = cells.rows, cells.columns
    return int(rows.min()), int(columns.min()), int(rows.max()) + 1, int(columns.max()) + 1


def _inside(cells: HeldCells, block: Block) -> HeldCells:
    top, left, bottom, right = block.bounds.tolist()
    rows, columns = cells.rows, cells.columns
    there = (rows >= top) & (rows < bottom) & (columns >= left) & (columns < right)
    return HeldCells(rows[there], columns[there], cells.weights[there])
