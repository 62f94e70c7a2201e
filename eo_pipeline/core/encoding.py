"""From physical values to the numbers that a band stores, over arrays, as `earth_engine.encoding` asks Earth Engine.

What does not belong here: what an encoding is (`bands`), and rows of composites that are stored as they are.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from eo_pipeline.core.bands import BandEncoding

_NEARLY = 1e-9
"""Share by which the inverse of a scale may miss a whole number, by which is multiplied then."""


def encoded(values: NDArray[np.floating], band: BandEncoding) -> NDArray[Any]:
    """Stored numbers of values: rounded half up for whole numbers; what does not fit becomes nodata.

    Args:
        values: physical, any shape, NaN where there is none.
        band: how they are stored; counts as they are, the most that the type holds if they are more.
    """
    if band.kind == "count":
        return _counts(values, band)
    numbers = values - band.offset if band.offset else values
    if band.scale != 1.0:
        inverse = 1 / band.scale
        whole = round(inverse)
        numbers = numbers * whole if abs(inverse - whole) < _NEARLY * abs(inverse) else numbers / band.scale
    return rounded(numbers, band)


def rounded(numbers: NDArray[np.floating], band: BandEncoding) -> NDArray[Any]:
    """Numbers that are in a band's stored units already, in its type.

    Args:
        numbers: any shape, NaN where there is none.
        band: how they are stored.
    """
    dtype = np.dtype(band.dtype)
    there = ~np.isnan(numbers)
    if not band.is_float:
        numbers = np.floor(numbers + 0.5)
        limits = np.iinfo(dtype)
        there &= (numbers >= limits.min) & (numbers <= limits.max)
        if band.nodata is not None:
            there &= numbers != band.nodata
    stored = np.full(numbers.shape, band.empty, dtype)
    stored[there] = numbers[there].astype(dtype)
    return stored


def _counts(values: NDArray[np.floating], band: BandEncoding) -> NDArray[Any]:
    numbers = np.nan_to_num(values)
    if band.is_float:
        return np.asarray(numbers.astype(band.dtype))
    high = np.iinfo(band.dtype).max
    most = high - 1 if band.nodata == high else high
    return np.asarray(np.minimum(np.floor(numbers + 0.5), most).astype(band.dtype))
