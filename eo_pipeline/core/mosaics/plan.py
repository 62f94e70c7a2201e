"""Where tiles lie on a target grid, and what they leave open.

Belongs here: rectangles of tiles and target. Does not: which value wins where they overlap (see precedence).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from odc.geo.geobox import GeoBox
from shapely.geometry.base import BaseGeometry

from eo_pipeline.core.mosaics.lattice import describe_grid, frame, turns_to, whole_offset
from eo_pipeline.core.mosaics.warping import Warp, footprint, surrounding, warps_of, without_centres
from eo_pipeline.core.rectangles import Rectangle, uncovered

_CELL = 2048
"""Pixels a side of the squares that placements are looked up by."""

_LISTED = 50
"""Gaps that an error lists."""


@dataclass(frozen=True)
class Placement:
    """Pixels of one tile that fall on the target.

    Attributes:
        tile: index of the tile in the sequence given.
        source: the pixels in the tile's own rows and columns; in the target's if it is warped.
        destination: the same pixels in the target's rows and columns.
        warp: how it comes onto the target's pixels; None if it lies on them.
    """

    tile: int
    source: Rectangle
    destination: Rectangle
    warp: Warp | None = None


@dataclass(frozen=True)
class MosaicPlan:
    """How tiles fill a target.

    Attributes:
        placements: of the tiles that touch the target, in the order of the tiles; several of a tile that goes round
            the earth.
        gaps: disjoint rectangles of the target that no tile covers; of a warped tile the pixels' centres count.
    """

    placements: tuple[Placement, ...]
    gaps: tuple[Rectangle, ...]

    def within(self, window: Rectangle) -> tuple[Placement, ...]:
        """The placements cut to a window of the target; `destination` counts from the window's own corner."""
        near = sorted({index for cell in _cells(window) for index in self._by_cell.get(cell, ())})
        cut = []
        for placement in (self.placements[index] for index in near):
            shared = placement.destination.intersection(window)
            if shared is not None:
                cut.append(_cut(placement, shared, window))
        return tuple(cut)

    @cached_property
    def _by_cell(self) -> Mapping[tuple[int, int], list[int]]:
        """Indices of the placements that touch each square of the target."""
        found: dict[tuple[int, int], list[int]] = {}
        for index, placement in enumerate(self.placements):
            for cell in _cells(placement.destination):
                found.setdefault(cell, []).append(index)
        return found


def plan_mosaic(tiles: Sequence[GeoBox], target: GeoBox, *, warps: bool = False) -> MosaicPlan:
    """Place every tile on the target; tiles wholly outside it take no part.

    Args:
        tiles: their grids, in order.
        target: grid of the mosaic.
        warps: whether tiles in another CRS are warped; else they are refused.

    Raises:
        GridMismatchError: a tile does not lie on the target's pixels.
    """
    placed = (place(tile, target, index=index, warps=warps) for index, tile in enumerate(tiles))
    placements = tuple(placement for group in placed for placement in group)
    gaps = uncovered(frame(target), [p.destination for p in placements if p.warp is None])
    warped = sorted({placement.tile for placement in placements if placement.warp is not None})
    if gaps and warped:
        gaps = tuple(without_centres(gaps, [footprint(tiles[index], target) for index in warped]))
    return MosaicPlan(placements, gaps)


def place(tile: GeoBox, target: GeoBox, *, index: int = 0, warps: bool = False) -> tuple[Placement, ...]:
    """Place one tile by its georeferencing, cut to the target; nothing if it lies wholly outside.

    Longitudes are moved by whole turns to where the target is.

    Raises:
        GridMismatchError: different CRS (unless tiles are warped), resolution or rotation, or an offset of a fraction
            of a pixel.
    """
    if warps and tile.crs != target.crs:
        return tuple(_warped(tile, target, footprint(tile, target), index))
    offsets = (whole_offset(tile, target, turn=turn) for turn in turns_to(tile, target))
    placed = (_placed(tile, target, index, rows=rows, columns=columns) for rows, columns in offsets)
    return tuple(placement for placement in placed if placement is not None)


def describe_gaps(gaps: Sequence[Rectangle], target: GeoBox) -> str:
    """The message for a mosaic that tiles do not cover: the missing rectangles in pixels and in the grid's CRS."""
    lines = []
    for gap in gaps[:_LISTED]:
        left, top = target.affine @ (gap.column_start, gap.row_start)
        right, bottom = target.affine @ (gap.column_stop, gap.row_stop)
        pixels = f"columns {gap.column_start}-{gap.column_stop}, rows {gap.row_start}-{gap.row_stop}"
        lines.append(f"  {pixels} (from {left:.9g}, {top:.9g} to {right:.9g}, {bottom:.9g})")
    if len(gaps) > _LISTED:
        lines.append(f"  and {len(gaps) - _LISTED} more")
    return (
        f"expected tiles that cover all of [{describe_grid(target)}], got {len(gaps)} rectangle(s) without a tile "
        "(pixels half-open, corners in the grid's CRS):\n" + "\n".join(lines) + "\nfind or export the missing tiles"
    )


def _placed(tile: GeoBox, target: GeoBox, index: int, *, rows: int, columns: int) -> Placement | None:
    destination = frame(tile).shifted(rows=rows, columns=columns).intersection(frame(target))
    if destination is None:
        return None
    return Placement(index, destination.shifted(rows=-rows, columns=-columns), destination)


def _warped(tile: GeoBox, target: GeoBox, shape: BaseGeometry, index: int) -> Iterator[Placement]:
    destination = surrounding(shape).intersection(frame(target))
    if destination is not None:
        for warp in warps_of(tile, target, destination):
            yield Placement(index, destination, destination, warp)


def _cells(rectangle: Rectangle) -> Iterator[tuple[int, int]]:
    """Squares of the target that a rectangle touches."""
    for row in range(rectangle.row_start // _CELL, -(-rectangle.row_stop // _CELL)):
        for column in range(rectangle.column_start // _CELL, -(-rectangle.column_stop // _CELL)):
            yield row, column


def _cut(placement: Placement, shared: Rectangle, window: Rectangle) -> Placement:
    rows = placement.source.row_start - placement.destination.row_start
    columns = placement.source.column_start - placement.destination.column_start
    return replace(
        placement,
        source=shared.shifted(rows=rows, columns=columns),
        destination=shared.shifted(rows=-window.row_start, columns=-window.column_start),
    )
