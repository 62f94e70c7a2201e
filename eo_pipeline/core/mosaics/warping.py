"""Which pixels of a target a tile in another CRS covers.

A pixel is covered if its centre is. Does not belong here: resampling, which rasterio's warper does.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from odc.geo.crs import CRS
from odc.geo.geobox import GeoBox
from pyproj import Transformer
from shapely import affinity
from shapely.geometry.base import BaseGeometry

from eo_pipeline.core.mosaics.lattice import TURNS, describe_grid
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.core.zonal.reprojecting import CHORD_ERROR
from eo_pipeline.core.zonal.shapes import on_grid
from eo_pipeline.errors import GridMismatchError

_POINTS = 1024
"""Points along one side of a tile, if it has that many pixels."""

_SEAM = 0.02
"""Pixels around a tile that count as its own, since its curved edges are drawn as chords."""


@dataclass(frozen=True)
class Warp:
    """How a tile in another CRS comes onto the target.

    Attributes:
        turn: degrees that the tile's longitudes are moved by before; 0 if it is projected.
        scale: the tile's pixels that one step to the next column and row of the target crosses, (x, y).
    """

    turn: int
    scale: tuple[float, float]


def warps_of(tile: GeoBox, target: GeoBox, destination: Rectangle) -> tuple[Warp, ...]:
    """How a tile may be found from the target's pixels, all of which have to be tried.

    Pixels come to longitudes from -180 to 180, or stay as the target names them.

    Args:
        tile: in another CRS than the target.
        target: grid of the mosaic.
        destination: its pixels around the tile.
    """
    scale = _scale(tile, target, destination)
    if not _crs(tile).geographic:
        return (Warp(0, scale),)
    bounds = [(-180.0, 180.0)]
    if _crs(target).geographic:
        bounds.append((target.boundingbox.left, target.boundingbox.right))
    left, right = tile.boundingbox.left, tile.boundingbox.right
    turns = (t for t in TURNS if any(left + t < east and right + t > west for west, east in bounds))
    return tuple(Warp(turn, scale) for turn in turns)


def footprint(tile: GeoBox, target: GeoBox) -> BaseGeometry:
    """A tile's outline in the target's columns (x) and rows (y), as floats; empty if it lies elsewhere.

    Raises:
        GridMismatchError: part of its edge has no place in the target's CRS.
    """
    here, there = _crs(tile), _crs(target)
    if here.geographic and not there.geographic:
        shape = on_grid(shapely.Polygon(_ring(tile)), here, target)
    else:
        shape = on_grid(outline(tile, there), there, target)
    a, b, c, d, e, f = tuple(~target.affine)[:6]
    return affinity.affine_transform(shape, [a, b, d, e, c, f])


def outline(tile: GeoBox, there: CRS) -> BaseGeometry:
    """The tile's outline in another CRS; longitudes are unbroken, and a pole that it holds is one side of it.

    Raises:
        GridMismatchError: part of its edge has no place there.
    """
    ring = _ring(tile)
    transformer = Transformer.from_crs(_crs(tile).proj, there.proj, always_xy=True)
    x, y = transformer.transform(ring[:, 0], ring[:, 1])
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise GridMismatchError(
            f"expected a tile whose edges have a place in {there}, got [{describe_grid(tile)}], which reaches too far; "
            "cut it to the surroundings of the mosaic"
        )
    if there.geographic:
        x = np.unwrap(x, period=360)
        if abs(x[-1] - x[0]) > 180:
            pole = math.copysign(90.0, y.mean())
            x, y = np.append(x, [x[-1], x[0]]), np.append(y, [pole, pole])
    return shapely.make_valid(shapely.Polygon(np.column_stack([x, y])))


def chord_error(tile: GeoBox, target: GeoBox) -> float:
    """Pixels of the target by which a `footprint` may miss the tile's true edge; large where it cannot be told.

    An edge is drawn as chords; each misses the edge most in its middle, where it is compared with it.
    """
    here, there = _crs(tile), _crs(target)
    if here == there or (here.geographic and not there.geographic):
        return CHORD_ERROR
    ring = _ring(tile)
    middles = (ring[1:] + ring[:-1]) / 2
    transformer = Transformer.from_crs(here.proj, there.proj, always_xy=True)
    ends = np.column_stack(transformer.transform(ring[:, 0], ring[:, 1]))
    missed = np.column_stack(transformer.transform(middles[:, 0], middles[:, 1])) - (ends[1:] + ends[:-1]) / 2
    if there.geographic:
        missed[:, 0] = (missed[:, 0] + 90) % 180 - 90  # the middle between 179 and -179 is 0 or 180
    error = float(np.hypot(missed[:, 0] / target.resolution.x, missed[:, 1] / target.resolution.y).max())
    return error if math.isfinite(error) else math.inf


def surrounding(shape: BaseGeometry) -> Rectangle:
    """The whole pixels around a footprint; none around an empty one."""
    if shape.is_empty:
        return Rectangle(0, 0, 0, 0)
    left, top, right, bottom = shape.bounds
    return Rectangle(math.floor(top), math.floor(left), math.ceil(bottom), math.ceil(right))


def without_centres(windows: Sequence[Rectangle], footprints: Sequence[BaseGeometry]) -> Iterator[Rectangle]:
    """Disjoint rectangles of the pixels in `windows` whose centres lie in no footprint, from the top down."""
    covered = shapely.union_all([shape.buffer(_SEAM, join_style="mitre") for shape in footprints])
    for window in windows:
        rows, columns = window.slices
        rest = shapely.box(columns.start, rows.start, columns.stop, rows.stop).difference(covered)
        for part in shapely.get_parts(rest):
            if part.geom_type == "Polygon" and not part.is_empty:
                yield from _merged(_runs(part))


def _runs(shape: BaseGeometry) -> Iterator[tuple[int, int, int]]:
    """(row, first column, one past the last) of the pixels whose centres lie in a polygon."""
    left, top, right, bottom = shape.bounds
    rows = np.arange(math.ceil(top - 0.5), math.ceil(bottom - 0.5))
    ends = np.stack([np.broadcast_to([left - 1, right + 1], (len(rows), 2)), np.repeat(rows + 0.5, 2).reshape(-1, 2)])
    pieces, of = shapely.get_parts(
        shapely.intersection(shape, shapely.linestrings(np.moveaxis(ends, 0, -1))), return_index=True
    )
    bounds = shapely.bounds(pieces)
    first, stop = np.ceil(bounds[:, 0] - 0.5), np.ceil(bounds[:, 2] - 0.5)
    held = first < stop  # a piece that is only touched has no width
    yield from zip(
        rows[of[held]].tolist(), first[held].astype(int).tolist(), stop[held].astype(int).tolist(), strict=True
    )


def _merged(runs: Iterator[tuple[int, int, int]]) -> list[Rectangle]:
    """Runs of the same columns in successive rows as one rectangle."""
    open_ones: dict[tuple[int, int], Rectangle] = {}
    done: list[Rectangle] = []
    for row, first, stop in runs:
        before = open_ones.get((first, stop))
        if before is not None and before.row_stop == row:
            open_ones[first, stop] = Rectangle(before.row_start, first, row + 1, stop)
            continue
        if before is not None:
            done.append(before)
        open_ones[first, stop] = Rectangle(row, first, row + 1, stop)
    return sorted([*done, *open_ones.values()])


def _ring(tile: GeoBox) -> NDArray[np.float64]:
    """Points along a tile's edge as (x, y) in its CRS, the first one again at the end."""
    height, width = tile.shape
    across = np.linspace(0, width, min(width, _POINTS) + 1)
    down = np.linspace(0, height, min(height, _POINTS) + 1)
    columns = np.concatenate([across, np.full(len(down), width), across[::-1], np.zeros(len(down))])
    rows = np.concatenate([np.zeros(len(across)), down, np.full(len(across), height), down[::-1]])
    a, b, c, d, e, f = tuple(tile.affine)[:6]
    return np.column_stack([a * columns + b * rows + c, d * columns + e * rows + f])


def _scale(tile: GeoBox, target: GeoBox, destination: Rectangle) -> tuple[float, float]:
    """Tile pixels a target pixel in the middle of `destination`, along its row and its column."""
    row = (destination.row_start + destination.row_stop) / 2
    column = (destination.column_start + destination.column_stop) / 2
    points = np.array([target.affine @ at for at in ((column, row), (column + 1, row), (column, row + 1))])
    transformer = Transformer.from_crs(_crs(target).proj, _crs(tile).proj, always_xy=True)
    x, y = transformer.transform(points[:, 0], points[:, 1])
    if _crs(tile).geographic:
        x = np.unwrap(x, period=360)
    places = np.array([~tile.affine @ at for at in zip(x.tolist(), y.tolist(), strict=True)])
    along, down = np.hypot(*(places[1:] - places[0]).T)
    return float(along), float(down)


def _crs(grid: GeoBox) -> CRS:
    if grid.crs is None:
        raise GridMismatchError(f"expected a grid with a CRS, got {grid}; give it one")
    return grid.crs
