"""Pixels of a catalog's images, read from the right pyramid level. What does not belong here: computed pixels."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from eo_pipeline.sandbox.graph.crs import is_geographic
from eo_pipeline.sandbox.graph.geometry import WGS84, Geometry
from eo_pipeline.sandbox.graph.grids import Grid, Projection
from eo_pipeline.sandbox.graph.images import Band, BandSource, Image, ImageRecord
from eo_pipeline.sandbox.graph.lookup import covered_bounds, positions
from eo_pipeline.sandbox.graph.pixels import Pixels, Raster

TOP_LEVEL_SIDE = 256
"""A pyramid ends at the level whose longer side is at most this many pixels."""

_EDGE = 1e-9
_MARGIN = 8
"""Pixels around a source within which a grid counts as near: what looks around itself looks no further."""

_SLACK = 0.05
"""Part of a grid's own size by which its corners may be off in another CRS; two of its pixels come to that."""

_NOWHERE = int(np.iinfo(np.int32).min)
_ROUND = 1e-6
"""Relative difference below which two scales count as equal."""


def catalog_image(record: ImageRecord) -> Image:
    """The unchanged image of a catalog record."""
    return Image(
        bands=tuple(_band(name, source) for name, source in record.bands.items()),
        properties=record.properties,
        footprint=Geometry(record.footprint, WGS84),
        id=record.id,
        version=record.version,
    )


def pyramid_level(scale: float, native: float, dimensions: tuple[int, int] | None) -> int:
    """The coarsest level whose scale is at or below the requested one, but no coarser than the pyramid's top.

    Args:
        scale: requested nominal scale, metres.
        native: nominal scale of level 0, metres.
        dimensions: (width, height) of level 0, or None if the pyramid has no top.
    """
    level = max(0, math.floor(math.log2(scale / native) + _ROUND))
    if dimensions is None:
        return level
    top = max(0, math.ceil(math.log2(max(dimensions) / TOP_LEVEL_SIDE)))
    return min(level, top)


def _band(name: str, source: BandSource) -> Band:
    def compute(grid: Grid, _: Sequence[Raster]) -> Raster:
        return _read(source, grid)

    return Band(name, source.pixel_type, source.projection, source.dimensions, Pixels((), compute, near=_reach(source)))


def _reach(source: BandSource) -> Callable[[Grid], bool] | None:
    """Whether a grid comes near a source; None if it may be everywhere, or goes around the globe."""
    dimensions, lattice = source.dimensions, source.projection
    if dimensions is None or is_geographic(lattice.crs):
        return None

    def near(grid: Grid) -> bool:
        west, south, east, north = covered_bounds(grid, lattice.crs)
        if not all(map(math.isfinite, (west, south, east, north))):
            return True
        extent = lattice.grid(-_MARGIN, -_MARGIN, dimensions[0] + 2 * _MARGIN, dimensions[1] + 2 * _MARGIN)
        left, bottom, right, top = extent.bounds
        slack = (east - west + north - south) * (_SLACK + 2 / min(grid.width, grid.height))
        return west - slack < right and left < east + slack and south - slack < top and bottom < north + slack

    return near


def _read(source: BandSource, grid: Grid) -> Raster:
    """Nearest pixels of the source's level for a grid; masked outside the source."""
    native = source.projection
    level = pyramid_level(grid.projection.nominal_scale(), native.nominal_scale(), source.dimensions)
    lattice = native.level(level)
    columns, rows = positions(grid, lattice)
    limits = _level_dimensions(source.dimensions, level)
    found = Raster(np.zeros(grid.shape, source.pixel_type.dtype), np.zeros(grid.shape, bool))
    for turn in _turns(columns, lattice, bounded=limits is not None):
        places = _Places(turn, _whole(rows), limits)
        if places.any():
            found = places.fill(found, *source.read(level, *places.window()))
    return found


def _turns(columns: np.ndarray, lattice: Projection, *, bounded: bool) -> list[np.ndarray]:
    """Whole columns to read, once for each turn around the globe that the grid touches; _NOWHERE in other turns.

    A bounded source starts at its own first column, an unbounded one at 180 degrees west.
    """
    if not is_geographic(lattice.crs):
        return [_whole(columns)]
    step, origin = lattice.transform[0], lattice.transform[2]
    turn = 360 / abs(step)
    start = 0.0 if bounded else (-180 - origin) / step
    rounds = np.floor((columns + _EDGE - start) / turn)
    numbers = np.unique(rounds[np.isfinite(rounds)])
    if numbers.size == 1 and rounds.max() == rounds.min():
        return [_whole(columns - numbers[0] * turn)]
    return [_whole(np.where(rounds == number, columns - number * turn, np.nan)) for number in numbers]


def _whole(places: np.ndarray) -> np.ndarray:
    """The pixel that each fractional place is in; _NOWHERE for places that no number says."""
    known = np.where(np.isfinite(places), places, _NOWHERE)
    return np.floor(known + _EDGE).astype(np.int64)


class _Places:
    """Which pixel of a level each pixel of a grid takes.

    Args:
        columns: of the level, or _NOWHERE; (row, column) or broadcastable to it.
        rows: likewise.
        limits: (width, height) of the level, or None if it has no end.
    """

    def __init__(self, columns: np.ndarray, rows: np.ndarray, limits: tuple[int, int] | None) -> None:
        self.columns, self.rows = columns, rows
        self.across, self.down = columns != _NOWHERE, rows != _NOWHERE
        if limits is not None:
            self.across, self.down = (columns >= 0) & (columns < limits[0]), (rows >= 0) & (rows < limits[1])
        self._apart = columns.shape[0] == 1 and rows.shape[1] == 1

    def any(self) -> bool:
        """Whether the grid meets the level at all."""
        return bool((self.across & self.down).any())

    def window(self) -> tuple[int, int, int, int]:
        """First column, first row, width and height of what is needed of the level."""
        if self._apart:
            columns, rows = self.columns[self.across], self.rows[self.down]
        else:
            inside = self.across & self.down
            columns, rows = (np.broadcast_to(places, inside.shape)[inside] for places in (self.columns, self.rows))
        left, top = int(columns.min()), int(rows.min())
        return left, top, int(columns.max()) - left + 1, int(rows.max()) - top + 1

    def fill(self, below: Raster, values: np.ndarray, valid: np.ndarray) -> Raster:
        """The pixels and mask of the window laid over what was there."""
        values = values.astype(below.data.dtype, copy=False)
        mask = below.mask.astype(np.result_type(below.mask, valid), copy=False)
        if not self._apart:
            return self._looked_up(Raster(below.data, mask), values, valid)
        left, top, _, _ = self.window()
        columns, rows = self.columns[self.across] - left, self.rows[self.down] - top
        values, valid = (_taken(_taken(array, rows, 0), columns, 1) for array in (values, valid))
        if values.shape == below.data.shape:
            return Raster(values, valid)
        data, mask, at = below.data.copy(), mask.copy(), np.ix_(self.down[:, 0], self.across[0])
        data[at], mask[at] = values, valid
        return Raster(data, mask)

    def _looked_up(self, below: Raster, values: np.ndarray, valid: np.ndarray) -> Raster:
        """The same, pixel by pixel."""
        left, top, width, height = self.window()
        inside = self.across & self.down
        at = (np.clip(self.rows - top, 0, height - 1), np.clip(self.columns - left, 0, width - 1))
        if inside.all():
            return Raster(values[at], valid[at])
        return Raster(np.where(inside, values[at], below.data), np.where(inside, valid[at], below.mask))


def _taken(array: np.ndarray, index: np.ndarray, axis: int) -> np.ndarray:
    """The entries of an axis that spans the index; the array itself if that is each of them in order."""
    if index.size == array.shape[axis] and bool((np.diff(index) == 1).all()):
        return array
    return array.take(index, axis)


def _level_dimensions(dimensions: tuple[int, int] | None, level: int) -> tuple[int, int] | None:
    if dimensions is None:
        return None
    width, height = dimensions
    return -(-width // 2**level), -(-height // 2**level)
