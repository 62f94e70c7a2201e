"""One slot of a cube as the engine of zonal statistics reads it.

Does not belong here: zones, and opening cubes.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import shapely
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from shapely.geometry.base import BaseGeometry

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.cubes.cube_arrays import ArrayLayout
from eo_pipeline.core.mosaics import whole_offset
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.core.zonal.blocks import block_shape
from eo_pipeline.storage.cubes.slots import StoredSlots

BLOCK_PIXELS = 2**21
"""Pixels of a block that is read at once, in each band: a quarter of the usual shard."""
BLOCK_BYTES = 2**25
"""Of all bands of a block, which may make it smaller."""


@dataclass(frozen=True)
class CubePlace:
    """Where zones are measured on a cube: the same for all slots.

    Attributes:
        grid: the cube's.
        extent: all of it, or the areas of it that are measured, in its CRS.
        areas: pixels of those areas; none if all of it is measured.
        block_shape: rows and columns that are read at once: whole chunks, so that each is read once, and of few shards.
    """

    grid: GeoBox
    extent: BaseGeometry
    block_shape: tuple[int, int]
    areas: tuple[Rectangle, ...] = ()

    @classmethod
    def of(cls, cube: StoredSlots, bands: Sequence[BandEncoding], areas: Sequence[GeoBox] = ()) -> Self:
        """The place of a cube that has the bands; areas on its pixels are all that is measured, if there are any.

        Raises:
            GridMismatchError: an area does not lie on the cube's pixels.
        """
        _, dtype = _common(bands)
        height, width = cube.geobox.shape
        pixels = min(BLOCK_PIXELS, BLOCK_BYTES // (len(bands) * dtype.itemsize))
        stored = _part_of_shard(cube.variables[bands[0].name], pixels)
        shape = block_shape(stored, (height, width), pixels=pixels)
        extent = shapely.union_all([shapely.box(*part.boundingbox) for part in areas or [cube.geobox]])
        return cls(cube.geobox, extent, shape, tuple(_rectangle(area, cube.geobox) for area in areas))


class SlotPixels:
    """The bands of one slot."""

    def __init__(
        self, cube: StoredSlots, slot: int | None, bands: Sequence[BandEncoding], areas: Sequence[Rectangle] = ()
    ) -> None:
        """Pixels of `bands` in areas, or anywhere, of a slot, counted from 0; None has no pixels."""
        self._cube, self._slot, self._bands = cube, slot or 0, bands
        self._written = () if slot is None else _within(cube.written(slot), areas)
        self.bands = len(bands)
        self.nodata, self._dtype = _common(bands)

    def read(self, window: Rectangle) -> NDArray[Any] | None:
        """Stored numbers (band, y, x), `nodata` where nothing was written; None where nothing was in all of it."""
        parts = [part for shard in self._written if (part := shard.intersection(window)) is not None]
        if not parts:
            return None
        pixels = np.full((self.bands, window.height, window.width), self.nodata, self._dtype)
        for part in parts:
            inside = part.shifted(rows=-window.row_start, columns=-window.column_start)
            for kept, band in zip(pixels, self._bands, strict=True):
                stored = self._cube.read(band.name, self._slot, part)
                np.copyto(kept[inside.slices], stored, where=band.is_valid(stored))
        return pixels


def _rectangle(area: GeoBox, grid: GeoBox) -> Rectangle:
    row, column = whole_offset(area, grid)
    return Rectangle(row, column, row + area.height, column + area.width)


def _within(shards: Sequence[Rectangle], areas: Sequence[Rectangle]) -> tuple[Rectangle, ...]:
    """The parts of shards that lie in an area; all of them if there are none."""
    if not areas or not shards:
        return tuple(shards)
    there = shapely.STRtree([_box(area) for area in areas])
    pairs = there.query([_box(shard) for shard in shards]).T.tolist()
    parts = (shards[shard].intersection(areas[area]) for shard, area in pairs)
    return tuple(part for part in parts if part is not None)


def _box(part: Rectangle) -> BaseGeometry:
    return shapely.box(part.column_start, part.row_start, part.column_stop, part.row_stop)


def _part_of_shard(array: ArrayLayout, pixels: int) -> tuple[int, int]:
    """Rows and columns of the largest even part of a shard that is whole chunks and fits; of a chunk if none does."""
    (_, *chunk), (_, *shard) = array.chunks, array.shards or array.chunks
    counts = shard[0] // chunk[0], shard[1] // chunk[1]
    for parts in range(1, max(counts) + 1):
        if all(count % parts == 0 for count in counts) and shard[0] * shard[1] <= pixels * parts**2:
            return shard[0] // parts, shard[1] // parts
    return chunk[0], chunk[1]


def _common(bands: Sequence[BandEncoding]) -> tuple[float, np.dtype[Any]]:
    """The number for no value, and the type, of the numbers of all bands together.

    Their own if they share both; else NaN of doubles, which hold every band's numbers exactly.
    """
    kinds = {(band.dtype, None if _is_nan(band) else band.nodata) for band in bands}
    first = bands[0]
    if len(kinds) == 1 and (first.is_float or first.nodata is not None):
        return math.nan if first.nodata is None else first.nodata, np.dtype(first.dtype)
    return math.nan, np.dtype("float64")


def _is_nan(band: BandEncoding) -> bool:
    return band.nodata is not None and math.isnan(band.nodata)
