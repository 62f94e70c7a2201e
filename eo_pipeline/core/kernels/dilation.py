"""Marked pixels grown by a disk, exactly, in a time that does not depend on how many are marked.

Does not belong here: which pixels are marked, and how wide the disk is.
"""

import numpy as np
from numpy.typing import NDArray

from eo_pipeline.core.kernels.compiled import kernel


@kernel
def row_distances(marked: NDArray[np.bool_], most: int) -> NDArray[np.uint8]:
    """Pixels (y, x) from each pixel to the nearest marked one of its row, at most `most` (<= 255)."""
    height, width = marked.shape
    distances = np.empty((height, width), np.uint8)
    for y in range(height):
        distance = most
        for x in range(width):
            distance = 0 if marked[y, x] else min(distance + 1, most)
            distances[y, x] = distance
        distance = most
        for x in range(width - 1, -1, -1):
            distance = 0 if marked[y, x] else min(distance + 1, most)
            distances[y, x] = min(distance, distances[y, x])
    return distances


@kernel
def dilate(marked: NDArray[np.bool_], widths: NDArray[np.int64], grown: NDArray[np.bool_]) -> None:
    """Mark every pixel within a disk around a marked one.

    Args:
        marked: (y, x).
        widths: (radius + 1,) how far the disk reaches along a row that lies 0, 1, ... rows from its centre; below 255.
        grown: (y, x), all False, written.
    """
    height, width = marked.shape
    distances = row_distances(marked, int(widths[0]) + 1)
    for y in range(height):
        for row in range(max(0, y - widths.size + 1), min(height, y + widths.size)):
            reach = widths[abs(row - y)]
            for x in range(width):
                grown[y, x] |= distances[row, x] <= reach
