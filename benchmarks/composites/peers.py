"""Medians by bottleneck and xarray, and of scenes loaded by odc.stac, without ours' counts; needs these three.

Whole numbers become floats with NaN where a pixel is unusable, and medians whole numbers again, halves up.
"""

from pathlib import Path
from typing import Any

import bottleneck as bn
import numpy as np
import odc.stac
import pystac
import xarray as xr
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from benchmarks.composites.scenes import NODATA
from benchmarks.composites.timing import THREADS, repeated, timed

CLOUDY = [0, 1, 3, 8, 9, 10]
"""Classes of SCL that are not looked at."""
ROWS = 100
"""That bottleneck is given at a time, which is faster than all at once."""


def bottleneck(*, scenes: str, answer: str) -> dict[str, float]:
    """`bottleneck.nanmedian` along the scenes, some rows at a time."""
    return timed(_bottleneck, scenes=scenes, answer=answer)


def xarray(*, scenes: str, answer: str) -> dict[str, float]:
    """`DataArray.where(usable).median("time")`, as it comes: without bottleneck."""
    return timed(_xarray, scenes=scenes, answer=answer)


def odc_stac(*, archive: str, crs: str, shape: list[int], transform: list[float], answer: str) -> dict[str, float]:
    """`odc.stac.load` on as many threads as ours, then `where` and `median` of xarray.

    Args:
        archive: the folder of items.
        crs: of the chunk.
        shape: (y, x) of it.
        transform: of its pixels, rasterio's order.
        answer: the file that is written, (band, y, x).
    """
    items = [pystac.Item.from_file(path) for path in sorted(Path(archive).glob("*.json"))]
    grid = GeoBox((shape[0], shape[1]), Affine(*transform), crs)
    found, cost = repeated(lambda: _from_scenes(items, grid))
    np.save(Path(answer), np.stack(found))
    return cost


def _from_scenes(items: list[pystac.Item], grid: GeoBox) -> list[NDArray[np.uint16]]:
    bands = ("red", "green", "nir")
    loaded = odc.stac.load(items, bands=[*bands, "scl"], geobox=grid, groupby="id", pool=THREADS)
    clear = ~loaded["scl"].isin(CLOUDY)
    medians = [loaded[name].where(clear & (loaded[name] != NODATA)).median("time") for name in bands]
    return [_whole(values.to_numpy()) for values in medians]


def _bottleneck(bands: list[NDArray[np.uint16]], usable: NDArray[np.bool_]) -> list[NDArray[np.uint16]]:
    made = np.empty((len(bands), *usable.shape[1:]), np.uint16)
    for band, values in zip(bands, made, strict=True):
        for start in range(0, len(values), ROWS):
            rows = slice(start, start + ROWS)
            part = band[:, rows].astype(np.float32)
            part[~usable[:, rows]] = np.nan
            values[rows] = _whole(bn.nanmedian(part, axis=0))
    return list(made)


def _xarray(bands: list[NDArray[np.uint16]], usable: NDArray[np.bool_]) -> list[NDArray[np.uint16]]:
    dims = ("time", "y", "x")
    clear = xr.DataArray(usable, dims=dims)
    medians = [xr.DataArray(band, dims=dims).where(clear).median("time") for band in bands]
    return [_whole(values.to_numpy()) for values in medians]


def _whole(medians: NDArray[Any]) -> NDArray[np.uint16]:
    return np.where(np.isnan(medians), NODATA, np.floor(medians + 0.5)).astype(np.uint16)
