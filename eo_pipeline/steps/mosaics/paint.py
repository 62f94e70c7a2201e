"""Tiles painted onto the windows of one grid, by any number of threads.

Memory: the window, and one tile's pixels of a block and what its overlap needs. Does not belong here: writing windows.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.headers import RasterHeader
from eo_pipeline.core.interleaved import empty_pixels
from eo_pipeline.core.mosaics import MosaicOptions, MosaicPlan, Placement
from eo_pipeline.core.mosaics.merging import Layer, in_order, merge
from eo_pipeline.core.rectangles import Rectangle, windows
from eo_pipeline.steps.mosaics.warp import WarpedBands
from eo_pipeline.storage.cogs.raw_blocks import BlockFormat
from eo_pipeline.storage.raster_handles import RasterHandles
from eo_pipeline.storage.warped_rasters import WarpedRaster

PIECE = 512
"""Pixels a side of the pieces that overlapping and warped tiles are put together by."""


@dataclass(frozen=True)
class Painter:
    """The pixels of a mosaic, read from its tiles.

    Attributes:
        headers: the tiles, in the order of the plan's indices.
        plan: where they lie.
        target: grid of the mosaic.
        bands: in order; all of one dtype and one nodata.
        options: which value wins, and how tiles are warped.
        block_format: of the mosaic's blocks; None where no mosaic is written.
        handles: that tiles are read through.
    """

    headers: Mapping[Path, RasterHeader]
    plan: MosaicPlan
    target: GeoBox
    bands: Sequence[BandEncoding]
    options: MosaicOptions
    block_format: BlockFormat | None
    handles: RasterHandles

    def read(self, window: Rectangle) -> NDArray[Any]:
        """Stored numbers (band, y, x) of a window of the target, the bands' `empty` where no tile has any.

        Windows of warped tiles start at multiples of 512 pixels, so that the same pixels come out of any of them.

        Raises:
            TilesError: a tile's pixels cannot be read; names it.
        """
        pixels = empty_pixels((len(self.bands), window.height, window.width), self.bands[0].dtype)
        simple = _is_simple(self.plan.within(window))
        for piece in [window] if simple else _pieces(window):
            at = piece.shifted(rows=-window.row_start, columns=-window.column_start)
            self._paint(piece, pixels[:, *at.slices])
        return pixels

    def is_empty(self, window: Rectangle) -> bool:
        """True if no tile touches the window."""
        return not self.plan.within(window)

    def raw(self, block: Rectangle) -> bytes | None:
        """A tile's compressed bytes of a block that it alone covers, where it has the mosaic's blocks and format."""
        placements = () if self.block_format is None else self.plan.within(block)
        if len(placements) != 1 or placements[0].warp is not None or placements[0].destination.pixels != block.pixels:
            return None
        path = self._paths[placements[0].tile]
        blocks = self.handles.raw_blocks(path)
        in_order = self.headers[path].band_numbers(self.bands) == tuple(range(1, len(self.bands) + 1))
        return blocks.read(placements[0].source) if in_order and blocks.format == self.block_format else None

    def _paint(self, piece: Rectangle, pixels: NDArray[Any]) -> None:
        placements = self.plan.within(piece)
        if sum(p.destination.pixels for p in placements) != piece.pixels or not _are_disjoint(placements):
            pixels[...] = self.bands[0].empty
        if _are_disjoint(placements):
            for placement in placements:
                self._read(placement, pixels[:, *placement.destination.slices])
        else:
            merge(pixels, self._layers(in_order(placements, self.options.overlap)), self.bands, self.options.overlap)

    def _layers(self, placements: Sequence[Placement]) -> Iterator[Layer]:
        for placement in placements:
            where = placement.destination
            pixels = np.empty((len(self.bands), where.height, where.width), self.bands[0].dtype)
            self._read(placement, pixels)
            yield where, pixels

    def _read(self, placement: Placement, into: NDArray[Any]) -> None:
        path = self._paths[placement.tile]
        numbers = self.headers[path].band_numbers(self.bands)
        if placement.warp is None:
            self.handles.read(path, placement.source, numbers, into)
            return
        warped = WarpedRaster(path, self.target, self.bands[0].empty, placement.warp)
        bands = WarpedBands(numbers, self.bands, self.options.resampling or "nearest")
        bands.read(self.handles, warped, placement.source, into)

    @cached_property
    def _paths(self) -> Sequence[Path]:
        return list(self.headers)


def _pieces(window: Rectangle) -> Iterator[Rectangle]:
    for piece in windows(height=window.height, width=window.width, rows=PIECE, columns=PIECE):
        yield piece.shifted(rows=window.row_start, columns=window.column_start)


def _is_simple(placements: Sequence[Placement]) -> bool:
    """Whether tiles can be read straight into the window."""
    return all(placement.warp is None for placement in placements) and _are_disjoint(placements)


def _are_disjoint(placements: Sequence[Placement]) -> bool:
    pairs = combinations(placements, 2)
    return all(one.destination.intersection(other.destination) is None for one, other in pairs)
