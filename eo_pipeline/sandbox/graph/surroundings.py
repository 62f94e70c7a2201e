"""The pixels around a grid that a function of neighbourhoods needs. What does not belong here: what it computes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eo_pipeline.sandbox.graph.grids import Grid


@dataclass(frozen=True)
class Reach:
    """How many pixels beyond each edge of a grid are looked at.

    Attributes:
        left: columns before the first.
        right: columns after the last.
        up: rows above the first.
        down: rows below the last.
    """

    left: int
    right: int
    up: int
    down: int

    def grown(self, grid: Grid) -> Grid:
        """The grid with the pixels around it."""
        width, height = grid.width + self.left + self.right, grid.height + self.up + self.down
        return grid.window(-self.left, -self.up, width, height)

    def shifted(self, values: np.ndarray, grid: Grid, dx: int, dy: int) -> np.ndarray:
        """For each pixel of a grid the one dx columns to the right and dy rows below.

        Args:
            values: (..., row, column) on the grown grid.
            grid: the grid itself.
            dx: columns, from -left to right.
            dy: rows, from -up to down.
        """
        row, column = self.up + dy, self.left + dx
        return values[..., row : row + grid.height, column : column + grid.width]


def around(pixels: int) -> Reach:
    """The same number of pixels on every side."""
    return Reach(pixels, pixels, pixels, pixels)
