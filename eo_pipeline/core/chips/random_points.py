"""Random places of a region: every square metre of its ground is as likely as any other.

What does not belong here: chips (`placing`).
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from eo_pipeline.core.chips.ground_area import GroundArea
from eo_pipeline.core.chips.seeds import generator

BATCH = 8192
"""Places that are drawn at once."""
_MOST_CELLS = 2**14
_FILLED = 0.5
"""Share of the cells that the region has to fill before they are cut no further."""
_MARGIN = 1.02
"""Factor by which the density of ground within a cell may exceed that at the places where it is looked at."""


@dataclass(frozen=True)
class _Cells:
    """Equal squares, on multiples of their size, that hold a region.

    Attributes:
        size: side in CRS units, a power of two.
        columns: (n,) whole numbers; a square begins at `columns * size`.
        rows: likewise.
    """

    size: float
    columns: NDArray[np.int64]
    rows: NDArray[np.int64]


def random_places(
    region: BaseGeometry, *, crs: str, seed: int, area_key: str
) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Endless batches of places (x, y) inside a region, each of at most BATCH, some perhaps empty.

    The sequence depends on the region, the seed and the key of its area alone: asking for more continues it.

    Args:
        region: a polygon with an area, or several.
        crs: of the region.
        seed: of the product.
        area_key: of the region's area.
    """
    shapely.prepare(region)
    cells, ground = _cells(region), GroundArea(crs)
    most = _most(cells, ground)
    numbers = generator(seed, "random", area_key)
    while True:
        cell = numbers.integers(0, len(cells.columns), BATCH)
        across, up, chance = numbers.random((3, BATCH))
        x, y = (cells.columns[cell] + across) * cells.size, (cells.rows[cell] + up) * cells.size
        inside = np.flatnonzero(shapely.contains_xy(region, x, y))
        x, y = x[inside], y[inside]
        kept = chance[inside] * most < ground.density(x, y)
        yield x[kept], y[kept]


def _cells(region: BaseGeometry) -> _Cells:
    """Cells that become smaller until the region fills much of them, or there are too many."""
    left, bottom, right, top = region.bounds
    size = 2.0 ** math.ceil(math.log2(max(right - left, top - bottom)))
    columns, rows = np.meshgrid(_span(left, right, size), _span(bottom, top, size))
    parts = _Parts(region)
    cells = parts.touched(_Cells(size, columns.ravel(), rows.ravel()))
    while len(cells.columns) * cells.size**2 * _FILLED > region.area:
        smaller = parts.touched(_quarters(cells))
        if len(smaller.columns) > _MOST_CELLS:
            break
        cells = smaller
    return cells


def _span(first: float, last: float, size: float) -> NDArray[np.int64]:
    return np.arange(math.floor(first / size), math.floor(last / size) + 1, dtype=np.int64)


def _quarters(cells: _Cells) -> _Cells:
    columns = (2 * cells.columns[:, None] + np.array([0, 1, 0, 1])).ravel()
    rows = (2 * cells.rows[:, None] + np.array([0, 0, 1, 1])).ravel()
    return _Cells(cells.size / 2, columns, rows)


class _Parts:
    """The polygons of a region, so that a cell is compared with those near it only."""

    def __init__(self, region: BaseGeometry) -> None:
        self._parts = np.asarray(shapely.get_parts(region), dtype=object)
        self._tree = shapely.STRtree(self._parts)
        shapely.prepare(self._parts)

    def touched(self, cells: _Cells) -> _Cells:
        """The cells that share a place with any polygon, in their order."""
        x, y = cells.columns * cells.size, cells.rows * cells.size
        boxes = np.asarray(shapely.box(x, y, x + cells.size, y + cells.size), dtype=object)
        near, part = self._tree.query(boxes)
        found = np.unique(near[shapely.intersects(self._parts[part], boxes[near])])
        return _Cells(cells.size, cells.columns[found], cells.rows[found])


def _most(cells: _Cells, ground: GroundArea) -> float:
    """The highest density of ground in any cell: it is looked at on 5 x 5 places of each."""
    along = np.linspace(0, 1, 5)
    across, up = (part.ravel() for part in np.meshgrid(along, along))
    x, y = (cells.columns[:, None] + across) * cells.size, (cells.rows[:, None] + up) * cells.size
    return float(ground.density(x.ravel(), y.ravel()).max()) * _MARGIN
