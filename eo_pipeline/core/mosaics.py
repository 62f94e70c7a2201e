"""Where tiles lie on a target grid, what they leave open, and which value wins where they overlap.

Belongs here: decisions from georeferencing alone; names of files say nothing. Does not: reading and writing pixels.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.rectangles import Rectangle, uncovered
from eo_pipeline.errors import GridMismatchError

TOLERANCE = 1e-3
"""How far, in pixels, a corner of a tile may lie from a corner of the target's pixels."""


@dataclass(frozen=True)
class Placement:
    """Pixels of one tile that fall on the target.

    Attributes:
        tile: index of the tile in the sequence given.
        source: the pixels in the tile's own rows and columns.
        destination: the same pixels in the target's rows and columns.
    """

    tile: int
    source: Rectangle
    destination: Rectangle


@dataclass(frozen=True)
class MosaicPlan:
    """How tiles fill a target.

    Attributes:
        placements: one a tile that touches the target, in the order of the tiles; the first tile has precedence.
        gaps: disjoint rectangles of the target that no tile covers.
    """

    placements: tuple[Placement, ...]
    gaps: tuple[Rectangle, ...]

    def within(self, window: Rectangle) -> tuple[Placement, ...]:
        """The placements cut to a window of the target; `destination` counts from the window's own corner."""
        cut = []
        for placement in self.placements:
            shared = placement.destination.intersection(window)
            if shared is not None:
                cut.append(_cut(placement, shared, window))
        return tuple(cut)


def plan_mosaic(tiles: Sequence[GeoBox], target: GeoBox) -> MosaicPlan:
    """Place every tile on the target; tiles wholly outside it take no part.

    Raises:
        GridMismatchError: a tile does not lie on the target's pixels.
    """
    placed = (place(tile, target, index=index) for index, tile in enumerate(tiles))
    placements = tuple(placement for placement in placed if placement is not None)
    return MosaicPlan(placements, uncovered(frame(target), [placement.destination for placement in placements]))


def union_grid(grids: Sequence[GeoBox]) -> GeoBox:
    """The smallest grid that holds all of several on one lattice; the first one itself if it holds the rest.

    Raises:
        GridMismatchError: they do not lie on one lattice.
    """
    first = grids[0]
    frames = [
        frame(grid).shifted(rows=row, columns=column) for grid in grids for row, column in [whole_offset(grid, first)]
    ]
    top, left = min(part.row_start for part in frames), min(part.column_start for part in frames)
    bottom, right = max(part.row_stop for part in frames), max(part.column_stop for part in frames)
    return GeoBox((bottom - top, right - left), first.affine @ Affine.translation(left, top), first.crs)


def place(tile: GeoBox, target: GeoBox, *, index: int = 0) -> Placement | None:
    """Place one tile by its georeferencing, cut to the target; None if it lies wholly outside.

    Raises:
        GridMismatchError: different CRS, resolution or rotation, or an offset of a fraction of a pixel.
    """
    rows, columns = whole_offset(tile, target)
    destination = frame(tile).shifted(rows=rows, columns=columns).intersection(frame(target))
    if destination is None:
        return None
    return Placement(index, destination.shifted(rows=-rows, columns=-columns), destination)


def whole_offset(tile: GeoBox, target: GeoBox) -> tuple[int, int]:
    """The tile's first (row, column) on the target's lattice; negative above and left of it.

    Raises:
        GridMismatchError: different CRS, resolution or rotation, or an offset of a fraction of a pixel.
    """
    if tile.crs != target.crs:
        raise _mismatch(tile, target, "the CRS differs")
    to_target = ~target.affine @ tile.affine
    column, row = to_target @ (0, 0)
    height, width = tile.shape
    for corner in ((width, 0), (0, height), (width, height)):
        x, y = to_target @ corner
        if abs(x - column - corner[0]) > TOLERANCE or abs(y - row - corner[1]) > TOLERANCE:
            raise _mismatch(tile, target, f"resolution or rotation differs (offset {column:.6g}, {row:.6g} px)")
    if abs(column - round(column)) > TOLERANCE or abs(row - round(row)) > TOLERANCE:
        raise _mismatch(tile, target, f"the offset is {column:.6g} columns and {row:.6g} rows, not whole pixels")
    return round(row), round(column)


def paint(below: NDArray[Any], above: NDArray[Any], band: BandEncoding) -> None:
    """Write `above` over `below` (same shape, in place), except where `above` is nodata.

    Painting from the last tile to the first gives the first tile precedence wherever it has a value.
    """
    np.copyto(below, above, where=~band.is_nodata(above))


def frame(geobox: GeoBox) -> Rectangle:
    """All pixels of a GeoBox."""
    height, width = geobox.shape
    return Rectangle(0, 0, height, width)


def describe_grid(geobox: GeoBox) -> str:
    """One line for a person: size, CRS and the six numbers of the affine."""
    height, width = geobox.shape
    numbers = ", ".join(f"{number:.12g}" for number in tuple(geobox.affine)[:6])
    return f"{width} x {height} px, {geobox.crs}, affine ({numbers})"


def describe_gaps(gaps: Sequence[Rectangle], target: GeoBox) -> str:
    """The message for a mosaic that tiles do not cover: every missing rectangle in pixels and in the grid's CRS."""
    lines = []
    for gap in gaps:
        left, top = target.affine @ (gap.column_start, gap.row_start)
        right, bottom = target.affine @ (gap.column_stop, gap.row_stop)
        pixels = f"columns {gap.column_start}-{gap.column_stop}, rows {gap.row_start}-{gap.row_stop}"
        lines.append(f"  {pixels} (from {left:.9g}, {top:.9g} to {right:.9g}, {bottom:.9g})")
    return (
        f"expected tiles that cover all of [{describe_grid(target)}], got {len(gaps)} rectangle(s) without a tile "
        "(pixels half-open, corners in the grid's CRS):\n" + "\n".join(lines) + "\nfind or export the missing tiles"
    )


def _cut(placement: Placement, shared: Rectangle, window: Rectangle) -> Placement:
    rows = placement.source.row_start - placement.destination.row_start
    columns = placement.source.column_start - placement.destination.column_start
    return Placement(
        placement.tile,
        shared.shifted(rows=rows, columns=columns),
        shared.shifted(rows=-window.row_start, columns=-window.column_start),
    )


def _mismatch(tile: GeoBox, target: GeoBox, why: str) -> GridMismatchError:
    return GridMismatchError(
        f"expected a raster on the pixels of [{describe_grid(target)}], got [{describe_grid(tile)}]: {why}; "
        "export it again on the product's grid"
    )
