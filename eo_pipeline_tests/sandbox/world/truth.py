"""What the ground of the world reflects on any metric grid, for comparison. Nothing else belongs here."""

import numpy as np

from eo_pipeline.sandbox.graph.grids import Grid
from eo_pipeline.sandbox.world.frames import Frame
from eo_pipeline.sandbox.world.scenery import Scenery
from eo_pipeline.sandbox.world.seasons import reflectance


def true_reflectance(scenery: Scenery, band: str, grid: Grid, time_ms: int) -> np.ndarray:
    """Reflectance times 10000 without sky, float32 (row, column).

    Args:
        scenery: the world.
        band: a reflective band of Sentinel-2.
        grid: where; a metric CRS, square pixels, north up.
        time_ms: milliseconds since 1970.
    """
    side, _, west, _, _, north = grid.transform
    frame = Frame(grid.crs, west + side / 2, north - side / 2, side, grid.width, grid.height, side)
    return np.asarray(reflectance(scenery.surface(frame), band, time_ms) * np.float32(10000))
