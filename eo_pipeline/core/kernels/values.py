"""The usable pixels of each zone, one by one. Does not belong here: what is made of them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from eo_pipeline.core.kernels.compiled import kernel
from eo_pipeline.core.kernels.records import Floats, Ints, Runs


@kernel
def take_values(numbers: NDArray[Any], nodata: float, factors: Floats, runs: Runs) -> tuple[Ints, NDArray[Any], Floats]:
    """The usable numbers of several zones in one band of a block.

    Args:
        numbers: (pixel,) stored numbers, counted row by row.
        nodata: the number that means no value; NaN if only NaN does.
        factors: (pixel,) of the shares, NaN where a pixel has none and is unusable; (0,) for no factors.
        runs: the pixels of k zones.

    Returns:
        (k + 1,) offsets; (n,) numbers in their own type, zone by zone in the order of pixels; (n,) shares.
    """
    room = runs.lengths.sum()
    found, weights = np.empty(room, numbers.dtype), np.empty(room)
    bounds = np.zeros(runs.offsets.size, np.int64)
    done = 0
    for zone in range(runs.offsets.size - 1):
        for run in range(runs.offsets[zone], runs.offsets[zone + 1]):
            for pixel in range(runs.starts[run], runs.starts[run] + runs.lengths[run]):
                number = np.float64(numbers[pixel])
                share = runs.shares[run] * factors[pixel] if factors.size else runs.shares[run]
                if number == number and number != nodata and share == share:  # noqa: PLR0124  # NaN is not itself
                    found[done], weights[done] = numbers[pixel], share
                    done += 1
        bounds[zone + 1] = done
    return bounds, found[:done].copy(), weights[:done].copy()
