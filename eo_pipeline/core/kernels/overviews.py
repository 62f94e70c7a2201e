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
def average_integer_pairs(
    source: NDArray[Any], result: NDArray[Any], bands: int, no_value: NoValue, work: NDArray[Any]
) -> None:
    """Means of 2 x 2 whole numbers, halves away from 0.

    Args:
        source: (y, x and band), all bands of a pixel side by side.
        result: (y, x and band), half as high and wide, written.
        bands: of a pixel; of up to four several are worked on at once.
        no_value: what is left out.
        work: (2, x and band) as wide as the source, of a type that holds sums of four of its numbers; to work in.
    """
    for y in range(result.shape[0]):
        if _add_two_rows(source[2 * y], source[2 * y + 1], no_value, work):
            _average_some(work, result[y], bands, no_value)
        elif bands == 1:
            _average_four(work[0], result[y], 1, no_value)
        elif bands == 2:
            _average_four(work[0], result[y], 2, no_value)
        elif bands == 3:
            _average_four(work[0], result[y], 3, no_value)
        elif bands == 4:
            _average_four(work[0], result[y], 4, no_value)
        else:
            _average_four(work[0], result[y], bands, no_value)


@kernel
def _add_two_rows(upper: NDArray[Any], lower: NDArray[Any], no_value: NoValue, work: NDArray[Any]) -> bool:
    """Sums of two that lie above each other; if some have no value, sums and counts of those that have, and True."""
    empty, number = upper.dtype.type(no_value.number), work.dtype.type
    sums, counts, gaps = work[0], work[1], False
    for place in range(upper.size):
        sums[place] = number(upper[place]) + number(lower[place])
        gaps |= (upper[place] == empty) | (lower[place] == empty)
    if not (gaps and no_value.declared):
        return False
    for place in range(upper.size):
        above, below = upper[place] != empty, lower[place] != empty
        sums[place] = above * number(upper[place]) + below * number(lower[place])
        counts[place] = number(above) + number(below)
    return True


@kernel
def _average_four(sums: NDArray[Any], row: NDArray[Any], bands: int, no_value: NoValue) -> None:
    """A row of means of sums of two; quick where the compiler knows how many bands there are."""
    empty, following = row.dtype.type(no_value.number), row.dtype.type(no_value.next)
    for x in range(row.size // bands):
        left = 2 * x * bands
        for band in range(bands):
            total = sums[left + band] + sums[left + bands + band]
            mean = (abs(total) + 2) >> 2
            row[x * bands + band] = -mean if total < 0 else mean
    if no_value.declared:
        for place in range(row.size):
            row[place] = following if row[place] == empty else row[place]


@kernel
def _average_some(work: NDArray[Any], row: NDArray[Any], bands: int, no_value: NoValue) -> None:
    """A row of means of sums of those that have a value."""
    empty, following = row.dtype.type(no_value.number), row.dtype.type(no_value.next)
    sums, counts = work
    for x in range(row.size // bands):
        left = 2 * x * bands
        for band in range(bands):
            total = sums[left + band] + sums[left + bands + band]
            count = counts[left + band] + counts[left + bands + band]
            mean = np.int64(np.floor((2.0 * abs(total) + count) / (2.0 * max(count, 1))))
            value = row.dtype.type(-mean if total < 0 else mean)
            taken = following if value == empty else value
            row[x * bands + band] = empty if count == 0 else taken


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
