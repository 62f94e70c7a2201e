"""The rasters of one period side by side, as one grid of pixels that is read window by window.

Does not belong here: zones, and what is made of pixels.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from shapely.geometry.base import BaseGeometry

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.headers import RasterHeader, check_headers, check_lattice
from eo_pipeline.core.mosaics import MosaicPlan, plan_mosaic, union_grid
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.core.zonal.blocks import block_shape
from eo_pipeline.storage.raster_handles import RasterHandles
from eo_pipeline.storage.rasters import read_headers
from eo_pipeline.storage.rasters_together import read_together

BLOCK_PIXELS = 2**20
"""Pixels of a block that is read at once, in each band."""


@dataclass(frozen=True)
class Ground:
    """Rasters of one period side by side.

    Attributes:
        headers: in order of precedence.
        grid: the smallest that holds them all.
        plan: how they fill the grid, in the order of `headers`.
        extent: what they cover, or the areas they are meant to cover, in the grid's CRS.
    """

    headers: Mapping[Path, RasterHeader]
    grid: GeoBox
    plan: MosaicPlan
    extent: BaseGeometry

    @property
    def block_shape(self) -> tuple[int, int]:
        """Rows and columns of the blocks that are read at once."""
        stored = [header.block_shape for header in self.headers.values()] or [(512, 512)]
        height, width = self.grid.shape
        return block_shape(stored[0], (height, width), pixels=BLOCK_PIXELS)


def ground_of(rasters: Sequence[Path], areas: Sequence[GeoBox], bands: Sequence[BandEncoding]) -> Ground:
    """Place rasters on one grid.

    Args:
        rasters: on one lattice.
        areas: grids that they are meant to cover; those of the rasters if empty.
        bands: that they hold.

    Raises:
        TilesError: a raster cannot be read or does not hold the bands.
        GridMismatchError: the rasters do not lie on one lattice.
    """
    headers = read_headers(rasters)
    check_headers(headers, bands)
    there = [header.geobox for header in headers.values()]
    wanted = areas or there
    check_lattice(headers, wanted[0])
    grid = union_grid(wanted)
    extent = shapely.union_all([shapely.box(*part.boundingbox) for part in wanted])
    return Ground(headers, grid, plan_mosaic(there, grid), extent)


class GroundPixels:
    """The bands of the rasters, as the engine reads them."""

    def __init__(self, ground: Ground, bands: Sequence[BandEncoding], rasters: RasterHandles) -> None:
        """Pixels of `bands`, read through `rasters`."""
        self._ground, self._bands, self._rasters = ground, bands, rasters
        self.bands = len(bands)
        self.nodata, self._dtype = _outside(bands[0])

    def read(self, window: Rectangle) -> NDArray[Any] | None:
        """Stored numbers (band, y, x); `nodata` where no raster has a value."""
        if not self._ground.plan.within(window):
            return None
        return read_together(
            self._rasters,
            self._ground.headers,
            self._ground.plan,
            window,
            self._bands,
            empty=self.nodata,
            dtype=self._dtype,
        )


def _outside(band: BandEncoding) -> tuple[float, str]:
    """The number for pixels no raster has, and a type that holds it beside the band's numbers.

    Without a nodata number every integer is a value, so the mark comes from a wider type.
    """
    if band.nodata is not None:
        return band.nodata, band.dtype
    return (math.nan, band.dtype) if band.is_float else (int(np.iinfo("int64").min), "int64")
