"""Pixels indexed (band, y, x) that lie in memory as files have them, all bands of a pixel side by side.

Copying, subtracting and counting whole rows is then one run over memory. Does not belong here: what pixels are.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def empty_pixels(shape: tuple[int, int, int], dtype: np.dtype[Any] | str) -> NDArray[Any]:
    """An array (band, y, x) of that shape whose numbers are not set."""
    bands, height, width = shape
    return np.moveaxis(np.empty((height, width, bands), dtype), 2, 0)


def by_rows(pixels: NDArray[Any]) -> NDArray[Any]:
    """(y, x and band) of pixels (band, y, x), in one piece; a copy where they do not lie so."""
    return np.ascontiguousarray(np.moveaxis(pixels, 0, 2)).reshape(pixels.shape[1], -1)
