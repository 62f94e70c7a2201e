"""What lies under a cube's shards, by the plainest way there is: points in polygons.

Each shard is strewn with points; pyproj tells their longitude and latitude, shapely whether a polygon in degrees holds
them. Nothing of `core.cubes.discard` is used but the cube's template.
"""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from pyproj import Transformer
from shapely.geometry.base import BaseGeometry

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.cubes.cube_template import CubeTemplate
from eo_pipeline.core.period_rules import CalendarRule


def cube(
    crs: str,
    *,
    left: float,
    top: float,
    shards: tuple[int, int],
    size: float,
    pixels: int = 512,
    south_up: bool = False,
) -> CubeTemplate:
    """A cube of `shards` (y, x) shards whose sides are `size` CRS units."""
    step = size / pixels
    affine = Affine(step, 0, left, 0, step if south_up else -step, top)
    grid = GeoBox((shards[0] * pixels, shards[1] * pixels), affine, crs)
    band = BandEncoding("red", "uint16", nodata=0)
    return CubeTemplate(
        "example", grid, (band,), CalendarRule("month"), datetime(2024, 1, 1, tzinfo=UTC), chunk=pixels, shard=pixels
    )


def strewn(template: CubeTemplate, each: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Longitudes and latitudes of each x each points inside every shard, (shard_y, shard_x, point); inf for none."""
    (down, across), (height, width) = template.shard_grid, template.shard_shape
    inside = (np.arange(each) + 0.5) / each
    rows = (np.arange(down)[:, None] + inside[None, :]) * height
    columns = (np.arange(across)[:, None] + inside[None, :]) * width
    a, _, c, _, e, f = tuple(template.geobox.affine)[:6]
    x = np.broadcast_to((c + a * columns)[None, :, None, :], (down, across, each, each))
    y = np.broadcast_to((f + e * rows)[:, None, :, None], (down, across, each, each))
    x, y = x.reshape(down, across, -1), y.reshape(down, across, -1)
    crs = str(template.geobox.crs)
    longitude, latitude = Transformer.from_crs(crs, "EPSG:4326", always_xy=True).transform(x, y)
    again = Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform(longitude, latitude)
    there = np.isclose(again[0], x) & np.isclose(again[1], y)  # a projection may answer for places beside the earth
    if crs == "EPSG:4326":
        there = np.ones(x.shape, bool)
    return np.where(there, (longitude + 180) % 360 - 180, np.inf), np.asarray(latitude)


def holding(template: CubeTemplate, land: BaseGeometry, each: int = 32) -> NDArray[np.bool_]:
    """True where one of a shard's points is in the land (degrees, -180 to 180), (shard_y, shard_x)."""
    longitude, latitude = strewn(template, each)
    there = np.isfinite(longitude) & np.isfinite(latitude)
    found = np.zeros(longitude.shape, bool)
    for part in shapely.get_parts(land):
        west, south, east, north = part.bounds
        near = there & (longitude >= west) & (longitude <= east) & (latitude >= south) & (latitude <= north)
        shapely.prepare(part)
        found[near] |= shapely.contains_xy(part, longitude[near], latitude[near])
    return np.asarray(found.any(axis=-1))


def widened(land: Any, degrees: float) -> BaseGeometry:
    """Land and what is at most so many degrees from it, in plain degrees; parts overlap."""
    return shapely.GeometryCollection(list(shapely.get_parts(shapely.buffer(shapely.get_parts(land), degrees))))
