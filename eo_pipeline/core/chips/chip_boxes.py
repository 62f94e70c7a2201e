"""The pixels of chips: on the product's lattice, or on that of each place's UTM zone.

What does not belong here: which places there are, and which zone one is in (`utm_zones`).
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from pyproj import Transformer
from shapely.geometry.base import BaseGeometry

from eo_pipeline.core.chips.utm_zones import utm_epsg
from eo_pipeline.core.grids import Lattice
from eo_pipeline.errors import ProductError

MOST_PIXELS = 4096
"""Pixels a side of a chip."""

_ON_LINE = 1e-6
"""Share of a pixel by which a coordinate may miss a line of the lattice and still count as on it."""


@dataclass(frozen=True)
class Windows:
    """Pixels of many chips, north up and square; arrays (n,), one entry a chip.

    Attributes:
        crs: texts such as EPSG:32633.
        left: left edge of the first pixel, CRS units.
        top: upper edge of the first pixel, CRS units.
        resolution: CRS units a pixel.
        width: pixels.
        height: pixels.
    """

    crs: NDArray[np.object_]
    left: NDArray[np.float64]
    top: NDArray[np.float64]
    resolution: NDArray[np.float64]
    width: NDArray[np.int64]
    height: NDArray[np.int64]

    def __len__(self) -> int:
        """How many chips."""
        return len(self.left)

    def only(self, chosen: NDArray[np.bool_] | NDArray[np.int64]) -> "Windows":
        """Those of a mask, or at these positions in this order."""
        return Windows(*(part[chosen] for part in self._parts()))

    def followed_by(self, more: "Windows") -> "Windows":
        """These and then others."""
        return Windows(*(np.concatenate(pair) for pair in zip(self._parts(), more._parts(), strict=True)))

    def _parts(self) -> "tuple[NDArray[Any], ...]":
        return self.crs, self.left, self.top, self.resolution, self.width, self.height


@lru_cache(maxsize=256)
def transformer(source: str, target: str) -> Transformer:
    """From one CRS to another, x before y; kept, since PROJ takes a tenth of a second to find the way."""
    return Transformer.from_crs(source, target, always_xy=True)


def lattice_windows(lattice: Lattice, x: NDArray[np.float64], y: NDArray[np.float64], *, size: int) -> Windows:
    """Chips of `size` x `size` pixels around places in the lattice's CRS.

    A place lies in pixel `size // 2` of its chip, counted from 0 at the left and at the top; a place on a pixel's
    upper or left edge lies in it.
    """
    r, half = lattice.resolution, size // 2
    column = np.floor((x - lattice.origin_x) / r + _ON_LINE)
    row = np.floor((lattice.origin_y - y) / r + _ON_LINE)
    return Windows(
        crs=np.full(len(x), lattice.crs, dtype=object),
        left=lattice.origin_x + (column - half) * r,
        top=lattice.origin_y + (half - row) * r,
        resolution=np.full(len(x), r),
        width=np.full(len(x), size),
        height=np.full(len(x), size),
    )


def utm_windows(
    longitude: NDArray[np.float64], latitude: NDArray[np.float64], *, resolution: float, size: int
) -> Windows:
    """The same, each in the UTM zone of its place, on whole multiples of `resolution` metres.

    Raises:
        ProductError: a place is too near to a pole.
    """
    codes = utm_epsg(longitude, latitude)
    whole = _empty(len(codes))
    for code in np.unique(codes):
        chosen = codes == code
        crs = f"EPSG:{code}"
        x, y = transformer("EPSG:4326", crs).transform(longitude[chosen], latitude[chosen])
        _put(whole, chosen, lattice_windows(Lattice(crs, resolution, 0.0, 0.0), x, y, size=size))
    return whole


def _empty(count: int) -> Windows:
    left, top, resolution = np.zeros((3, count))
    width, height = np.zeros((2, count), np.int64)
    return Windows(np.full(count, "", dtype=object), left, top, resolution, width, height)


def _put(whole: Windows, chosen: NDArray[np.bool_], part: Windows) -> None:
    for name in ("crs", "left", "top", "resolution", "width", "height"):
        getattr(whole, name)[chosen] = getattr(part, name)


def region_window(
    region: BaseGeometry, geobox: GeoBox, place: tuple[float, float], utm_resolution: float | None
) -> Windows:
    """One window that shows a whole region: its area's pixels, or pixels of the UTM zone of a place inside.

    Args:
        region: in the CRS of the GeoBox.
        geobox: of the area, on the product's lattice.
        place: x and y of a place inside, in the same CRS.
        utm_resolution: metres a pixel in the zone; None for the area's pixels.

    Raises:
        ProductError: more than MOST_PIXELS a side, or the place is too near to a pole.
    """
    whole = geobox
    if utm_resolution is not None:
        own = str(geobox.crs)
        longitude, latitude = transformer(own, "EPSG:4326").transform(*place)
        crs = f"EPSG:{utm_epsg(np.array([longitude]), np.array([latitude]))[0]}"
        outline = shapely.segmentize(region, max(geobox.boundingbox.span_x, geobox.boundingbox.span_y) / 100)
        x, y = transformer(own, crs).transform(*shapely.get_coordinates(outline).T)
        whole = Lattice(crs, utm_resolution, 0.0, 0.0).covering((x.min(), y.min(), x.max(), y.max()))
    height, width = whole.shape
    if max(height, width) > MOST_PIXELS:
        raise ProductError(
            f"chips.size: expected a region of at most {MOST_PIXELS} px a side to show as a whole, got {width} x "
            f"{height} px; declare a size, smaller regions or a coarser resolution"
        )
    a = whole.affine
    return Windows(
        np.array([str(whole.crs)], dtype=object), *(np.array([edge]) for edge in (a.c, a.f, a.a)),
        *(np.array([int(side)]) for side in (width, height)),
    )  # fmt: skip


def repeated(window: Windows, count: int) -> Windows:
    """The same pixels for `count` chips."""
    return window.only(np.zeros(count, np.int64))
