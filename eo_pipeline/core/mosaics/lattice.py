"""Grids on one lattice: how many whole pixels lie between them, and the refusal with both grids where they do not.

Belongs here: arithmetic of grids. Does not: which pixels of a target are covered (see plan).
"""

from collections.abc import Sequence

from affine import Affine
from odc.geo.geobox import GeoBox

from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.errors import GridMismatchError

TOLERANCE = 1e-3
"""How far, in pixels, a corner of a tile may lie from a corner of the target's pixels."""

TURNS = (-360, 0, 360)
"""Degrees of longitude that name the same place."""


def whole_offset(tile: GeoBox, target: GeoBox, *, turn: int = 0) -> tuple[int, int]:
    """The tile's first (row, column) on the target's lattice; negative above and left of it.

    Args:
        tile: a grid.
        target: another one.
        turn: degrees that the tile's longitudes are moved by before.

    Raises:
        GridMismatchError: different CRS, resolution or rotation, or an offset of a fraction of a pixel.
    """
    found = offset_or_misfit(tile, target, turn=turn)
    if isinstance(found, str):
        raise GridMismatchError(
            f"expected a raster on the pixels of [{describe_grid(target)}], got [{describe_grid(tile)}]: {found}; "
            "export it again on the product's grid"
        )
    return found


def offset_or_misfit(tile: GeoBox, target: GeoBox, *, turn: int = 0) -> tuple[int, int] | str:
    """What `whole_offset` gives, or in words why there is no such offset."""
    if tile.crs != target.crs:
        return "the CRS differs"
    to_target = ~target.affine @ Affine.translation(turn, 0) @ tile.affine
    column, row = to_target @ (0, 0)
    height, width = tile.shape
    after = f" after its longitudes were moved by {turn} degrees" if turn else ""
    for corner in ((width, 0), (0, height), (width, height)):
        x, y = to_target @ corner
        if abs(x - column - corner[0]) > TOLERANCE or abs(y - row - corner[1]) > TOLERANCE:
            return f"resolution or rotation differs (offset {column:.6g}, {row:.6g} px)"
    if abs(column - round(column)) > TOLERANCE or abs(row - round(row)) > TOLERANCE:
        return f"the offset is {column:.6g} columns and {row:.6g} rows{after}, not whole pixels"
    return round(row), round(column)


def turns_to(tile: GeoBox, target: GeoBox) -> tuple[int, ...]:
    """Degrees that the tile's longitudes are moved by to meet the target; 0 alone if none of TURNS does.

    Several of a tile that goes round the whole earth.
    """
    if tile.crs != target.crs or tile.crs is None or not tile.crs.geographic:
        return (0,)
    margin = TOLERANCE * abs(target.resolution.x)
    here, there = tile.boundingbox, target.boundingbox
    met = [t for t in TURNS if here.left + t < there.right - margin and here.right + t > there.left + margin]
    return tuple(met) or (0,)


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


def frame(geobox: GeoBox) -> Rectangle:
    """All pixels of a GeoBox."""
    height, width = geobox.shape
    return Rectangle(0, 0, height, width)


def part_of(geobox: GeoBox, window: Rectangle) -> GeoBox:
    """The grid of some pixels of a GeoBox, or of others on its lattice beyond its edges."""
    corner = Affine.translation(window.column_start, window.row_start)
    return GeoBox((window.height, window.width), geobox.affine @ corner, geobox.crs)


def finer(geobox: GeoBox, factor: int) -> GeoBox:
    """The same place in pixels of which `factor` lie along one of a grid's."""
    height, width = geobox.shape
    return GeoBox((height * factor, width * factor), geobox.affine @ Affine.scale(1 / factor), geobox.crs)


def coarser(geobox: GeoBox, factor: int) -> GeoBox:
    """The grid of pixels so many times larger that cover a grid from its upper left."""
    height, width = geobox.shape
    return GeoBox((-(-height // factor), -(-width // factor)), geobox.affine @ Affine.scale(factor), geobox.crs)


def describe_grid(geobox: GeoBox) -> str:
    """One line for a person: size, CRS and the six numbers of the affine."""
    height, width = geobox.shape
    numbers = ", ".join(f"{number:.12g}" for number in tuple(geobox.affine)[:6])
    code = None if geobox.crs is None else geobox.crs.to_epsg()
    return f"{width} x {height} px, {f'EPSG:{code}' if code else geobox.crs}, affine ({numbers})"
