"""Points and lines as zones: which pixels of a grid hold them, and how much of a line lies in each.

A pixel holds its upper and left edges (the lower and right ones are its neighbours'), so that every place belongs to
one pixel. What does not belong here: polygons, and CRSs other than the grid's (`shapes.on_grid`).
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from pyproj import Geod
from shapely.geometry.base import BaseGeometry

from eo_pipeline.core.zonal.reprojecting import metres_per_unit
from eo_pipeline.errors import GridMismatchError

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class HeldCells:
    """Pixels that hold a zone, each once, by row, then column; every array is (n,).

    Attributes:
        rows: of the grid, counted from 0 at its top; negative or beyond its height for pixels outside; int64.
        columns: likewise from its left.
        weights: metres of the line inside the pixel, > 0; 1 of points; float64.
    """

    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    weights: Numbers


def point_cells(points: BaseGeometry, affine: Affine) -> HeldCells:
    """The pixels that hold a point or any of several points; a pixel that holds two counts once, as in rasterstats.

    Args:
        points: Point or MultiPoint in the grid's CRS.
        affine: of the grid, from columns and rows to its CRS.
    """
    cells = _cells(_on_pixels(shapely.get_coordinates(points), affine))
    rows, columns = np.unique(cells, axis=0).T
    return HeldCells(rows, columns, np.ones(len(rows)))


def line_cells(lines: BaseGeometry, grid: GeoBox) -> HeldCells:
    """The pixels that a line passes, weighed by the metres of it inside.

    Args:
        lines: LineString, LinearRing or MultiLineString in the grid's CRS.
        grid: with a CRS; lengths are those of the ellipsoid on longitudes and latitudes, of the plane where projected.

    Raises:
        GridMismatchError: the grid has no CRS.
    """
    parts = [_pieces(shapely.get_coordinates(part), grid) for part in shapely.get_parts(lines)]
    cells = np.concatenate([part for part, _ in parts])
    lengths = np.concatenate([length for _, length in parts])
    there = lengths > 0
    found, which = np.unique(cells[there], axis=0, return_inverse=True)
    weights = np.bincount(which.ravel(), weights=lengths[there], minlength=len(found))
    return HeldCells(found[:, 0], found[:, 1], weights)


def _pieces(line: Numbers, grid: GeoBox) -> tuple[NDArray[np.int64], Numbers]:
    """(n, row and column) and metres (n,) of the pieces into which the edges of pixels cut a line (vertex, x and y)."""
    cut = _cut(_on_pixels(line, grid.affine))
    middles = (cut[1:] + cut[:-1]) / 2
    return _cells(middles), _metres(cut, grid)


def _cut(line: Numbers) -> Numbers:
    """A line in pixels (vertex, column and row) with a vertex wherever it crosses the edge of a pixel."""
    edges = [_crossings(start, end) for start, end in pairwise(line)]
    return np.concatenate([*edges, line[-1:]])


def _crossings(start: Numbers, end: Numbers) -> Numbers:
    """The start and the places (n, column and row) between it and the end where a column or row begins."""
    shares = [np.zeros(1)]
    for here, there in zip(start, end, strict=True):
        if here != there:
            low, high = min(here, there), max(here, there)
            shares.append((np.arange(np.floor(low) + 1, np.ceil(high)) - here) / (there - here))
    along = np.unique(np.concatenate(shares))
    return np.asarray(start + along[:, None] * (end - start), dtype=np.float64)


def _metres(line: Numbers, grid: GeoBox) -> Numbers:
    """Metres (n,) between the vertices (n + 1, column and row) of a line."""
    if grid.crs is None:
        raise GridMismatchError(f"expected a grid with a CRS to measure along lines, got {grid}; give it one")
    x, y = grid.affine @ tuple(line.T)
    if not grid.crs.geographic:
        return np.asarray(np.hypot(np.diff(x), np.diff(y)) * metres_per_unit(grid.crs), dtype=np.float64)
    geod = grid.crs.proj.get_geod() or Geod(ellps="WGS84")
    return np.asarray(geod.inv(x[:-1], y[:-1], x[1:], y[1:])[2], dtype=np.float64)


def _on_pixels(places: Numbers, affine: Affine) -> Numbers:
    """(n, column and row) of places (n, x and y); upper left corners of pixels are whole numbers."""
    return np.column_stack(~affine @ tuple(places.T))


def _cells(places: Numbers) -> NDArray[np.int64]:
    """(n, row and column) of the pixels that hold places (n, column and row)."""
    return np.floor(places[:, ::-1]).astype(np.int64)
