"""Files of STAC items on a grid, by rasterio, pyproj and numpy.

What lies in another CRS comes by GDAL's warper, or by the exact place of each pixel's centre. What does not belong
here: anything of the pipeline, and expectations.
"""

from collections.abc import Callable, Sequence
from itertools import groupby, product
from typing import Any

import numpy as np
import pystac
import rasterio
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from pyproj import Transformer
from rasterio.enums import Resampling
from rasterio.warp import reproject
from rasterio.windows import Window

ROW = 256
"""Pixels of a row that GDAL warps at once: its approximation depends on where a row begins and ends."""

Numbers = NDArray[np.float64]
Warp = Callable[[Any, GeoBox, bool], Numbers]
"""Pixels (y, x) of an open file in another CRS on a grid, 0 where there is none; True for classes."""


def observed(items: Sequence[pystac.Item], key: str, grid: GeoBox, warp: Warp) -> Numbers:
    """(day, y, x) of one asset, 0 where no item of a day has a pixel, the first one's by id where several have.

    Args:
        items: by time; a day in UTC is one at the place, too.
        key: of the asset; "scl" holds classes.
        grid: upright.
        warp: `warped` or `placed`.
    """
    days = []
    for _, held in groupby(items, lambda item: item.properties["datetime"][:10]):
        day = np.zeros(tuple(grid.shape))
        for item in sorted(held, key=lambda item: item.id):
            with rasterio.open(item.assets[key].href) as dataset:
                way = placed if str(dataset.crs) == str(grid.crs) else warp
                day = np.where(day == 0, way(dataset, grid, key == "scl"), day)
        days.append(day)
    return np.stack(days)


def warped(dataset: Any, grid: GeoBox, classes: bool) -> Numbers:
    """By GDAL, which may be a thousandth of a pixel off: classes of the nearest pixel, others bilinear.

    The grid has at most ROW columns, the first of which begins a row.
    """
    height, width = grid.shape
    into = np.zeros((height, ROW), dataset.dtypes[0])
    resampling = Resampling.nearest if classes else Resampling.bilinear
    onto = {"dst_transform": grid.affine, "dst_crs": str(grid.crs), "dst_nodata": 0}
    reproject(rasterio.band(dataset, 1), into, **onto, resampling=resampling, tolerance=0.001)
    return into[:, :width].astype(float)


def placed(dataset: Any, grid: GeoBox, classes: bool) -> Numbers:
    """By where each centre lies: the pixel around it if that is one of the grid or a class, else bilinear."""
    height, width = grid.shape
    x, y = grid.affine @ np.stack(np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5))
    x, y = Transformer.from_crs(str(grid.crs), str(dataset.crs), always_xy=True).transform(x, y)
    column, row = ~dataset.transform @ np.stack([x, y])
    if classes or str(dataset.crs) == str(grid.crs):
        return _pixels(dataset, np.floor(row).astype(int), np.floor(column).astype(int))
    return _interpolated(dataset, row, column)


def _interpolated(dataset: Any, row: Numbers, column: Numbers) -> Numbers:
    """Between the centres of the four pixels around, as many as there are, rounded; 0 outside of the file."""
    inside = (row >= 0) & (row < dataset.height) & (column >= 0) & (column < dataset.width)
    first_row, first_column = np.floor(row - 0.5).astype(int), np.floor(column - 0.5).astype(int)
    total, weights = np.zeros(row.shape), np.zeros(row.shape)
    for down, across in product((0, 1), (0, 1)):
        found = _pixels(dataset, first_row + down, first_column + across)
        share = 1 - np.abs(row - 0.5 - first_row - down)
        share *= 1 - np.abs(column - 0.5 - first_column - across)
        share[found == 0] = 0
        total += share * found
        weights += share
    return np.where(inside & (weights > 0), np.floor(total / np.maximum(weights, 1e-9) + 0.5), 0)


def _pixels(dataset: Any, row: NDArray[np.int_], column: NDArray[np.int_]) -> Numbers:
    """Numbers of pixels, 0 where nodata and outside of the file."""
    top, left = row.min(), column.min()
    window = Window(left, top, column.max() - left + 1, row.max() - top + 1)
    read: Numbers = dataset.read(1, window=window, boundless=True, fill_value=dataset.nodata).astype(float)
    read[read == dataset.nodata] = 0
    found: Numbers = read[row - top, column - left]
    return found


def median(numbers: Numbers, usable: NDArray[np.bool_]) -> Numbers:
    """(y, x) over days, of what is usable; NaN where nothing is."""
    return np.ma.filled(np.ma.median(np.ma.masked_array(numbers, ~usable), axis=0), np.nan)
