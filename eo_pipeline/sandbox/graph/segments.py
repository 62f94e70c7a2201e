"""Pixels that hang together because they are neighbours and equal. What does not belong here: wire names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

Offsets = Sequence[tuple[int, int]]
"""(columns, rows) from a pixel to those that count as its neighbours."""

FOUR: Offsets = ((1, 0), (0, 1))
"""Pixels that share an edge; each pair is named once."""

EIGHT: Offsets = ((1, 0), (0, 1), (1, 1), (-1, 1))
"""Pixels that share an edge or a corner; each pair is named once."""


@dataclass(frozen=True)
class Segments:
    """The segments of a raster.

    Attributes:
        numbers: (row, column) number of the segment from 0, ascending with its first pixel; -1 where masked.
        rows: (segment) first row of each.
        columns: (segment) first column of each.
        last_rows: (segment) last row of each.
        last_columns: (segment) last column of each.
        first_column: (segment) column of the first pixel in the first row.
        sizes: (segment) number of pixels of each.
    """

    numbers: np.ndarray
    rows: np.ndarray
    columns: np.ndarray
    last_rows: np.ndarray
    last_columns: np.ndarray
    first_column: np.ndarray
    sizes: np.ndarray

    def spread(self, values: np.ndarray) -> np.ndarray:
        """A value a segment as (row, column); that of the last segment where masked."""
        return np.asarray(np.append(values, values[-1:] if len(values) else [0])[self.numbers])


def segments(values: np.ndarray, valid: np.ndarray, offsets: Offsets) -> Segments:
    """Segments of equal values.

    Args:
        values: (row, column).
        valid: (row, column) True where a pixel belongs to a segment at all.
        offsets: which pixels are neighbours.
    """
    places = np.arange(values.size).reshape(values.shape)
    starts, ends = [], []
    for x, y in offsets:
        here, there = pairs(values.shape, x, y)
        same = valid[here] & valid[there] & (values[here] == values[there])
        starts.append(places[here][same])
        ends.append(places[there][same])
    start, end = np.concatenate(starts), np.concatenate(ends)
    joined = coo_matrix((np.ones(len(start), np.uint8), (start, end)), shape=(values.size, values.size))
    _, labels = connected_components(joined, directed=False)
    return _described(labels.reshape(values.shape), valid)


def pairs(shape: tuple[int, ...], x: int, y: int) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Slices of all pixels with a neighbour at an offset, and of those neighbours."""
    down, across = (_pair(shape[0], y), _pair(shape[1], x))
    return (down[0], across[0]), (down[1], across[1])


def _pair(length: int, step: int) -> tuple[slice, slice]:
    here = slice(max(0, -step), max(0, length - max(0, step)))
    there = slice(max(0, step), max(0, length + min(0, step)))
    return here, there


def _described(labels: np.ndarray, valid: np.ndarray) -> Segments:
    rows, columns = np.nonzero(valid)
    _, first, inverse = np.unique(labels[valid], return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    number = rank[inverse]
    numbers = np.full(labels.shape, -1)
    numbers[valid] = number
    count = len(order)
    low_row, low_column = np.full(count, labels.shape[0]), np.full(count, labels.shape[1])
    high_row, high_column = np.full(count, -1), np.full(count, -1)
    np.minimum.at(low_row, number, rows)
    np.minimum.at(low_column, number, columns)
    np.maximum.at(high_row, number, rows)
    np.maximum.at(high_column, number, columns)
    sizes = np.bincount(number, minlength=count)
    return Segments(numbers, low_row, low_column, high_row, high_column, columns[first[order]], sizes)
