"""Grids turned as maps are: north up, and longitudes from -180 to 180.

What does not belong here: reading pixels (`storage.scenes.turned`).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from affine import Affine
from odc.geo.geobox import GeoBox

from eo_pipeline.core.rectangles import Rectangle

_NEAR = 1e-3
"""Pixels."""


@dataclass(frozen=True)
class Turning:
    """How a file's pixels lie in the turned grid.

    Attributes:
        geobox: the turned grid.
        upside_down: True if the file's first row is the southernmost.
        roll: the file's column that comes first; those before it come last.
    """

    geobox: GeoBox
    upside_down: bool = False
    roll: int = 0

    @property
    def changes(self) -> bool:
        """False if pixels stay where they are."""
        return self.upside_down or self.roll > 0

    def pieces(self, window: Rectangle) -> Iterator[tuple[Rectangle, slice]]:
        """What is read of a file for a window of the turned grid: its pixels, and their columns in the window."""
        height, width = self.geobox.shape
        rows = (window.row_start, window.row_stop)
        if self.upside_down:
            rows = height - rows[1], height - rows[0]
        before = Rectangle(0, 0, height, width - self.roll).intersection(window)
        after = Rectangle(0, width - self.roll, height, width).intersection(window)
        for part, shift in ((before, self.roll), (after, self.roll - width)):
            if part is not None:
                columns = part.column_start - window.column_start, part.column_stop - window.column_start
                source = Rectangle(rows[0], part.column_start + shift, rows[1], part.column_stop + shift)
                yield source, slice(*columns)


def turning_of(grid: GeoBox) -> Turning:
    """How a grid as it is stored is turned.

    Columns whose centres lie at 180 degrees or east of it come before the others if the grid goes round the earth. A
    part of the earth on both sides of 180 degrees stays in one piece.

    Args:
        grid: rows may run northwards; a rotated one stays as it is.
    """
    a, b, left, d, e, top = tuple(grid.affine)[:6]
    if b or d:
        return Turning(grid)
    height, width = grid.shape
    upside_down, roll = e > 0, 0
    if upside_down:
        top, e = top + e * height, -e
    if grid.crs is not None and grid.crs.geographic:
        east = int(np.count_nonzero(left + a * (np.arange(width) + 0.5) >= 180 - a * _NEAR))
        if east == width:
            left -= 360
        elif east and abs(a * width - 360) <= a * _NEAR * width:
            roll = width - east
            left += a * roll - 360
    return Turning(GeoBox((height, width), Affine(a, 0, left, 0, e, top), grid.crs), upside_down, roll)
