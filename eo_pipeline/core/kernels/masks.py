"""Runs of marked pixels, and what of them lies in a block. Does not belong here: how pixels were marked."""

import numpy as np
from numpy.typing import NDArray

from eo_pipeline.core.kernels.compiled import kernel
from eo_pipeline.core.kernels.records import Ints


@kernel
def mask_runs(mask: NDArray[np.uint8], first: int) -> tuple[Ints, Ints]:
    """Runs of pixels of one row that are not 0: first pixels, counted row by row from `first` on, and lengths."""
    many = 0
    for row in range(mask.shape[0]):
        for column in range(mask.shape[1]):
            many += mask[row, column] != 0 and (column == 0 or mask[row, column - 1] == 0)
    starts, lengths = np.empty(many, np.int64), np.zeros(many, np.int64)
    done = 0
    for row in range(mask.shape[0]):
        for column in range(mask.shape[1]):
            if mask[row, column]:
                if column == 0 or mask[row, column - 1] == 0:
                    starts[done] = first + row * mask.shape[1] + column
                    done += 1
                lengths[done - 1] += 1
    return starts, lengths


@kernel
def cut_runs(starts: Ints, lengths: Ints, window: Ints, block: Ints) -> tuple[Ints, Ints]:
    """What of the runs of a window lies in a block, counted there.

    Args:
        starts: (run,) first pixels, counted row by row in the window.
        lengths: (run,) pixels of one row.
        window: (4,) row start, column start, row stop, column stop on the grid.
        block: (4,) likewise.
    """
    found = np.empty((2, starts.size), np.int64)
    width, wide = window[3] - window[1], block[3] - block[1]
    done = 0
    for run in range(starts.size):
        row, column = window[0] + starts[run] // width, window[1] + starts[run] % width
        first, last = max(column, block[1]), min(column + lengths[run], block[3])
        if block[0] <= row < block[2] and first < last:
            found[0, done], found[1, done] = (row - block[0]) * wide + first - block[1], last - first
            done += 1
    return found[0, :done].copy(), found[1, :done].copy()
