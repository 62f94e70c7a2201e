"""Factors by which pixels count: a raster of weights, or their ground area.

Does not belong here: shares of pixels that zones cover.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from eo_pipeline.core.headers import check_lattice
from eo_pipeline.core.mosaics import plan_mosaic
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.core.zonal.cell_areas import row_areas
from eo_pipeline.storage.raster_handles import RasterHandles
from eo_pipeline.storage.rasters import read_header

Factors = Callable[[Rectangle], NDArray[np.float64]]
"""The factors (y, x) of a window of a grid, NaN where there is none."""


def ground_areas(grid: GeoBox) -> Factors:
    """Square metres of every pixel; NaN beyond the grid."""
    areas = row_areas(grid)

    def factors(window: Rectangle) -> NDArray[np.float64]:
        rows = np.arange(window.row_start, window.row_stop)
        inside = (rows >= 0) & (rows < areas.size)
        of_rows = np.where(inside, areas[np.clip(rows, 0, areas.size - 1)], np.nan)
        return np.repeat(of_rows[:, None], window.width, axis=1)

    return factors


def weights_of(path: Path, grid: GeoBox, rasters: RasterHandles) -> Factors:
    """The first band of a raster on the grid's lattice; NaN where it has no value.

    Raises:
        TilesError: the raster cannot be read.
        GridMismatchError: it does not lie on the grid's pixels.
    """
    header = read_header(path)
    check_lattice({path: header}, grid)
    plan = plan_mosaic([header.geobox], grid)

    def factors(window: Rectangle) -> NDArray[np.float64]:
        weights = np.full((window.height, window.width), np.nan)
        for placement in plan.within(window):
            stored = np.empty((1, placement.source.height, placement.source.width), header.dtype)
            rasters.read(path, placement.source, [1], stored)
            read = stored[0].astype(np.float64)
            nothing = np.zeros(read.shape, np.bool_) if header.nodata is None else read == header.nodata
            weights[placement.destination.slices] = np.where(nothing, np.nan, read)
        return weights

    return factors
