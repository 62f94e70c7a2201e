"""Which points are asked for together: those of a cell of the pixel lattice, or of a few neighbouring cells.

What does not belong here: how they are asked for (`earth_engine.point_requests`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eo_pipeline.core.points.curve import hilbert
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.core.requests.pixel_requests import TARGET_BYTES

MOST_POINTS = 1000
"""Of a group whose points are named one by one: features of one reply (reference of `table.computeFeatures`)."""

MOST_CELLS = 64
"""Of a group of sparse cells: what the service reads for one request stays small."""

_DENSE_POINTS = 100
"""Fewer points of a cell are never asked for as a window."""

_DENSE_PIXELS = 100
"""Pixels a point up to which the window around a cell's points is asked for instead of the points."""


@dataclass(frozen=True, eq=False)
class Group:
    """Points of one request.

    More than MOST_POINTS are only in a group that is dense.

    Attributes:
        start: place of the first one in `Groups.order`; the others follow.
        rows: of their pixels, (n,), counted from the top of the area's GeoBox.
        columns: likewise, from its left.
        pixel_bytes: of one pixel over all bands.
    """

    start: int
    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    pixel_bytes: int

    def __len__(self) -> int:
        """How many points."""
        return len(self.rows)

    @property
    def key(self) -> str:
        """Tells the group from others of the same order."""
        return f"{self.start:09d}-{len(self):06d}"

    @property
    def window(self) -> Rectangle:
        """The pixels around the points."""
        row, column = int(self.rows.min()), int(self.columns.min())
        return Rectangle(row, column, int(self.rows.max()) + 1, int(self.columns.max()) + 1)

    @property
    def is_dense(self) -> bool:
        """True if the window is less work than naming the points."""
        if len(self) < _DENSE_POINTS:
            return False
        pixels = self.window.pixels
        return pixels <= _DENSE_PIXELS * len(self) and pixels * self.pixel_bytes <= TARGET_BYTES

    def halves(self) -> "Sequence[Group]":
        """The first and the last half of the points; () of a single one."""
        return () if len(self) == 1 else (self._part(0, len(self) // 2), self._part(len(self) // 2, len(self)))

    def _part(self, first: int, stop: int) -> "Group":
        return Group(self.start + first, self.rows[first:stop], self.columns[first:stop], self.pixel_bytes)


@dataclass(frozen=True, eq=False)
class Groups:
    """The points of one area along a curve through its cells; arrays (n,).

    Attributes:
        order: position of each point among those given.
        rows: of their pixels, in this order.
        columns: likewise.
        starts: place in `order` of the first point of each cell, rising, then n.
        pixel_bytes: of one pixel over all bands.
    """

    order: NDArray[np.int64]
    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    starts: NDArray[np.int64]
    pixel_bytes: int

    def __iter__(self) -> Iterator[Group]:
        """Every point in one group: a dense cell is a group of its own, sparse ones follow each other in one."""
        first = cells = 0
        for start, stop in zip(self.starts[:-1].tolist(), self.starts[1:].tolist(), strict=True):
            if self._group(start, stop).is_dense:
                yield from self._named(first, start)
                yield self._group(start, stop)
                first, cells = stop, 0
            elif cells == MOST_CELLS or stop - first > MOST_POINTS:
                yield from self._named(first, start)
                first, cells = start, 1
            else:
                cells += 1
        yield from self._named(first, len(self.order))

    def _named(self, start: int, stop: int) -> Iterator[Group]:
        """Points that may be named one by one."""
        for first in range(start, stop, MOST_POINTS):
            yield self._group(first, min(first + MOST_POINTS, stop))

    def _group(self, start: int, stop: int) -> Group:
        return Group(start, self.rows[start:stop], self.columns[start:stop], self.pixel_bytes)


def group_points(
    rows: NDArray[np.int64], columns: NDArray[np.int64], *, cell: int, origin: tuple[int, int], pixel_bytes: int
) -> Groups:
    """Sort points by the cells that their pixels lie in.

    Args:
        rows: of their pixels (n,), counted from the top of the area's GeoBox, not negative.
        columns: likewise, from its left.
        cell: pixels a side of a cell.
        origin: (row, column) of the area's first pixel, counted southwards and eastwards from a corner of some cell.
        pixel_bytes: of one pixel over all bands.
    """
    down, across = (rows + origin[0] % cell) // cell, (columns + origin[1] % cell) // cell
    place = hilbert(across, down)
    order = np.lexsort((columns, rows, place))
    sorted_places = place[order]
    changes = np.flatnonzero(np.diff(sorted_places)) + 1
    starts = np.concatenate([[0], changes, [len(order)]]) if len(order) else np.zeros(1, np.int64)
    return Groups(order, rows[order], columns[order], starts, pixel_bytes)
