"""How much ground lies below one square unit of a CRS. What does not belong here: drawing places (`random_points`)."""

import numpy as np
from numpy.typing import NDArray
from pyproj import CRS, Geod, Transformer

_DIFFERENCE = {True: 1e-5, False: 1.0}
"""Length of the numerical derivative, in degrees or in the units of a projection."""


class GroundArea:
    """Ground area on the ellipsoid for each square unit of a CRS, in square metres, for degrees as for projections.

    Source: the area element of an ellipsoid, M N cos(latitude), times the derivatives of longitude and latitude.
    """

    def __init__(self, crs: str) -> None:
        self._crs = CRS.from_user_input(crs)
        geodetic = self._crs.geodetic_crs or CRS.from_epsg(4326)
        self._to_degrees = Transformer.from_crs(self._crs, geodetic, always_xy=True)
        geod = geodetic.get_geod() or Geod(ellps="WGS84")
        self._axis, self._e2 = float(geod.a), float(geod.es)

    def density(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
        """Square metres a square unit at places (n,); 0 where the CRS has no meaning."""
        h = _DIFFERENCE[self._crs.is_geographic]
        east, west = self._degrees(x + h, y), self._degrees(x - h, y)
        north, south = self._degrees(x, y + h), self._degrees(x, y - h)
        by_x, by_y = _difference(east, west) / (2 * h), _difference(north, south) / (2 * h)
        turned = np.abs(by_x[0] * by_y[1] - by_x[1] * by_y[0]) * np.radians(1.0) ** 2
        found = turned * self._element(np.radians(self._degrees(x, y)[1]))
        return np.where(np.isfinite(found), found, 0.0)

    def _degrees(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.stack(self._to_degrees.transform(x, y))

    def _element(self, latitude: NDArray[np.float64]) -> NDArray[np.float64]:
        """Square metres of a square radian at latitudes in radians."""
        with np.errstate(invalid="ignore"):
            found: NDArray[np.float64] = (
                self._axis**2 * (1 - self._e2) * np.cos(latitude) / (1 - self._e2 * np.sin(latitude) ** 2) ** 2
            )
        return found


def _difference(after: NDArray[np.float64], before: NDArray[np.float64]) -> NDArray[np.float64]:
    """(2, n) differences of longitude and latitude; a step across the 180th meridian is short."""
    with np.errstate(invalid="ignore"):
        found = after - before
        found[0] = (found[0] + 180) % 360 - 180
    return found
