"""Small pictures of rasters, read from their overviews.

Does not belong here: how a picture is drawn (see core.pictures).
"""

from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from rasterio.enums import Resampling

from eo_pipeline.core.pictures import Panel, Values, count_panel, paletted_png, panels_png, stretch
from eo_pipeline.errors import TilesError
from eo_pipeline.storage.rasters import GDAL_ERRORS, unreadable

MAX_PX = 320


def quicklook(
    path: Path,
    band: str | int,
    *,
    max_px: int = MAX_PX,
    colormap: str = "viridis",
    limits: tuple[float, float] | None = None,
    percentiles: tuple[float, float] = (2.0, 98.0),
) -> bytes:
    """A picture of one band.

    Args:
        path: a local raster.
        band: its name, or its number from 1.
        max_px: longest side of the picture in pixels.
        colormap: matplotlib's name.
        limits: physical values of the first and the last colour; otherwise `percentiles` of the picture.
        percentiles: used where there are no limits, 0 to 100.

    Returns:
        A PNG of at most core.pictures.MAX_BYTES, transparent where there is no value.

    Raises:
        TilesError: the raster cannot be read or has no such band.
    """
    values, _ = _read(path, band, max_px)
    return paletted_png(values, colormap=colormap, limits=limits or stretch(values, percentiles))


def pair(
    path: Path,
    value: str | int,
    n_valid: str | int,
    *,
    title: str,
    max_px: int = MAX_PX,
    colormap: str = "viridis",
    limits: tuple[float, float] | None = None,
) -> bytes:
    """A value and the number of observations behind it, side by side with colour bars.

    Args:
        path: a local raster.
        value: name or number of the band with the value.
        n_valid: name or number of the band that counts observations.
        title: above both.
        max_px: longest side of each map in pixels.
        colormap: of the value; matplotlib's name.
        limits: physical values of the first and the last colour; otherwise the 2nd and 98th percentile.

    Returns:
        A PNG of at most core.pictures.MAX_BYTES.

    Raises:
        TilesError: the raster cannot be read or has no such band.
    """
    values, units = _read(path, value, max_px)
    counts, _ = _read(path, n_valid, max_px)
    left = Panel(values, str(value), units, colormap, limits or stretch(values, (2.0, 98.0)))
    return panels_png(left, count_panel(counts, str(n_valid)), title=title)


def _read(path: Path, band: str | int, max_px: int) -> tuple[Values, str]:
    """(physical values (y, x), units) of a band at the size of a picture."""
    try:
        with rasterio.open(path) as dataset:
            number = _number(dataset, band, path)
            factor = max(1.0, max(dataset.shape) / max_px)
            shape = tuple(max(1, round(side / factor)) for side in dataset.shape)
            averaged = dataset.tags(number).get("kind") == "continuous"
            resampling = Resampling.average if averaged else Resampling.nearest
            stored = dataset.read(number, out_shape=shape, masked=True, resampling=resampling)
            scale, offset, units = dataset.scales[number - 1], dataset.offsets[number - 1], dataset.units[number - 1]
    except GDAL_ERRORS as error:
        raise unreadable(path, error) from error
    return np.ma.masked_invalid(stored.astype(np.float64) * scale + offset), units or ""


def _number(dataset: Any, band: str | int, path: Path) -> int:
    names = list(dataset.descriptions)
    number = band if isinstance(band, int) else names.index(band) + 1 if band in names else 0
    if not 1 <= number <= dataset.count:
        got = ", ".join(str(name) for name in names)
        raise TilesError(f"{path}: expected band {band!r}, got the bands {got}; name one of them")
    return number
