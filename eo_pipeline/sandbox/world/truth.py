"""What a perfect composite would show, for tests and benchmarks. What does not belong here: served images."""

from __future__ import annotations

import numpy as np

from eo_pipeline.sandbox.graph.grids import Grid
from eo_pipeline.sandbox.world.covers import BANDS
from eo_pipeline.sandbox.world.frames import Frame
from eo_pipeline.sandbox.world.scenery import Scenery
from eo_pipeline.sandbox.world.seasons import reflectance


def true_reflectance(scenery: Scenery, band: str, grid: Grid, time_ms: int) -> np.ndarray:
    """Reflectance of the ground without clouds, shadows and haze, as stored by Sentinel-2.

    Where a scene is clear, its level-0 pixels differ from this by less than 2 % (haze) plus rounding, if the grid's
    pixel centres are the scene's.

    Args:
        scenery: the world.
        band: a reflective band, B1 to B12.
        grid: where; a metric CRS, square pixels, north up.
        time_ms: milliseconds since 1970; the day of the year counts.

    Returns:
        Reflectance times 10000, float32 (row, column).

    Raises:
        ValueError: another band, or a grid that is turned or not square.
    """
    if band not in BANDS:
        raise ValueError(f"expected one of the bands {', '.join(BANDS)}, got {band!r}; choose one of them")
    side, turn, west, lean, down, north = grid.transform
    if turn or lean or down != -side:
        raise ValueError(f"expected a grid with square pixels, north up, got transform {grid.transform}; resample it")
    frame = Frame(grid.crs, west + side / 2, north - side / 2, side, grid.width, grid.height, side)
    return np.asarray(reflectance(scenery.surface(frame), band, time_ms) * np.float32(10000))
