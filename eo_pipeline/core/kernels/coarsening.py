"""Blocks of pixels into one pixel each: means and the most frequent numbers, compiled, without the GIL.

Blocks are squares of `factor` pixels a side that fill the source. Values as in `compose`. Does not belong here: pixels
that cover parts of others (`overviews`), and observations of one pixel (`averaging`).
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from eo_pipeline.core.kernels.compiled import kernel
from eo_pipeline.core.kernels.compose import Mark, is_value


@kernel
def block_means(source: NDArray[Any], factor: int, mark: Mark, means: NDArray[np.float64]) -> None:
    """The mean of each block's values, summed in double precision row by row.

    Args:
        source: (y * factor, x * factor).
        factor: at least 1.
        mark: nodata of the source.
        means: (y, x), written; NaN where a block has no value.
    """
    height, width = means.shape
    totals, counts = np.empty(width), np.empty(width, np.int64)
    for y in range(height):
        totals[:], counts[:] = 0.0, 0
        for row in range(y * factor, (y + 1) * factor):
            for column in range(width * factor):
                number = source[row, column]
                if is_value(number, mark):
                    totals[column // factor] += np.float64(number)
                    counts[column // factor] += 1
        for x in range(width):
            means[y, x] = totals[x] / counts[x] if counts[x] > 0 else np.nan


@kernel
def block_modes(source: NDArray[Any], factor: int, mark: Mark, empty: Any, modes: NDArray[Any]) -> None:
    """The most frequent of each block's values; the smallest of several.

    Args:
        source: (y * factor, x * factor).
        factor: at least 1.
        mark: nodata of the source.
        empty: in the source's type, where a block has no value.
        modes: (y, x) of the source's type, written.
    """
    found = np.empty(factor * factor, source.dtype)
    for y in range(modes.shape[0]):
        for x in range(modes.shape[1]):
            count = 0
            for row in range(y * factor, (y + 1) * factor):
                for column in range(x * factor, (x + 1) * factor):
                    if is_value(source[row, column], mark):
                        found[count] = source[row, column]
                        count += 1
            modes[y, x] = empty
            most, same = 0, 0
            ordered = np.sort(found[:count])
            for place in range(count):
                same = same + 1 if place > 0 and ordered[place] == ordered[place - 1] else 1
                if same > most:
                    most, modes[y, x] = same, ordered[place]
