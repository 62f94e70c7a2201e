"""Marked pixels grown by a disk, and freed of specks, with a halo of pixels from beyond the window.

A cloud just outside a window reaches into it: whoever dilates reads `halo` more pixels on each side. Does not belong
here: the loop over pixels (core.kernels.dilation).
"""

import math

import numpy as np
from numpy.typing import NDArray

from eo_pipeline.core.kernels.dilation import dilate


def halo(radius: float, *, opening: float = 0.0) -> int:
    """Pixels on each side of a window that can reach into it, if what is marked is opened first."""
    return int(radius) + 2 * int(opening)


def dilated(marked: NDArray[np.bool_], radius: float) -> NDArray[np.bool_]:
    """Every pixel whose centre is no further than `radius` pixels from that of a marked one.

    Args:
        marked: (y, x) or (observation, y, x), each observation by itself; nothing is marked beyond its edges.
        radius: 0 to WIDEST_DISK pixels.

    Returns:
        Of the same shape.
    """
    rows = np.arange(halo(radius) + 1)
    widths = np.array([math.isqrt(math.floor(radius**2) - int(row) ** 2) for row in rows])
    grown = np.zeros(marked.shape, dtype=np.bool_)
    for before, after in zip(_pictures(marked), _pictures(grown), strict=True):
        dilate(before, widths, after)
    return grown


def opened(marked: NDArray[np.bool_], radius: float, *, known: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The marked pixels that lie in a disk of marked ones; specks without room for one are left out.

    Args:
        marked: (y, x) or (observation, y, x), each observation by itself; True where known only.
        radius: 0 to WIDEST_DISK pixels.
        known: of the same shape. What is not known, and what lies beyond the edges, leaves every disk room.

    Returns:
        Of the same shape, True where known only.
    """
    middles = known & ~dilated(known & ~marked, radius)
    return known & dilated(middles, radius)


def _pictures(marked: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """As (observation, y, x), without a copy of what is contiguous."""
    return marked.reshape(-1, *marked.shape[-2:])
