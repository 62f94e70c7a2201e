"""Ground area of a grid's pixels: of the ellipsoid on longitudes and latitudes, of the plane where projected.

What does not belong here: densities at scattered places (`core.chips.ground_area`), and whose pixels they are.
"""

import numpy as np
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from pyproj import Geod

from eo_pipeline.core.zonal.reprojecting import metres_per_unit
from eo_pipeline.errors import GridMismatchError


def row_areas(grid: GeoBox) -> NDArray[np.float64]:
    """Square metres of one pixel of each row (height,); the pixels of a row are alike.

    On longitudes and latitudes it is the ellipsoid's area between two meridians and two parallels, exactly; rows
    beyond a pole have none. In a projection it is the pixel's side times its side, as the projection draws it.

    Raises:
        GridMismatchError: no CRS, or a grid in degrees that is turned, whose rows hold pixels of different size.
    """
    if grid.crs is None:
        raise GridMismatchError(f"expected a grid with a CRS to know the area of its pixels, got {grid}; give it one")
    affine, height = grid.affine, int(grid.shape[0])
    if not grid.crs.geographic:
        return np.full(height, abs(affine.determinant) * metres_per_unit(grid.crs) ** 2)
    if affine.b or affine.d:
        raise GridMismatchError(
            f"expected a grid of longitudes and latitudes along its rows and columns, got the affine "
            f"{tuple(affine)[:6]}; bring it to a grid that is not turned, or leave areas out"
        )
    geod = grid.crs.proj.get_geod() or Geod(ellps="WGS84")
    edges = np.clip(affine.f + affine.e * np.arange(height + 1), -90.0, 90.0)
    zones = np.abs(np.diff(_zone_below(np.radians(edges), axis=float(geod.a), e2=float(geod.es))))
    return np.asarray(zones * np.radians(abs(affine.a)), dtype=np.float64)


def _zone_below(latitude: NDArray[np.float64], *, axis: float, e2: float) -> NDArray[np.float64]:
    """Square metres an ellipsoid has between the equator and latitudes in radians, for one radian of longitude.

    Source: Snyder (1987), Map Projections: A Working Manual, USGS Professional Paper 1395, equation 3-12.
    """
    sine, e = np.sin(latitude), np.sqrt(e2)
    if e == 0:
        return np.asarray(axis**2 * sine, dtype=np.float64)
    authalic = sine / (1 - e2 * sine**2) + np.arctanh(e * sine) / e
    return np.asarray(axis**2 * (1 - e2) / 2 * authalic, dtype=np.float64)
