"""Means and counts along the observations of each pixel.

Stacks and what counts as in `composites`; sums of a million whole numbers of 32 bits are exact in double precision.
Does not belong here: means of neighbouring pixels (`overviews`).
"""

from math import floor, isinf
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eo_pipeline.core.kernels.compiled import kernel
from eo_pipeline.core.kernels.compose import Mark, is_value
from eo_pipeline.core.kernels.composites import Ends, Rows

SCALE = 65536.0
"""No sum of an int16's observations overflows that are divided by this power of two, which is exact."""


@kernel
def means(  # noqa: PLR0917  # numba's functions are called by position
    stack: NDArray[Any], usable: NDArray[np.bool_], mark: Mark, ends: Ends, rows: Rows, composite: NDArray[Any]
) -> None:
    """The mean of the values, summed in double precision in their order; arguments as of `composites.percentiles`."""
    count, _, width = stack.shape
    whole = composite.dtype.type(0.5) == 0
    totals, counts = np.empty(width), np.empty(width, np.int64)
    for y in range(rows.start, rows.stop):
        totals[:], counts[:] = 0, 0
        for t in range(count):
            row, clear = stack[t, y], usable[t, y]
            for x in range(width):
                counted = clear[x] & is_value(row[x], mark)
                totals[x] += np.float64(row[x]) if counted else 0.0
                counts[x] += counted
        for x in range(width):
            if counts[x] == 0:
                composite[y, x] = ends.empty
                continue
            mean = totals[x] / counts[x]
            if isinf(mean):
                total = 0.0
                for t in range(count):
                    if usable[t, y, x] and is_value(stack[t, y, x], mark):
                        total += stack[t, y, x] / SCALE
                mean = total / counts[x] * SCALE
            composite[y, x] = floor(mean + 0.5) if whole else mean


@kernel
def count_observations(  # noqa: PLR0917  # numba's functions are called by position
    stack: NDArray[Any],
    usable: NDArray[np.bool_],
    mark: Mark,
    rows: Rows,
    seen: NDArray[np.uint16],
    valid: NDArray[np.uint16],
) -> None:
    """How many observations have a value, and how many of those are usable.

    Args:
        stack: (observation, y, x).
        usable: of the same shape.
        mark: nodata of the stack.
        rows: of all that has rows.
        seen: (y, x), all 0, written.
        valid: (y, x), all 0, written.
    """
    for y in range(rows.start, rows.stop):
        for t in range(stack.shape[0]):
            row, clear, had, left = stack[t, y], usable[t, y], seen[y], valid[y]
            for x in range(row.size):
                there = is_value(row[x], mark)
                had[x] += np.uint16(there)
                left[x] += np.uint16(there & clear[x])
