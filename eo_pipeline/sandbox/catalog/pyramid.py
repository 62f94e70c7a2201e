"""Exact pyramid levels from level-0 windows, by policy. Not here: where level 0 comes from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

Policy = Literal["mean", "sample", "mode", "min", "max", "median"]

Pixels = tuple[np.ndarray, np.ndarray]
"""(data (row, column), mask (row, column): bool, or float32 0..1 where levels average it)."""

_STRIP_PIXELS = 1 << 23
"""Level-0 pixels held at once while a level is made."""


@dataclass(frozen=True)
class Box:
    """A window of a level.

    Attributes:
        x: first column.
        y: first row.
        width: columns.
        height: rows.
    """

    x: int
    y: int
    width: int
    height: int


NativeReader = Callable[[Box], Pixels]
"""Reads a window of level 0: data and a bool mask, True where valid."""


def level_dimensions(dimensions: tuple[int, int], level: int) -> tuple[int, int]:
    """(width, height) of a level: whole and partial blocks of 2**level pixels."""
    width, height = dimensions
    return -(-width >> level), -(-height >> level)


def check_window(dimensions: tuple[int, int], level: int, box: Box) -> None:
    """Refuse a window that leaves its level.

    Raises:
        ValueError: the window is empty or not inside the level.
    """
    columns, rows = level_dimensions(dimensions, level)
    inside = box.x >= 0 and box.y >= 0 and box.x + box.width <= columns and box.y + box.height <= rows
    if not inside or box.width < 1 or box.height < 1:
        raise ValueError(
            f"expected a window inside level {level} of {columns} x {rows} pixels, "
            f"got {box.width} x {box.height} at column {box.x}, row {box.y}; clip it first"
        )


def read_level(native: NativeReader, dimensions: tuple[int, int], policy: Policy, level: int, box: Box) -> Pixels:
    """A window of a level, reduced from level 0 in strips of rows so that memory stays bounded.

    Args:
        native: reads level 0.
        dimensions: (width, height) of level 0, pixels.
        policy: mean of the valid pixels (integers are rounded half to even; the mask is the valid fraction), the
            upper-left pixel of each block, its most frequent valid value (the smallest of several), or the smallest,
            greatest or median valid value (of two in the middle the lower one).
        level: blocks are 2**level pixels a side; 0 returns what `native` reads.
        box: window in pixels of the level.

    Raises:
        ValueError: the window leaves the level.
    """
    check_window(dimensions, level, box)
    if level == 0:
        return native(box)
    size = 1 << level
    rows_at_once = max(1, _STRIP_PIXELS // (size * size * box.width))
    strips = []
    for row in range(box.y, box.y + box.height, rows_at_once):
        rows = min(rows_at_once, box.y + box.height - row)
        strip = Box(box.x * size, row * size, box.width * size, rows * size)
        data, mask = native(_clipped(strip, dimensions))
        strips.append(_REDUCE[policy](data, mask, size))
    return np.concatenate([data for data, _ in strips]), np.concatenate([mask for _, mask in strips])


def _clipped(box: Box, dimensions: tuple[int, int]) -> Box:
    return Box(box.x, box.y, min(box.width, dimensions[0] - box.x), min(box.height, dimensions[1] - box.y))


def _mean(data: np.ndarray, mask: np.ndarray, size: int) -> Pixels:
    count = _block_sums(mask.astype(np.float64), size)
    total = _block_sums(np.where(mask, data, 0).astype(np.float64), size)
    mean = np.divide(total, count, out=np.zeros_like(total), where=count > 0)
    if data.dtype.kind in "iu":
        mean = np.rint(mean)
    whole = _block_sums(np.ones(data.shape), size)
    return mean.astype(data.dtype), (count / whole).astype(np.float32)


def _sample(data: np.ndarray, mask: np.ndarray, size: int) -> Pixels:
    return data[::size, ::size], mask[::size, ::size]


def _mode(data: np.ndarray, mask: np.ndarray, size: int) -> Pixels:
    shape = level_dimensions((data.shape[1], data.shape[0]), size.bit_length() - 1)[::-1]
    best = np.zeros(shape)
    mode = np.zeros(shape, data.dtype)
    for value in np.unique(data[mask]):
        count = _block_sums(((data == value) & mask).astype(np.float64), size)
        mode[count > best] = value
        best = np.maximum(best, count)
    return mode, best > 0


def _block_sums(values: np.ndarray, size: int) -> np.ndarray:
    rows = np.add.reduceat(values, _starts(values.shape[0], size), axis=0)
    return np.add.reduceat(rows, _starts(values.shape[1], size), axis=1)


def _extreme(least: bool) -> Callable[[np.ndarray, np.ndarray, int], Pixels]:
    """Smallest or greatest valid value of each block."""
    reduce = np.minimum if least else np.maximum

    def extreme(data: np.ndarray, mask: np.ndarray, size: int) -> Pixels:
        limits = np.finfo(data.dtype) if data.dtype.kind == "f" else np.iinfo(data.dtype)
        outside = limits.max if least else limits.min
        rows = reduce.reduceat(np.where(mask, data, np.asarray(outside, data.dtype)), _starts(data.shape[0], size))
        found = reduce.reduceat(rows, _starts(data.shape[1], size), axis=1)
        valid = _block_sums(mask.astype(np.float64), size) > 0
        return np.where(valid, found, np.zeros((), data.dtype)), valid

    return extreme


def _median(data: np.ndarray, mask: np.ndarray, size: int) -> Pixels:
    """The lower of the middle values, so that it is a value of the band."""
    height, width = data.shape
    padding = ((0, -height % size), (0, -width % size))
    blocks, valid = _blocks(np.pad(data, padding), size), _blocks(np.pad(mask, padding), size)
    order = np.lexsort((blocks, ~valid), axis=-1)
    count = valid.sum(axis=-1)
    middle = np.take_along_axis(order, np.maximum(count - 1, 0)[..., None] // 2, axis=-1)
    return np.where(count > 0, np.take_along_axis(blocks, middle, axis=-1)[..., 0], np.zeros((), data.dtype)), count > 0


def _blocks(values: np.ndarray, size: int) -> np.ndarray:
    """Values of each block, (block row, block column, pixel), of an array whose sides are multiples of the size."""
    rows, columns = values.shape[0] // size, values.shape[1] // size
    return values.reshape(rows, size, columns, size).swapaxes(1, 2).reshape(rows, columns, size * size)


def _starts(length: int, size: int) -> np.ndarray:
    return np.arange(0, length, size)


_REDUCE: dict[Policy, Callable[[np.ndarray, np.ndarray, int], Pixels]] = {
    "mean": _mean,
    "sample": _sample,
    "mode": _mode,
    "min": _extreme(least=True),
    "max": _extreme(least=False),
    "median": _median,
}
