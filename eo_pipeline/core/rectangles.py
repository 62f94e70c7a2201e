"""Whole-pixel rectangles and their exact arithmetic.

Belongs here: integers only. Does not: CRS, coordinates, pixel values.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Rectangle:
    """Pixels of a raster, half-open.

    Attributes:
        row_start: first row, counted from the top.
        column_start: first column, counted from the left.
        row_stop: one past the last row.
        column_stop: one past the last column.
    """

    row_start: int
    column_start: int
    row_stop: int
    column_stop: int

    @property
    def height(self) -> int:
        """Rows in pixels, 0 if empty."""
        return max(0, self.row_stop - self.row_start)

    @property
    def width(self) -> int:
        """Columns in pixels, 0 if empty."""
        return max(0, self.column_stop - self.column_start)

    @property
    def pixels(self) -> int:
        """Area in pixels."""
        return self.height * self.width

    @property
    def slices(self) -> tuple[slice, slice]:
        """(rows, columns) to index an array whose last axes are (y, x)."""
        return slice(self.row_start, self.row_stop), slice(self.column_start, self.column_stop)

    def shifted(self, *, rows: int, columns: int) -> "Rectangle":
        """The same pixels, counted from an origin that lies `rows` above and `columns` left of this one's."""
        return Rectangle(
            self.row_start + rows, self.column_start + columns, self.row_stop + rows, self.column_stop + columns
        )

    def intersection(self, other: "Rectangle") -> "Rectangle | None":
        """The pixels both hold, None if there are none."""
        both = Rectangle(
            max(self.row_start, other.row_start),
            max(self.column_start, other.column_start),
            min(self.row_stop, other.row_stop),
            min(self.column_stop, other.column_stop),
        )
        return both if both.pixels else None

    def minus(self, other: "Rectangle") -> tuple["Rectangle", ...]:
        """Disjoint rectangles of this one's pixels that `other` does not hold: above, left, right, below."""
        hole = self.intersection(other)
        if hole is None:
            return (self,)
        parts = (
            Rectangle(self.row_start, self.column_start, hole.row_start, self.column_stop),
            Rectangle(hole.row_start, self.column_start, hole.row_stop, hole.column_start),
            Rectangle(hole.row_start, hole.column_stop, hole.row_stop, self.column_stop),
            Rectangle(hole.row_stop, self.column_start, self.row_stop, self.column_stop),
        )
        return tuple(part for part in parts if part.pixels)


def uncovered(whole: Rectangle, covers: Iterable[Rectangle]) -> tuple[Rectangle, ...]:
    """Disjoint rectangles of `whole` that no rectangle of `covers` holds, from the top down."""
    remaining: tuple[Rectangle, ...] = (whole,) if whole.pixels else ()
    for cover in covers:
        remaining = tuple(part for piece in remaining for part in piece.minus(cover))
    return tuple(sorted(remaining))


def windows(*, height: int, width: int, rows: int, columns: int) -> Iterator[Rectangle]:
    """Cut a raster of `height` by `width` pixels into windows of at most `rows` by `columns`, row by row."""
    for row in range(0, height, rows):
        for column in range(0, width, columns):
            yield Rectangle(row, column, min(row + rows, height), min(column + columns, width))
