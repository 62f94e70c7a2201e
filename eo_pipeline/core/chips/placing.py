"""How the chips of a product are cut around places, and which of them lie within a region.

What does not belong here: where places come from.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import shapely
from numpy.typing import NDArray
from odc.geo.crs import CRS
from shapely.geometry.base import BaseGeometry

from eo_pipeline.core.chips.chip_boxes import Windows, lattice_windows, transformer, utm_windows
from eo_pipeline.core.chips.chip_outlines import chip_outlines
from eo_pipeline.core.chips.found_places import FoundPlaces
from eo_pipeline.core.chips.samples import PLACE_CRS
from eo_pipeline.core.grids import Area, Lattice

Numbers = NDArray[np.float64]
_AT_ONCE = 8192
"""Outlines that are made at once."""
_INWARDS = 1e-6
"""Pixels by which a chip may reach beyond its region: those are the last digits of coordinates."""


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
            shapely.covers(region, chip_outlines(windows.only(part), self.lattice.crs, near=x[part], inwards=_INWARDS))
            for part in _parts(len(windows))
        ]
        return np.concatenate(found) if found else np.zeros(0, dtype=bool)


def only_fitting(found: FoundPlaces, region: BaseGeometry, cutting: Cutting) -> FoundPlaces:
    """The places whose chips may be cut from a region that holds them; the others are counted as unplaced."""
    fits = cutting.fits(region, found.windows, found.x)
    kept = found.only(fits)
    return replace(kept, unplaced=found.unplaced + int((~fits).sum()))


def degrees(crs: str, x: Numbers, y: Numbers) -> tuple[Numbers, Numbers]:
    """Longitudes and latitudes (n,) in EPSG:4326 of places in another CRS."""
    longitude, latitude = transformer(crs, PLACE_CRS).transform(x, y)
    return np.asarray(longitude), np.asarray(latitude)


def from_degrees(crs: str, longitude: Numbers, latitude: Numbers, area: Area) -> tuple[Numbers, Numbers]:
    """Places (n,) in another CRS; in degrees moved by whole turns to where an area is."""
    x, y = transformer(PLACE_CRS, crs).transform(longitude, latitude)
    return (beside(np.asarray(x), area) if CRS(crs).geographic else np.asarray(x)), np.asarray(y)


def beside(longitude: Numbers, area: Area) -> Numbers:
    """Longitudes moved by whole turns to where an area is."""
    box = area.geobox.boundingbox
    moved: Numbers = longitude + np.round(((box.left + box.right) / 2 - longitude) / 360) * 360
    return moved


def inner_places(region: BaseGeometry) -> tuple[Numbers, Numbers]:
    """Places (2,) inside a region: the usual one, and that of the largest part that is farthest from the border."""
    parts = np.asarray(shapely.get_parts(region))
    circle = shapely.maximum_inscribed_circle(parts[[int(np.argmax(shapely.area(parts)))]])
    found = np.concatenate([[shapely.point_on_surface(region)], shapely.get_point(circle, 0)])
    x, y = shapely.get_coordinates(found).T
    return x, y


def _parts(count: int) -> Iterator[NDArray[np.int64]]:
    for start in range(0, count, _AT_ONCE):
        yield np.arange(start, min(start + _AT_ONCE, count))
