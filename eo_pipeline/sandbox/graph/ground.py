"""Lengths on the ground of a grid's pixels. What does not belong here: lattices."""

from __future__ import annotations

import numpy as np

from eo_pipeline.sandbox.graph.crs import is_geographic, metres_per_unit
from eo_pipeline.sandbox.graph.grids import Grid


def pixel_sides(grid: Grid) -> tuple[np.ndarray, np.ndarray]:
    """Metres from a pixel to the next in a row and in a column, each broadcastable to (row, column).

    Steps against an axis of the CRS are negative. Degrees of longitude shrink with the cosine of the latitude;
    projected systems count as true to scale. The grid has to be upright.
    """
    metres = metres_per_unit(grid.crs)
    width, height = np.array([[grid.transform[0] * metres]]), np.array([[grid.transform[4] * metres]])
    if is_geographic(grid.crs):
        latitudes = grid.centres(grid.crs)[1]
        width = width * np.maximum(np.cos(np.radians(latitudes)), np.finfo(float).eps)
    return width, height
