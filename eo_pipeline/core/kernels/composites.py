"""Medians and percentiles along the observations of each pixel, sorted in the processor's first cache.

Stacks (observation, y, x) lie in memory as numpy's C order has them. An observation of a pixel counts if its number is
a value (see `compose`) and `usable` says so. Whole numbers have at most 32 bits, which double precision holds exactly.
Does not belong here: means (`averaging`), and which observation a value is taken from (`choosing`).
"""

from math import floor, isinf
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from eo_pipeline.core.kernels.compiled import kernel
from eo_pipeline.core.kernels.compose import Mark
from eo_pipeline.core.kernels.sorting import needed_for, sort_lanes, sorting_network

NEAR = 24 * 1024
"""Bytes of observations that are sorted together: they fit the first cache."""


class Ends(NamedTuple):
    """Numbers that stand for something else.

    Attributes:
        top: in the stack's type, than which none of it is larger.
        bottom: in the stack's type, than which none of it is smaller.
        empty: in the composite's type, where no observation counts.
    """

    top: Any
    bottom: Any
    empty: Any


class Rows(NamedTuple):
    """The rows of a stack that are worked on: from `start` to before `stop`."""

    start: int
    stop: int


@kernel
def percentiles(  # noqa: PLR0917  # numba's functions are called by position
    stack: NDArray[Any],
    usable: NDArray[np.bool_],
    mark: Mark,
    ends: Ends,
    rows: Rows,
    percent: int,
    composite: NDArray[Any],
) -> None:
    """The number below which so many percent of the values lie, linear between two of them.

    Of n values in order, counted from 0, it is at the place percent / 100 * (n - 1): of 50 percent the value in the
    middle, or the mean of the two there. Whole composites are rounded to the nearest, halves up.

    Args:
        stack: (observation, y, x).
        usable: of the same shape.
        mark: nodata of the stack.
        ends: of stack and composite.
        rows: of all that has rows.
        percent: 0 to 100.
        composite: (y, x), of the stack's type or of floats, written.
    """
    (count, _, width), (pixels, clear) = stack.shape, flattened(stack, usable)
    network = sorting_network(count)
    steps = percent * np.maximum(np.arange(count + 1) - 1, 0)
    places, shares = steps // 100, steps % 100
    whole = composite.dtype.type(0.5) == 0
    made, stop = composite.ravel(), rows.stop * width
    lanes, counts = room(pixels)
    for first in range(rows.start * width, stop, counts.size):
        loaded = load_lanes(pixels, clear, mark, (ends.top, ends.top), first, stop, lanes, counts)
        sort_lanes(lanes, network)
        for lane in range(loaded):
            number = counts[lane]
            if number == 0:
                made[first + lane] = ends.empty
                continue
            low, share = np.float64(lanes[places[number], lane]), shares[number]
            found = between(low, np.float64(lanes[places[number] + 1, lane]), share) if share > 0 else low
            made[first + lane] = floor(found + 0.5) if whole else found


@kernel
def medians(  # noqa: PLR0917  # numba's functions are called by position
    stack: NDArray[Any], usable: NDArray[np.bool_], mark: Mark, ends: Ends, rows: Rows, composite: NDArray[Any]
) -> None:
    """The value in the middle, or the mean of the two there; arguments and rounding as of `percentiles`.

    What does not count is taken for the smallest and the largest number in turn, so that the middle of those that
    count is the middle of all, and only that has to be found.
    """
    (count, _, width), (pixels, clear) = stack.shape, flattened(stack, usable)
    upper = count // 2
    lower = max(upper - 1, 0)
    network = needed_for(sorting_network(count), lower, upper, count)
    middle = upper if count % 2 else lower
    made, stop = composite.ravel(), rows.stop * width
    lanes, counts = room(pixels)
    for first in range(rows.start * width, stop, counts.size):
        loaded = load_lanes(pixels, clear, mark, (ends.top, ends.bottom), first, stop, lanes, counts)
        sort_lanes(lanes, network)
        middles(lanes[lower], lanes[middle], lanes[upper], counts, ends.empty, made[first : first + loaded])


@kernel
def middles(  # noqa: PLR0917  # numba's functions are called by position
    lows: NDArray[Any],
    single: NDArray[Any],
    highs: NDArray[Any],
    counts: NDArray[np.uint16],
    empty: Any,
    made: NDArray[Any],
) -> None:
    """The middle of each lane, `single` where an odd number counts, else the mean of low and high; no branches.

    Args:
        lows: (lane,).
        single: (lane,).
        highs: (lane,).
        counts: (lane,), how many count.
        empty: of lanes in which none does.
        made: (lane,), as long or shorter, written.
    """
    whole = made.dtype.type(0.5) == 0
    for lane in range(made.size):
        is_odd = counts[lane] & 1 == 1
        low, high = single[lane] if is_odd else lows[lane], single[lane] if is_odd else highs[lane]
        if whole:
            found = made.dtype.type((np.int64(low) + np.int64(high) + 1) >> 1)
        else:
            one, other = np.float64(low), np.float64(high)
            mean = (one + other) / 2
            found = made.dtype.type(mean if abs(mean) < np.inf else one / 2 + other / 2)
        made[lane] = empty if counts[lane] == 0 else found


@kernel
def flattened(stack: NDArray[Any], usable: NDArray[np.bool_]) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Both as (observation, pixel), row by row."""
    count, height, width = stack.shape
    return stack.reshape((count, height * width)), usable.reshape((count, height * width))


@kernel
def room(pixels: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.uint16]]:
    """Lanes (observation, lane) and counts (lane,) for as many of (observation, pixel) as are sorted side by side."""
    count = max(len(pixels), 1)
    size = max(1, min(pixels.shape[1], max(64, NEAR // (count * pixels.itemsize))))
    return np.empty((count, size), pixels.dtype), np.empty(size, np.uint16)


@kernel
def load_lanes(  # noqa: PLR0917  # numba's functions are called by position
    pixels: NDArray[Any],
    usable: NDArray[np.bool_],
    mark: Mark,
    ends: tuple[Any, Any],
    first: int,
    stop: int,
    lanes: NDArray[Any],
    counts: NDArray[np.uint16],
) -> int:
    """Copy observations of pixels, and others for those that do not count.

    What `is_value` says is written without branches, as the processor's vectors need it.

    Args:
        pixels: (observation, pixel).
        usable: of the same shape.
        mark: nodata of the pixels.
        ends: in turn they stand for what does not count.
        first: pixel of the first lane.
        stop: the pixel before which to stop.
        lanes: (observation, lane), written as far as pixels go.
        counts: (lane,), how many count, written.

    Returns:
        How many lanes were written.
    """
    counts[:] = 0
    nodata, declared = mark
    top, bottom = ends
    loaded: int = min(counts.size, stop - first)
    for t in range(pixels.shape[0]):
        row, clear, copied = pixels[t, first : first + loaded], usable[t, first : first + loaded], lanes[t]
        for lane in range(loaded):
            number = row[lane]
            is_number = number == number  # noqa: PLR0124  # only NaN is not itself
            counted = clear[lane] & is_number & ((number != nodata) | (not declared))
            other = top if np.uint16(np.uint16(t) ^ counts[lane]) & np.uint16(1) == 0 else bottom
            copied[lane] = number if counted else other
            counts[lane] += np.uint16(counted)
    return loaded


@kernel
def between(low: float, high: float, share: int) -> float:
    """The number so many percent of the way from `low` to `high`; nothing overflows on the way."""
    if low == high:
        return low
    found = (low + high) / 2 if share == 50 else low + (high - low) * share / 100
    return low * (1 - share / 100) + high * (share / 100) if isinf(found) else found
