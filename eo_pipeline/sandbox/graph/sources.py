"""Pixels of a catalog's images, read from the right pyramid level. What does not belong here: computed pixels."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from eo_pipeline.sandbox.graph.crs import is_geographic
from eo_pipeline.sandbox.graph.geometry import WGS84, Geometry
from eo_pipeline.sandbox.graph.grids import Grid, Projection
from eo_pipeline.sandbox.graph.images import Band, BandSource, Image, ImageRecord
from eo_pipeline.sandbox.graph.lookup import positions
from eo_pipeline.sandbox.graph.pixels import Pixels, Raster

TOP_LEVEL_SIDE = 256
"""A pyramid ends at the level whose longer side is at most this many pixels."""

_EDGE = 1e-9
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

    return Band(name, source.pixel_type, source.projection, source.dimensions, Pixels((), compute))


def _read(source: BandSource, grid: Grid) -> Raster:
    """Nearest pixels of the source's level for a grid; masked outside the source."""
    native = source.projection
    level = pyramid_level(grid.projection.nominal_scale(), native.nominal_scale(), source.dimensions)
    lattice = native.level(level)
    columns, rows = positions(grid, lattice)
    r = np.floor(rows + _EDGE).astype(np.int64)
    data = np.zeros(grid.shape, source.pixel_type.dtype)
    mask = np.zeros(grid.shape, bool)
    limits = _level_dimensions(source.dimensions, level)
    for c in _turns(columns, lattice, bounded=limits is not None):
        data, mask = _fill(source, level, (c, r), limits, Raster(data, mask))
    return Raster(data, mask)


def _turns(columns: np.ndarray, lattice: Projection, *, bounded: bool) -> list[np.ndarray]:
    """Whole columns to read, once for each turn around the globe that the grid touches; _NOWHERE in other turns.

    A bounded source starts at its own first column, an unbounded one at 180 degrees west.
    """
    if not is_geographic(lattice.crs):
        return [np.floor(columns + _EDGE).astype(np.int64)]
    step, origin = lattice.transform[0], lattice.transform[2]
    turn = 360 / abs(step)
    start = 0.0 if bounded else (-180 - origin) / step
    rounds = np.floor((columns + _EDGE - start) / turn)
    return [
        np.where(rounds == number, np.floor(columns - number * turn + _EDGE), _NOWHERE).astype(np.int64)
        for number in np.unique(rounds)
    ]


def _fill(
    source: BandSource,
    level: int,
    places: tuple[np.ndarray, np.ndarray],
    limits: tuple[int, int] | None,
    below: Raster,
) -> tuple[np.ndarray, np.ndarray]:
    """Data and mask with the pixels at these (columns, rows) filled in."""
    (columns, rows), data, mask = places, below.data, below.mask
    across, down = columns != _NOWHERE, np.ones(rows.shape, bool)
    if limits is not None:
        across, down = (columns >= 0) & (columns < limits[0]), (rows >= 0) & (rows < limits[1])
    inside = across & down
    if not inside.any():
        return data, mask
    left, right = _span(columns, across, inside)
    top, bottom = _span(rows, down, inside)
    values, valid = source.read(level, left, top, right - left + 1, bottom - top + 1)
    at = (np.clip(rows - top, 0, bottom - top), np.clip(columns - left, 0, right - left))
    if valid.dtype != bool:
        mask = mask.astype(np.float32)
    return np.where(inside, values[at], data), np.where(inside, valid[at], mask)


def _span(places: np.ndarray, along: np.ndarray, inside: np.ndarray) -> tuple[int, int]:
    """First and last of the places inside; `along` decides for places that run along one axis only."""
    used = places[inside if places.shape == inside.shape else along]
    return int(used.min()), int(used.max())


def _level_dimensions(dimensions: tuple[int, int] | None, level: int) -> tuple[int, int] | None:
    if dimensions is None:
        return None
    width, height = dimensions
    return -(-width // 2**level), -(-height // 2**level)
