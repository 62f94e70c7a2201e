"""Paths and rows of the Worldwide Reference System 2, and when Landsat 8 and 9 see them. Not here: pixels.

Published (USGS): 233 paths in 16 days, 1.545 degrees apart, path 1 over the equator at 64.6 degrees west; 248 rows, row
60 on the descending equator; inclination 98.2 degrees; Landsat 9 eight days after Landsat 8.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from eo_pipeline.sandbox.graph.crs import transformer
from eo_pipeline.sandbox.world.orbits import Orbit, Pass
from eo_pipeline.sandbox.world.tiles import wrapped

PATHS, ROWS = 233, 124
"""Paths; rows seen by day, of 248."""

_FIRST_PATH = 44
_NODE_LONGITUDE = -64.6 - (_FIRST_PATH - 1) * 360 / PATHS
_LOCAL_HOUR = 10 + 11 / 60
_DAY_OF_FIRST_PATH = 16147 - 8 * 2018
"""2014-03-18, a day on which Landsat 8 flew path 44, moved by whole cycles."""

LANDSAT = Orbit(
    "Landsat",
    PATHS,
    16,
    98.2,
    _DAY_OF_FIRST_PATH + (_LOCAL_HOUR - _NODE_LONGITUDE / 15) / 24,
    _NODE_LONGITUDE,
    92.5,
)
"""The first satellite is Landsat 8, the second Landsat 9; the equator is crossed at 10:11 local time."""

HALF_LENGTH = 0.81
"""Half the length of a scene along the track, degrees: 180 km."""

_ECCENTRICITY_SQUARED = 0.00669438
_EQUATOR_ROW, _ROW_DEGREES = 60, 360 / 248
_SOUTH_LIMIT, _NORTH_LIMIT = -56.0, 80.0
_PIXEL = 30
_REACH = 1.4
"""Degrees from a scene's middle to its farthest corner, rounded up."""


@dataclass(frozen=True, order=True)
class Row:
    """One place of the reference system.

    Attributes:
        path: 1..233, westwards.
        row: 1..124, southwards.
    """

    path: int
    row: int

    @property
    def track(self) -> int:
        """The path's place in the order of flight, 1..233: the next path flown is 16 to the west."""
        return (self.path - _FIRST_PATH) * pow(16, -1, PATHS) % PATHS + 1

    @classmethod
    def on(cls, track: int, row: int) -> Row:
        """The row of a track, the other way about."""
        return cls((_FIRST_PATH + 16 * (track - 1) - 1) % PATHS + 1, row)

    @property
    def angle(self) -> float:
        """Along the orbit from the equator crossing to the middle, degrees; negative in the north."""
        return float(np.rad2deg(LANDSAT.along(np.asarray(_latitude(self.row)))))

    @property
    def middle(self) -> tuple[float, float]:
        """(longitude, latitude) of the middle, degrees."""
        latitude = _latitude(self.row)
        longitude = LANDSAT.node_of(self.track) + float(LANDSAT.drift(np.asarray(latitude)))
        return float(np.remainder(longitude + 180, 360) - 180), latitude

    @property
    def crs(self) -> str:
        """EPSG code of the UTM zone of the middle; northern zones also in the south, as Landsat has them."""
        return f"EPSG:{32601 + int((self.middle[0] + 180) // 6) % 60}"

    @property
    def outline(self) -> BaseGeometry:
        """Outline in EPSG:4326, longitudes unwrapped around the middle."""
        return _outline(self)

    @property
    def is_published(self) -> bool:
        """Whether there are scenes of it, over land."""
        return _SOUTH_LIMIT <= _latitude(self.row) <= _NORTH_LIMIT

    def meets(self, region: BaseGeometry | None) -> bool:
        """Whether the outline meets a region of EPSG:4326 (None: the world)."""
        return region is None or bool(wrapped(self.outline).intersects(region))

    @property
    def grid(self) -> tuple[int, int, int, int]:
        """(west, north, columns, rows) of the 30 m pixels that hold the outline; edges are 15 m off multiples of 30."""
        return _grid(self)


@dataclass(frozen=True)
class RowScene:
    """One row in one pass.

    Attributes:
        place: path and row.
        one: when, by which satellite.
        revision: 0, or 1 where it was made anew.
    """

    place: Row
    one: Pass
    revision: int = 0

    @property
    def time_ms(self) -> int:
        """Time at the middle, milliseconds since 1970."""
        return self.one.time_at(self.place.angle / 360)

    @property
    def index(self) -> str:
        """system:index without the day: sorts rows of one pass."""
        return f"{self.place.path:03d}{self.place.row:03d}"


def rows_near(region: BaseGeometry | None) -> dict[int, np.ndarray]:
    """Rows near the bounds of a region of EPSG:4326 (None: the world): a superset of those that meet it.

    Returns:
        Row numbers of a path by its track.
    """
    longitude, latitude = _middles()
    near = (latitude >= _SOUTH_LIMIT) & (latitude <= _NORTH_LIMIT)
    if region is not None:
        west, south, east, north = (0.0, 0.0, 0.0, -360.0) if region.is_empty else region.bounds
        near &= (latitude >= south - _REACH) & (latitude <= north + _REACH)
        reach = _REACH / np.cos(np.deg2rad(np.clip(np.abs(latitude) + _REACH, 0, 86)))
        eastward = np.remainder(longitude - (west + east) / 2 + 180, 360) - 180
        near &= np.abs(eastward) <= (east - west) / 2 + reach
    paths = np.flatnonzero(near.any(axis=1)).tolist()
    return {Row(path + 1, 1).track: np.flatnonzero(near[path]) + 1 for path in paths}


@lru_cache(maxsize=1)
def _middles() -> tuple[np.ndarray, np.ndarray]:
    """Longitudes and latitudes of all middles, (path - 1, row - 1)."""
    rows = np.array([_latitude(row) for row in range(1, ROWS + 1)])
    nodes = np.array([LANDSAT.node_of(Row(path, 1).track) for path in range(1, PATHS + 1)])
    longitude = np.remainder(nodes[:, None] + LANDSAT.drift(rows)[None, :] + 180, 360) - 180
    return longitude, np.broadcast_to(rows, longitude.shape)


def _latitude(row: int) -> float:
    """Geodetic latitude of a row's middle, degrees."""
    turned = np.deg2rad((row - _EQUATOR_ROW) * _ROW_DEGREES)
    geocentric = -np.arcsin(np.sin(np.deg2rad(LANDSAT.inclination)) * np.sin(turned))
    return float(np.rad2deg(np.arctan(np.tan(geocentric) / (1 - _ECCENTRICITY_SQUARED))))


@lru_cache(maxsize=16384)
def _outline(place: Row) -> BaseGeometry:
    half = LANDSAT.half_swath_km
    along = place.angle + np.linspace(-HALF_LENGTH, HALF_LENGTH, 5)
    across = np.linspace(-half, half, 5)
    ring = [(angle, -half) for angle in along] + [(along[-1], aside) for aside in across]
    ring += [(angle, half) for angle in along[::-1]] + [(along[0], aside) for aside in across[::-1]]
    angle, aside = np.array(ring).T
    longitude, latitude = LANDSAT.place(angle, aside)
    longitude = longitude + LANDSAT.node_of(place.track)
    return shapely.Polygon(np.column_stack([longitude + np.round((place.middle[0] - longitude) / 360) * 360, latitude]))


@lru_cache(maxsize=16384)
def _grid(place: Row) -> tuple[int, int, int, int]:
    ring = shapely.get_coordinates(place.outline)
    x, y = transformer("EPSG:4326", place.crs).transform(ring[:, 0], ring[:, 1])
    first = [int(np.floor((low - _PIXEL / 2) / _PIXEL)) for low in (x.min(), y.min())]
    last = [int(np.ceil((high - _PIXEL / 2) / _PIXEL)) for high in (x.max(), y.max())]
    west, north = first[0] * _PIXEL + _PIXEL // 2, last[1] * _PIXEL + _PIXEL // 2
    return west, north, last[0] - first[0], last[1] - first[1]
