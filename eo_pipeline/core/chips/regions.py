"""The polygon of each area of a product, and which places lie in it.

What does not belong here: reading files of polygons (`steps.load_regions`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from eo_pipeline.core.grids import Area


@dataclass(frozen=True)
class Regions:
    """Polygons in the product's CRS, edges straight there; longitudes are those of the areas' pixels.

    Attributes:
        areas: of the product by key, in key order.
        polygons: of features or of the box by area key; empty if areas are cells.
        cover: polygons that cells are cut by; empty unless areas are cells.
        buffer: CRS units that features are grown by.
    """

    areas: Mapping[str, Area]
    polygons: Mapping[str, BaseGeometry]
    cover: tuple[BaseGeometry, ...] = ()
    buffer: float = 0.0

    def polygon(self, key: str) -> BaseGeometry:
        """The polygon of an area: its feature with the buffer, the covered part of its cell, or the box."""
        if key in self.polygons:
            found = self.polygons[key]
            return found.buffer(self.buffer) if self.buffer else found
        cell = shapely.box(*self.areas[key].geobox.boundingbox)
        near = [self.cover[number].intersection(cell) for number in self._tree.query(cell, predicate="intersects")]
        return shapely.union_all([part for shape in near for part in shapely.get_parts(shape) if part.area > 0])

    @cached_property
    def _tree(self) -> shapely.STRtree:
        return shapely.STRtree(self.cover)

    def holds(self, key: str, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which places (n,), in the product's CRS, belong to an area.

        Those inside its polygon do. A place on its border belongs to it unless it lies inside of another area's
        polygon, or on the border of one whose key comes first: areas that meet share no place of their border.
        """
        region = self.polygon(key)
        shapely.prepare(region)
        held: NDArray[np.bool_] = shapely.contains_xy(region, x, y)
        border = np.flatnonzero(shapely.intersects_xy(region, x, y) & ~held)
        if border.size:
            held[border] = ~self._taken(key, x[border], y[border])
        return held

    def _taken(self, key: str, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which places on the border of an area belong to another one."""
        taken = np.zeros(len(x), dtype=bool)
        for other, area in self.areas.items():
            box = area.geobox.boundingbox
            near = (x >= box.left) & (x <= box.right) & (y >= box.bottom) & (y <= box.top)
            if other == key or not near.any():
                continue
            polygon = self.polygon(other)
            taken |= shapely.contains_xy(polygon, x, y)
            if other < key:
                taken |= shapely.intersects_xy(polygon, x, y)
        return taken
