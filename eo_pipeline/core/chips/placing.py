"""How the chips of a product are cut around places, and which of them lie within a region.

What does not belong here: where places come from.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from eo_pipeline.core.chips.chip_boxes import Windows, footprints, lattice_windows, transformer, utm_windows
from eo_pipeline.core.chips.samples import PLACE_CRS
from eo_pipeline.core.grids import Lattice

Numbers = NDArray[np.float64]
_AT_ONCE = 8192
"""Footprints that are made at once."""


@dataclass(frozen=True)
class Cutting:
    """How chips are cut.

    Attributes:
        lattice: the product's pixels.
        size: pixels a side.
        utm_resolution: metres a pixel of chips in their own UTM zone; None if they are on the product's pixels.
        whole: True if a chip must lie in the region with all its pixels; else its place must.
    """

    lattice: Lattice
    size: int
    utm_resolution: float | None
    whole: bool

    def windows(self, x: Numbers, y: Numbers) -> Windows:
        """Pixels of the chips around places in the product's CRS.

        Raises:
            ProductError: a place is too near to a pole for UTM.
        """
        if self.utm_resolution is None:
            return lattice_windows(self.lattice, x, y, size=self.size)
        longitude, latitude = degrees(self.lattice.crs, x, y)
        return utm_windows(longitude, latitude, resolution=self.utm_resolution, size=self.size)

    def fits(self, region: BaseGeometry, windows: Windows, x: Numbers) -> NDArray[np.bool_]:
        """Which chips (n,) may be cut, their places at `x` being in the region."""
        if not self.whole:
            return np.ones(len(windows), dtype=bool)
        shapely.prepare(region)
        found = [
            shapely.covers(region, footprints(windows.only(part), self.lattice.crs, near=x[part]))
            for part in _parts(len(windows))
        ]
        return np.concatenate(found) if found else np.zeros(0, dtype=bool)


def degrees(crs: str, x: Numbers, y: Numbers) -> tuple[Numbers, Numbers]:
    """Longitudes and latitudes (n,) in EPSG:4326 of places in another CRS."""
    longitude, latitude = transformer(crs, PLACE_CRS).transform(x, y)
    return np.asarray(longitude), np.asarray(latitude)


def _parts(count: int) -> Iterator[NDArray[np.int64]]:
    for start in range(0, count, _AT_ONCE):
        yield np.arange(start, min(start + _AT_ONCE, count))
