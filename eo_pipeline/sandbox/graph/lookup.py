"""Pixels on one lattice from those on another: nearest, bilinear. What does not belong here: choosing lattices."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from eo_pipeline.sandbox.graph.crs import is_geographic, transformer
from eo_pipeline.sandbox.graph.grids import Bounds, Grid, Projection
from eo_pipeline.sandbox.graph.pixels import Raster

_EDGE = 1e-9
"""Fraction of a pixel by which a centre may miss the pixel it belongs to."""

_SAME = 1e-6
"""Largest difference, in pixels over the whole grid, between lattices that count as one."""

_DENSE = 21
"""Points on each side of a grid that are reprojected to find what it covers."""


def positions(grid: Grid, projection: Projection) -> tuple[np.ndarray, np.ndarray]:
    """Fractional columns and rows, on a lattice, of a grid's pixel centres; broadcastable to (row, column)."""
    x, y = grid.centres(projection.crs)
    inverse = ~projection.affine
    if inverse.b == 0 and inverse.d == 0:
        return inverse.a * x + inverse.c, inverse.e * y + inverse.f
    return inverse.a * x + inverse.b * y + inverse.c, inverse.d * x + inverse.e * y + inverse.f


def on_lattice(grid: Grid, projection: Projection) -> bool:
    """True if the grid's pixels are whole pixels of the lattice."""
    if grid.crs != projection.crs:
        return False
    step = ~projection.affine @ grid.affine
    reach = max(grid.width, grid.height)
    size = max(abs(step.a - 1), abs(step.e - 1), abs(step.b), abs(step.d)) * reach
    return bool(size < _SAME and abs(step.c - round(step.c)) < _SAME and abs(step.f - round(step.f)) < _SAME)


@lru_cache(maxsize=1024)
def covered_bounds(grid: Grid, crs: str) -> Bounds:
    """Bounds, in a CRS, of everything the grid covers; east of the antimeridian longitudes go on beyond 180."""
    if grid.crs == crs:
        return grid.bounds
    west, south, east, north = transformer(grid.crs, crs).transform_bounds(*grid.bounds, densify_pts=_DENSE)
    if is_geographic(crs) and east < west:
        east += 360
    return west, south, east, north


def covering(grid: Grid, projection: Projection, margin: int) -> Grid:
    """The window of a lattice that covers a grid and `margin` pixels more on every side."""
    tight = projection.covering(covered_bounds(grid, projection.crs))
    return tight.window(-margin, -margin, tight.width + 2 * margin, tight.height + 2 * margin)


def nearest(raster: Raster, held: Grid, grid: Grid) -> Raster:
    """The pixel of `held` that contains each centre of `grid`; masked outside."""
    columns, rows = positions(grid, held.projection)
    c = np.floor(columns + _EDGE).astype(np.int64)
    r = np.floor(rows + _EDGE).astype(np.int64)
    inside = (c >= 0) & (c < held.width) & (r >= 0) & (r < held.height)
    c, r = np.clip(c, 0, held.width - 1), np.clip(r, 0, held.height - 1)
    mask = raster.mask[r, c]
    return Raster(raster.data[r, c], mask if inside.all() else mask * inside.astype(mask.dtype))


def bilinear(raster: Raster, held: Grid, grid: Grid) -> Raster:
    """The mean of the four nearest pixels, weighted by nearness and mask; the mask is interpolated as well."""
    columns, rows = positions(grid, held.projection)
    columns, rows = np.broadcast_arrays(columns - 0.5, rows - 0.5)
    left, top = np.floor(columns).astype(np.int64), np.floor(rows).astype(np.int64)
    along, down = columns - left, rows - top
    total, weight = np.zeros(grid.shape), np.zeros(grid.shape)
    for c, r, share in (
        (left, top, (1 - along) * (1 - down)),
        (left + 1, top, along * (1 - down)),
        (left, top + 1, (1 - along) * down),
        (left + 1, top + 1, along * down),
    ):
        inside = (c >= 0) & (c < held.width) & (r >= 0) & (r < held.height)
        c_in, r_in = np.clip(c, 0, held.width - 1), np.clip(r, 0, held.height - 1)
        part = share * inside * raster.mask[r_in, c_in]
        total += part * np.where(part > 0, raster.data[r_in, c_in], 0)
        weight += part
    with np.errstate(invalid="ignore", divide="ignore"):
        data = np.where(weight > 0, total / weight, 0)
    return Raster(data, weight.astype(np.float32))
