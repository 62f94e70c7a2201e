"""Which observation of each pixel stands for all: the largest, the smallest, the first, the last, or the medoid.

Stacks and `usable` as in `composites`. `source` (y, x) int16 comes filled with -1, which stays where no observation
counts. Of equals the earliest is chosen. Does not belong here: values of the observations that were chosen.
"""

from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eo_pipeline.core.kernels.compiled import kernel
from eo_pipeline.core.kernels.compose import Mark, is_value


@kernel
def choose_largest(stack: NDArray[Any], usable: NDArray[np.bool_], mark: Mark, source: NDArray[np.int16]) -> None:
    """The observation with the largest value."""
    for y in range(stack.shape[1]):
        most = np.empty(stack.shape[2], stack.dtype)
        for t in range(stack.shape[0]):
            for x in range(stack.shape[2]):
                number = stack[t, y, x]
                if usable[t, y, x] and is_value(number, mark) and (source[y, x] < 0 or number > most[x]):
                    most[x], source[y, x] = number, t


@kernel
def choose_smallest(stack: NDArray[Any], usable: NDArray[np.bool_], mark: Mark, source: NDArray[np.int16]) -> None:
    """The observation with the smallest value."""
    for y in range(stack.shape[1]):
        least = np.empty(stack.shape[2], stack.dtype)
        for t in range(stack.shape[0]):
            for x in range(stack.shape[2]):
                number = stack[t, y, x]
                if usable[t, y, x] and is_value(number, mark) and (source[y, x] < 0 or number < least[x]):
                    least[x], source[y, x] = number, t


@kernel
def choose_first(stack: NDArray[Any], usable: NDArray[np.bool_], mark: Mark, source: NDArray[np.int16]) -> None:
    """The first observation."""
    for y in range(stack.shape[1]):
        for t in range(stack.shape[0]):
            for x in range(stack.shape[2]):
                if source[y, x] < 0 and usable[t, y, x] and is_value(stack[t, y, x], mark):
                    source[y, x] = t


@kernel
def choose_last(stack: NDArray[Any], usable: NDArray[np.bool_], mark: Mark, source: NDArray[np.int16]) -> None:
    """The last observation."""
    for y in range(stack.shape[1]):
        for t in range(stack.shape[0]):
            for x in range(stack.shape[2]):
                if usable[t, y, x] and is_value(stack[t, y, x], mark):
                    source[y, x] = t


@kernel
def choose_medoid(spectra: NDArray[np.float64], usable: NDArray[np.bool_], source: NDArray[np.int16]) -> None:
    """The observation whose Euclidean distances to all others have the smallest sum.

    Args:
        spectra: (band, observation, y, x); every band of a usable observation has a value.
        usable: (observation, y, x).
        source: see above.
    """
    bands, count, height, width = spectra.shape
    spectrum, sums, places = np.empty((count, bands)), np.empty(count), np.empty(count, np.int16)
    for y in range(height):
        for x in range(width):
            found = 0
            for t in range(count):
                if usable[t, y, x]:
                    places[found], sums[found] = t, 0.0
                    for band in range(bands):
                        spectrum[found, band] = spectra[band, t, y, x]
                    found += 1
            for one in range(found):
                for other in range(one + 1, found):
                    square = 0.0
                    for band in range(bands):
                        square += (spectrum[one, band] - spectrum[other, band]) ** 2
                    sums[one] += sqrt(square)
                    sums[other] += sqrt(square)
            if found > 0:
                source[y, x] = places[np.argmin(sums[:found])]
