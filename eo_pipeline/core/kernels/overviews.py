"""Pixels of an overview from those of the level below: means and modes, compiled, without the GIL.

Does not belong here: how large levels are, and which rule a band has.
"""

from math import isnan
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from eo_pipeline.core.kernels.compiled import kernel


class Cover(NamedTuple):
    """Which pixels of an axis each pixel of a shorter one covers: at most three that follow each other.

    Attributes:
        first: (pixels,) int64, the first of the three.
        shares: (pixels, 3) float64, how much of each is covered, 0 to 1.
    """

    first: NDArray[np.int64]
    shares: NDArray[np.float64]


class NoValue(NamedTuple):
    """What pixels without a value look like.

    Attributes:
        number: stands where there is no value; of the kind (whole or float) of the pixels.
        next: stands for a mean of values that happens to be `number`.
        declared: whether `number` in the source means no value; NaN does in any case.
    """

    number: float
    next: float
    declared: bool


@kernel
def average_integer_pairs(source: NDArray[Any], result: NDArray[Any], no_value: NoValue) -> None:
    """Means of 2 x 2 whole numbers, halves away from 0.

    Args:
        source: (y, x).
        result: (y, x), half as high and wide, written.
        no_value: what is left out.
    """
    height, width = result.shape
    empty, declared = np.int64(no_value.number), no_value.declared
    for y in range(height):
        for x in range(width):
            a, b = np.int64(source[2 * y, 2 * x]), np.int64(source[2 * y, 2 * x + 1])
            c, d = np.int64(source[2 * y + 1, 2 * x]), np.int64(source[2 * y + 1, 2 * x + 1])
            total, count = a + b + c + d, 4
            if declared and (a == empty or b == empty or c == empty or d == empty):  # noqa: PLR1714  # `in` is slower
                lacking = (a == empty) + (b == empty) + (c == empty) + (d == empty)
                total, count = total - lacking * empty, 4 - lacking
            if count == 0:
                result[y, x] = empty
                continue
            mean = (abs(total) + 2) >> 2 if count == 4 else (2 * abs(total) + count) // (2 * count)
            if total < 0:
                mean = -mean
            result[y, x] = no_value.next if declared and mean == empty else mean


@kernel
def average_float_pairs(source: NDArray[Any], result: NDArray[Any], no_value: NoValue) -> None:
    """Means of 2 x 2 floats.

    Args:
        source: (y, x).
        result: (y, x), half as high and wide, written.
        no_value: what is left out.
    """
    height, width = result.shape
    for y in range(height):
        for x in range(width):
            total, count = 0.0, 0
            for row in range(2 * y, 2 * y + 2):
                for column in range(2 * x, 2 * x + 2):
                    value = source[row, column]
                    if not isnan(value) and not (no_value.declared and value == no_value.number):
                        total += value
                        count += 1
            result[y, x] = total / count if count else no_value.number
            if count and no_value.declared and result[y, x] == no_value.number:
                result[y, x] = no_value.next


@kernel
def average_covered(source: NDArray[Any], result: NDArray[Any], rows: Cover, columns: Cover, no_value: NoValue) -> None:
    """Means by covered share; whole numbers round halves away from 0.

    Args:
        source: (y, x).
        result: (y, x), written.
        rows: of the source that each row of the result covers.
        columns: the same for columns.
        no_value: what is left out.
    """
    whole = result.dtype.type(0.5) == 0
    height, width = result.shape
    for y in range(height):
        for x in range(width):
            total, weight = 0.0, 0.0
            for i in range(3):
                for j in range(3):
                    share = rows.shares[y, i] * columns.shares[x, j]
                    if share == 0:
                        continue
                    value = source[rows.first[y] + i, columns.first[x] + j]
                    if not isnan(value) and not (no_value.declared and value == no_value.number):
                        total += value * share
                        weight += share
            if weight == 0:
                result[y, x] = no_value.number
                continue
            mean = total / weight
            result[y, x] = np.floor(abs(mean) + 0.5) * np.sign(mean) if whole else mean
            if no_value.declared and result[y, x] == no_value.number:
                result[y, x] = no_value.next


@kernel
def most_frequent(source: NDArray[Any], result: NDArray[Any], rows: Cover, columns: Cover, no_value: NoValue) -> None:
    """The most frequent number, whatever share is covered; of equals the one that, row by row, was so first.

    Args:
        source: (y, x).
        result: (y, x), written.
        rows: of the source that each row of the result covers.
        columns: the same for columns.
        no_value: what is left out.
    """
    height, width = result.shape
    seen = np.empty(9, source.dtype)
    for y in range(height):
        top = rows.first[y]
        bottom = top + np.sum(rows.shares[y] > 0)
        for x in range(width):
            left = columns.first[x]
            right = left + (3 if columns.shares[x, 2] > 0 else 2 if columns.shares[x, 1] > 0 else 1)
            count, most = 0, 0
            result[y, x] = no_value.number
            for row in range(top, bottom):
                for column in range(left, right):
                    value = source[row, column]
                    if isnan(value) or (no_value.declared and value == no_value.number):
                        continue
                    times = 1
                    for k in range(count):
                        times += seen[k] == value
                    seen[count] = value
                    count += 1
                    if times > most:
                        most = times
                        result[y, x] = value
