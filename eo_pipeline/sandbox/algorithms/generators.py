"""Images that come from the grid itself. What does not belong here: images from a catalog."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from eo_pipeline.sandbox.graph.crs import is_geographic, metres_per_unit
from eo_pipeline.sandbox.graph.geometry import WGS84
from eo_pipeline.sandbox.graph.grids import DEFAULT_PROJECTION, Grid, Projection
from eo_pipeline.sandbox.graph.images import Band, Image
from eo_pipeline.sandbox.graph.lookup import positions
from eo_pipeline.sandbox.graph.pixel_types import DOUBLE, PixelType
from eo_pipeline.sandbox.graph.pixels import Pixels, Raster
from eo_pipeline.sandbox.graph.registry import Family

FAMILY = Family()

_A, _E2 = 6378137.0, 0.0066943799901413165
"""Semi-major axis in metres and squared eccentricity of WGS 84."""


def _from_grid(name: str, values: Callable[[Grid], np.ndarray], pixel_type: PixelType, projection: Projection) -> Band:
    def compute(grid: Grid, _: Sequence[Raster]) -> Raster:
        data = np.broadcast_to(values(grid), grid.shape).astype(pixel_type.dtype, copy=False)
        return Raster(data, np.broadcast_to(np.True_, grid.shape))

    return Band(name, pixel_type, projection, None, Pixels((), compute))


@FAMILY.algorithm("Image.pixelLonLat")
def pixel_lon_lat() -> Image:
    """Longitude and latitude of pixel centres in degrees, as double."""
    return Image(
        (
            _from_grid("longitude", lambda grid: grid.centres(WGS84)[0], DOUBLE, DEFAULT_PROJECTION),
            _from_grid("latitude", lambda grid: grid.centres(WGS84)[1], DOUBLE, DEFAULT_PROJECTION),
        )
    )


@FAMILY.algorithm("Image.pixelCoordinates")
def pixel_coordinates(projection: Projection) -> Image:
    """Coordinates x and y of pixel centres in pixels of a projection."""
    return Image(
        (
            _from_grid("x", lambda grid: positions(grid, projection)[0], DOUBLE, projection),
            _from_grid("y", lambda grid: positions(grid, projection)[1], DOUBLE, projection),
        )
    )


@FAMILY.algorithm("Image.pixelArea")
def pixel_area() -> Image:
    """Area of each pixel in square metres: on the ellipsoid for geographic grids, else of the projected square."""
    return Image((_from_grid("area", _areas, DOUBLE, DEFAULT_PROJECTION),))


def _areas(grid: Grid) -> np.ndarray:
    a, b, _, d, e, _ = grid.transform
    cell = abs(a * e - b * d)
    if not is_geographic(grid.crs):
        return np.asarray(cell * metres_per_unit(grid.crs) ** 2)
    latitude = np.radians(grid.centres(WGS84)[1])
    curvature = 1 - _E2 * np.sin(latitude) ** 2
    square_degree = _A**2 * (1 - _E2) * np.cos(latitude) / curvature**2
    return np.asarray(square_degree * np.radians(1) ** 2 * cell)
