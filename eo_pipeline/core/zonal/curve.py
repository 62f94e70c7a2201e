"""The order of zones along a space-filling curve, so that neighbours are measured together.

Does not belong here: the curve itself (see core.points.curve).
"""

import numpy as np
from numpy.typing import NDArray

from eo_pipeline.core.points.curve import hilbert

_SIDE = 2**20
"""Cells a side that the curve goes through; finer differences of place do not matter for an order."""


def along_the_curve(windows: NDArray[np.int64]) -> NDArray[np.int64]:
    """The places (n,) on a Hilbert curve of the middles of windows (n, 4): row, column start; row, column stop."""
    if not len(windows):
        return np.zeros(0, np.int64)
    middles = (windows[:, :2] + windows[:, 2:]) // 2
    middles = middles - middles.min(axis=0)
    coarser = max(0, int(middles.max()).bit_length() - _SIDE.bit_length() + 1)
    rows, columns = (middles >> coarser).T
    return hilbert(columns, rows)
