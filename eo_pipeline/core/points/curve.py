"""A curve through all cells of a square that goes from each to a neighbour (Hilbert 1891).

What does not belong here: what lies in the cells.
"""

import numpy as np
from numpy.typing import NDArray


def hilbert(column: NDArray[np.int64], row: NDArray[np.int64]) -> NDArray[np.int64]:
    """The place of each cell (n,) on the curve, from 0.

    Args:
        column: from 0, less than 2**31.
        row: likewise.
    """
    x, y = column.astype(np.int64), row.astype(np.int64)
    place = np.zeros(x.shape, np.int64)
    side = 1 << max(int(x.max(initial=0)), int(y.max(initial=0))).bit_length()
    while side > 1:
        side //= 2
        right, upper = (x & side) > 0, (y & side) > 0
        place += side * side * ((3 * right) ^ upper)
        flipped = right & ~upper
        x, y = np.where(flipped, side - 1 - (x & (side - 1)), x), np.where(flipped, side - 1 - (y & (side - 1)), y)
        x, y = np.where(upper, x, y), np.where(upper, y, x)
    return place
