"""Pixels computed on a lattice of their own before a request reads them. What does not belong here: wire names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.graph.grids import Grid, Projection
from eo_pipeline.sandbox.graph.images import Band
from eo_pipeline.sandbox.graph.lookup import bilinear, covering, nearest, on_lattice
from eo_pipeline.sandbox.graph.pixel_types import PixelType
from eo_pipeline.sandbox.graph.pixels import Pixels, Raster
from eo_pipeline.sandbox.graph.sources import pyramid_level

MAX_LATTICE_PIXELS = 100_000_000
"""Pixels that a request may force onto another lattice."""

Lookup = Callable[[Raster, Grid, Grid], Raster]
"""(raster, the grid it is on, requested grid) -> raster on the requested grid."""


def on_own_lattice(band: Band, lattice: Callable[[Grid], Projection], lookup: Lookup, pixel_type: PixelType) -> Band:
    """A band computed on the lattice chosen for a request, then looked up; untouched where the grid lies on it.

    Args:
        band: what to compute.
        lattice: requested grid -> the lattice to compute on.
        lookup: how to read the requested pixels.
        pixel_type: type of the result.
    """

    def ask(grid: Grid) -> Grid:
        chosen = lattice(grid)
        return grid if on_lattice(grid, chosen) else _limited(covering(grid, chosen, margin=2))

    def compute(grid: Grid, rasters: Sequence[Raster]) -> Raster:
        held = ask(grid)
        found = rasters[0] if held == grid else lookup(rasters[0], held, grid)
        return Raster(found.data.astype(pixel_type.dtype, copy=False), found.mask)

    return replace(band, pixel_type=pixel_type, pixels=Pixels((band.pixels,), compute, ask))


def _limited(grid: Grid) -> Grid:
    if grid.width * grid.height > MAX_LATTICE_PIXELS:
        raise ServiceError(f"Reprojection output too large ({grid.width}x{grid.height} pixels).")
    return grid


def forced(band: Band, projection: Projection) -> Band:
    """A band computed on exactly one lattice; requests elsewhere read its nearest pixels."""
    moved = on_own_lattice(band, lambda _: projection, nearest, band.pixel_type)
    return replace(moved, projection=projection)


def interpolated(band: Band) -> Band:
    """A band computed on its native pyramid and read bilinearly; whole numbers become double."""

    def level(grid: Grid) -> Projection:
        native = band.projection
        number = pyramid_level(grid.projection.nominal_scale(), native.nominal_scale(), band.dimensions)
        return native.level(number)

    pixel_type = PixelType("double", band.pixel_type.low, band.pixel_type.high)
    made = on_own_lattice(band, level, bilinear, pixel_type if band.pixel_type.is_integer else band.pixel_type)
    return replace(made, pixels=replace(made.pixels, near=band.pixels.near))
