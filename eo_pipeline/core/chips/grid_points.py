"""A regular grid of chips on a product's pixels. What does not belong here: other chips (`placing`)."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product as pairs

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from eo_pipeline.core.grids import Lattice

_AT_ONCE = 256
"""Columns and rows of the grid that are looked at together."""


@dataclass(frozen=True)
class GridPlaces:
    """The middles of chips of a grid; arrays (n,).

    Attributes:
        columns: chips from the lattice's origin, eastwards.
        rows: chips from the lattice's origin, northwards.
        x: CRS units.
        y: CRS units.
    """

    columns: NDArray[np.int64]
    rows: NDArray[np.int64]
    x: NDArray[np.float64]
    y: NDArray[np.float64]


def grid_places(lattice: Lattice, region: BaseGeometry, *, step: int, size: int) -> Iterator[GridPlaces]:
    """Chips whose middle lies in a region or on its border, in pieces of at most 65,536, most southern first.

    Chip (column, row) begins `column * step` pixels east and `row * step` pixels north of the lattice's origin.

    Args:
        lattice: the product's pixels.
        region: in its CRS.
        step: pixels from chip to chip.
        size: pixels of a chip's side.
    """
    shapely.prepare(region)
    left, bottom, right, top = region.bounds
    columns = _numbers(left, right, origin=lattice.origin_x, step=step * lattice.resolution, half=_half(lattice, size))
    rows = _numbers(bottom, top, origin=lattice.origin_y, step=step * lattice.resolution, half=_half(lattice, size))
    for row, column in pairs(range(0, len(rows), _AT_ONCE), range(0, len(columns), _AT_ONCE)):
        across, up = np.meshgrid(columns[column : column + _AT_ONCE], rows[row : row + _AT_ONCE])
        yield _within(region, _placed(lattice, across.ravel(), up.ravel(), step=step, size=size))


def _half(lattice: Lattice, size: int) -> float:
    return size * lattice.resolution / 2


def _numbers(first: float, last: float, *, origin: float, step: float, half: float) -> NDArray[np.int64]:
    """Chips along one axis whose middle lies between two coordinates, and one more at each end."""
    start, stop = ((edge - origin - half) / step for edge in (first, last))
    return np.arange(math.ceil(start) - 1, math.floor(stop) + 2, dtype=np.int64)


def _placed(
    lattice: Lattice, columns: NDArray[np.int64], rows: NDArray[np.int64], *, step: int, size: int
) -> GridPlaces:
    x = lattice.origin_x + (columns * step + size / 2) * lattice.resolution
    y = lattice.origin_y + (rows * step + size / 2) * lattice.resolution
    return GridPlaces(columns, rows, np.asarray(x, np.float64), np.asarray(y, np.float64))


def _within(region: BaseGeometry, places: GridPlaces) -> GridPlaces:
    kept = shapely.intersects_xy(region, places.x, places.y)
    return GridPlaces(places.columns[kept], places.rows[kept], places.x[kept], places.y[kept])
