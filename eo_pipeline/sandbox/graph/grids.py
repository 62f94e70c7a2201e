"""Lattices of pixels: unbounded (Projection) and bounded (Grid). What does not belong here: pixel values."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from affine import Affine

from eo_pipeline.sandbox.graph.crs import metres_per_unit, transformer

Transform = tuple[float, float, float, float, float, float]
"""Affine (a, b, c, d, e, f): x = a*column + b*row + c, y = d*column + e*row + f, in units of the CRS."""

Bounds = tuple[float, float, float, float]
"""(min x, min y, max x, max y) in units of a CRS."""

_SNAP = 1e-6
"""Fraction of a pixel below which an edge counts as lying on the lattice."""


@dataclass(frozen=True)
class Projection:
    """An unbounded lattice.

    Attributes:
        crs: authority code or WKT.
        transform: pixel (column, row) to CRS (x, y).
    """

    crs: str
    transform: Transform

    @property
    def affine(self) -> Affine:
        """The transform as an Affine, pixel to CRS."""
        return Affine(*self.transform)

    def nominal_scale(self) -> float:
        """Side of a pixel in metres, taken at the point of true scale."""
        a, b, _, d, e, _ = self.transform
        return math.sqrt(abs(a * e - b * d)) * metres_per_unit(self.crs)

    def at_scale(self, metres: float) -> Projection:
        """The same CRS and origin with pixels of this nominal side in metres.

        A lattice without a transform of its own (the identity) turns north-up, as rasters are.
        """
        factor = metres / self.nominal_scale()
        a, b, c, d, e, f = self.transform
        if self.transform == DEFAULT_PROJECTION.transform:
            e = -e
        return Projection(self.crs, (a * factor, b * factor, c, d * factor, e * factor, f))

    def level(self, level: int) -> Projection:
        """The lattice of a pyramid level: pixels 2**level larger, same origin."""
        factor = 2.0**level
        a, b, c, d, e, f = self.transform
        return Projection(self.crs, (a * factor, b * factor, c, d * factor, e * factor, f))

    def covering(self, bounds: Bounds) -> Grid:
        """The smallest grid of whole pixels of this lattice that covers bounds given in this CRS."""
        inverse = ~self.affine
        corners = [inverse @ (x, y) for x in bounds[0::2] for y in bounds[1::2]]
        columns, rows = zip(*corners, strict=True)
        left, top = math.floor(min(columns) + _SNAP), math.floor(min(rows) + _SNAP)
        right, bottom = math.ceil(max(columns) - _SNAP), math.ceil(max(rows) - _SNAP)
        return self.grid(left, top, max(1, right - left), max(1, bottom - top))

    def grid(self, x: int, y: int, width: int, height: int) -> Grid:
        """A window of the lattice whose first pixel is (column x, row y)."""
        return Grid(self.crs, _translated(self.transform, x, y), width, height)

    def published(self) -> dict[str, object]:
        """The JSON a client gets for a projection."""
        return {"type": "Projection", "crs": self.crs, "transform": list(self.transform)}


DEFAULT_PROJECTION = Projection("EPSG:4326", (1.0, 0.0, 0.0, 0.0, 1.0, 0.0))
"""The projection of constants and composites: one degree a pixel."""


@dataclass(frozen=True)
class Grid:
    """A bounded lattice: where the pixels of a raster (row, column) lie.

    Attributes:
        crs: authority code or WKT.
        transform: pixel (column, row) to CRS (x, y); (0, 0) is the outer corner of the first pixel.
        width: columns.
        height: rows.
    """

    crs: str
    transform: Transform
    width: int
    height: int

    @property
    def affine(self) -> Affine:
        """The transform as an Affine, pixel to CRS."""
        return Affine(*self.transform)

    @property
    def projection(self) -> Projection:
        """The unbounded lattice this grid is cut from, its origin at the grid's corner."""
        return Projection(self.crs, self.transform)

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns)."""
        return self.height, self.width

    @property
    def bounds(self) -> Bounds:
        """Outer edges (min x, min y, max x, max y) in the grid's CRS."""
        affine = self.affine
        corners = [affine @ (x, y) for x in (0, self.width) for y in (0, self.height)]
        xs, ys = zip(*corners, strict=True)
        return min(xs), min(ys), max(xs), max(ys)

    @property
    def is_upright(self) -> bool:
        """True if rows and columns run along the axes of the CRS."""
        return self.transform[1] == 0 and self.transform[3] == 0

    def window(self, x: int, y: int, width: int, height: int) -> Grid:
        """The part that starts at column x, row y (both may be negative), on the same lattice."""
        return Grid(self.crs, _translated(self.transform, x, y), width, height)

    def centres(self, crs: str) -> tuple[np.ndarray, np.ndarray]:
        """Coordinates x and y of the pixel centres in a CRS, each float64 (row, column) or broadcastable to it."""
        return _centres(self, crs)


def _translated(transform: Transform, x: float, y: float) -> Transform:
    a, b, c, d, e, f = transform
    return (a, b, a * x + b * y + c, d, e, d * x + e * y + f)


@lru_cache(maxsize=16)
def _centres(grid: Grid, crs: str) -> tuple[np.ndarray, np.ndarray]:
    columns = np.arange(grid.width, dtype=np.float64)[None, :] + 0.5
    rows = np.arange(grid.height, dtype=np.float64)[:, None] + 0.5
    a, b, c, d, e, f = grid.transform
    if grid.is_upright:
        x, y = a * columns + c, e * rows + f
    else:
        x, y = a * columns + b * rows + c, d * columns + e * rows + f
    if grid.crs == crs:
        return x, y
    x, y = np.broadcast_arrays(x, y)
    return transformer(grid.crs, crs).transform(x, y)
