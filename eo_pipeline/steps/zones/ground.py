"""The rasters of one period, side by side or over each other, as one grid of pixels that is read window by window.

Does not belong here: zones, and what is made of pixels.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from shapely.geometry.base import BaseGeometry

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.headers import RasterHeader, check_headers, check_lattice
from eo_pipeline.core.mosaics import (
    MosaicOptions,
    MosaicPlan,
    Placement,
    check_options,
    plan_mosaic,
    union_grid,
)
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.core.zonal.blocks import block_shape
from eo_pipeline.errors import TilesError
from eo_pipeline.steps.mosaics.paint import PIECE, Painter
from eo_pipeline.storage.raster_handles import RasterHandles
from eo_pipeline.storage.rasters import read_headers

BLOCK_PIXELS = 2**20
"""Pixels of a block that is read at once, in each band."""
_AS_THEY_ARE = MosaicOptions()


@dataclass(frozen=True)
class Ground:
    """Rasters of one period: mosaics side by side, or tiles that no mosaic was made of.

    Attributes:
        headers: in order of precedence.
        grid: the smallest that holds them all.
        plan: how they fill the grid, in the order of `headers`.
        extent: what they cover, or the areas they are meant to cover, in the grid's CRS.
        options: which value wins where they overlap, and how those in another CRS are warped.
    """

    headers: Mapping[Path, RasterHeader]
    grid: GeoBox
    plan: MosaicPlan
    extent: BaseGeometry
    options: MosaicOptions

    @cached_property
    def paths(self) -> Sequence[Path]:
        """The files, in order of precedence."""
        return list(self.headers)

    @property
    def block_shape(self) -> tuple[int, int]:
        """Rows and columns of the blocks that are read at once."""
        stored = [header.block_shape for header in self.headers.values()] or [(512, 512)]
        height, width = self.grid.shape
        return block_shape(stored[0], (height, width), pixels=BLOCK_PIXELS)


def ground_of(
    rasters: Sequence[Path] | Mapping[Path, RasterHeader],
    areas: Sequence[GeoBox],
    bands: Sequence[BandEncoding],
    options: MosaicOptions = _AS_THEY_ARE,
) -> Ground:
    """Place rasters on one grid.

    Args:
        rasters: on one lattice, or in another CRS if `options` say how they are warped; files, or their headers.
        areas: grids that they are meant to cover; those of the rasters if empty.
        bands: that they hold; all of one dtype and one nodata.
        options: which value wins, and how rasters are warped.

    Raises:
        ProductError: the options do not fit the bands.
        TilesError: a raster cannot be read or does not hold the bands, or has a mask and lies over another or in
            another CRS.
        GridMismatchError: the rasters do not lie on one lattice.
    """
    check_options(options, bands)
    headers = rasters if isinstance(rasters, Mapping) else read_headers(rasters)
    check_headers(headers, bands)
    there = [header.geobox for header in headers.values()]
    wanted, warps = areas or there, options.resampling is not None
    check_lattice(headers, wanted[0], warps=warps)
    grid = union_grid(wanted)
    extent = shapely.union_all([shapely.box(*part.boundingbox) for part in wanted])
    ground = Ground(headers, grid, plan_mosaic(there, grid, warps=warps), extent, options)
    _check_masks(ground)
    return ground


class GroundPixels:
    """The bands of the rasters, as the engine reads them."""

    def __init__(self, ground: Ground, bands: Sequence[BandEncoding], rasters: RasterHandles) -> None:
        """Pixels of `bands`, read through `rasters`."""
        self._ground, self._plan, self._rasters = ground, ground.plan, rasters
        self._dtype_there = np.dtype(bands[0].dtype)
        self._painter = Painter(ground.headers, ground.plan, ground.grid, bands, ground.options, None, rasters)
        self.bands = len(bands)
        self.nodata, self._dtype = _outside(bands[0])

    def read(self, window: Rectangle) -> NDArray[Any] | None:
        """Stored numbers (band, y, x); `nodata` where no raster has a value."""
        placements = self._plan.within(window)
        if not placements:
            return None
        warped = any(placement.warp is not None for placement in placements)
        painted = _whole_pieces(window) if warped else window
        inside = window.shifted(rows=-painted.row_start, columns=-painted.column_start)
        pixels = self._painter.read(painted)[:, *inside.slices].astype(self._dtype, copy=False)
        if self._dtype != self._dtype_there:
            pixels[:, _uncovered(placements, window)] = self.nodata
        for placement in placements:
            path = self._ground.paths[placement.tile]
            if self._ground.headers[path].masked:
                missing = ~self._rasters.mask(path, placement.source)
                pixels[:, *placement.destination.slices][:, missing] = self.nodata
        return pixels


def _check_masks(ground: Ground) -> None:
    """A mask says nothing of which value wins, nor how it is warped."""
    masked = [p for p in ground.plan.placements if ground.headers[ground.paths[p.tile]].masked]
    others = [(one, other) for one in masked for other in ground.plan.placements if other.tile != one.tile]
    over = [one for one, other in others if one.destination.intersection(other.destination) is not None]
    if refused := [*over, *(placement for placement in masked if placement.warp is not None)]:
        names = sorted({str(ground.paths[placement.tile]) for placement in refused})
        raise TilesError(
            f"expected rasters with masks of their own side by side and in one CRS, got {', '.join(names)} over others "
            "or in another CRS; write nodata in place of the mask"
        )


def _whole_pieces(window: Rectangle) -> Rectangle:
    """A window and what is beside it in the pieces that a mosaic's warped tiles are painted by: the same pixels."""
    return Rectangle(
        window.row_start // PIECE * PIECE,
        window.column_start // PIECE * PIECE,
        -(-window.row_stop // PIECE) * PIECE,
        -(-window.column_stop // PIECE) * PIECE,
    )


def _uncovered(placements: Sequence[Placement], window: Rectangle) -> NDArray[np.bool_]:
    """True (y, x) where no raster lies."""
    uncovered = np.ones((window.height, window.width), np.bool_)
    for placement in placements:
        uncovered[placement.destination.slices] = False
    return uncovered


def _outside(band: BandEncoding) -> tuple[float, np.dtype[Any]]:
    """The number for pixels no raster has, and a type that holds it beside the band's numbers.

    Without a nodata number every integer is a value, so the mark comes from a wider type.
    """
    if band.nodata is not None:
        return band.nodata, np.dtype(band.dtype)
    return (math.nan, np.dtype(band.dtype)) if band.is_float else (int(np.iinfo("int64").min), np.dtype("int64"))
