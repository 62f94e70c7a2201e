"""Tiles over tiles, pixel by pixel: which stored number stays where several have one.

A value is a number that is neither nodata nor NaN. Whatever the rule, nodata and NaN never replace a value; where no
tile has a value, one of their own numbers stays. Does not belong here: which tiles overlap (core.mosaics).
"""

from typing import Any

from numpy.typing import NDArray

from eo_pipeline.core.kernels.compiled import kernel

Mark = tuple[Any, bool]
"""Nodata in the type of the stored numbers, and whether it counts."""


@kernel
def is_value(number: Any, mark: Mark) -> bool:
    """Whether a stored number is usable."""
    return number == number and not (mark[1] and number == mark[0])  # noqa: PLR0124  # only NaN is not itself


@kernel
def cover(below: NDArray[Any], above: NDArray[Any], mark: Mark) -> None:
    """Write `above` over `below` (both (y, x), in place), except where only `below` has a value."""
    for row in range(below.shape[0]):
        for column in range(below.shape[1]):
            number = above[row, column]
            if is_value(number, mark) or not is_value(below[row, column], mark):
                below[row, column] = number


@kernel
def keep_smallest(kept: NDArray[Any], seen: NDArray[Any], tile: NDArray[Any], mark: Mark) -> None:
    """Lower `kept` to the tile's values.

    Args:
        kept: (y, x), in place.
        seen: (y, x) int32, in place: tiles so far that had a value.
        tile: (y, x), of the same type as `kept`.
        mark: of that type.
    """
    for row in range(kept.shape[0]):
        for column in range(kept.shape[1]):
            number = tile[row, column]
            if is_value(number, mark):
                if seen[row, column] == 0 or number < kept[row, column]:
                    kept[row, column] = number
                seen[row, column] += 1
            elif seen[row, column] == 0:
                kept[row, column] = number


@kernel
def keep_largest(kept: NDArray[Any], seen: NDArray[Any], tile: NDArray[Any], mark: Mark) -> None:
    """Raise `kept` to the tile's values; arguments as of `keep_smallest`."""
    for row in range(kept.shape[0]):
        for column in range(kept.shape[1]):
            number = tile[row, column]
            if is_value(number, mark):
                if seen[row, column] == 0 or number > kept[row, column]:
                    kept[row, column] = number
                seen[row, column] += 1
            elif seen[row, column] == 0:
                kept[row, column] = number


@kernel
def add_up(sums: NDArray[Any], seen: NDArray[Any], kept: NDArray[Any], tile: NDArray[Any], mark: Mark) -> None:
    """Add the tile's values to `sums` ((y, x), int64 of integers, float64 of floats, in place).

    Where no tile had a value so far, `kept` takes the tile's own number; else as `keep_smallest`.
    """
    for row in range(sums.shape[0]):
        for column in range(sums.shape[1]):
            number = tile[row, column]
            if is_value(number, mark):
                sums[row, column] += number
                seen[row, column] += 1
            elif seen[row, column] == 0:
                kept[row, column] = number


@kernel
def whole_means(sums: NDArray[Any], seen: NDArray[Any], kept: NDArray[Any]) -> None:
    """Means of integers into `kept`, rounded to the nearest, halves up, where a tile had a value."""
    for row in range(sums.shape[0]):
        for column in range(sums.shape[1]):
            count = int(seen[row, column])
            if count > 0:
                kept[row, column] = (2 * sums[row, column] + count) // (2 * count)


@kernel
def real_means(sums: NDArray[Any], seen: NDArray[Any], kept: NDArray[Any]) -> None:
    """Means of floats into `kept`, where a tile had a value."""
    for row in range(sums.shape[0]):
        for column in range(sums.shape[1]):
            if seen[row, column] > 0:
                kept[row, column] = sums[row, column] / seen[row, column]
