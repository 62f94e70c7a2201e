"""Sentinel-2 tiles: 109.8 km squares of UTM named after MGRS squares. What does not belong here: when they are seen."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import shapely
from shapely import affinity
from shapely.geometry.base import BaseGeometry

from eo_pipeline.sandbox.graph.crs import transformer
from eo_pipeline.sandbox.world.orbits import SENTINEL_2, Places

SIDE_METRES = 109_800
"""Side of a tile; squares have 100 km, so neighbours overlap by 9.8 km."""

_SQUARE = 100_000
_FALSE_NORTHING = 10_000_000
_BANDS = "CDEFGHJKLMNPQRSTUVWX"
_COLUMNS = ("STUVWXYZ", "ABCDEFGH", "JKLMNPQR")
_ROWS = "ABCDEFGHJKLMNPQRSTUV"
_NAME = re.compile(r"(\d\d)([C-HJ-NP-X])([A-HJ-NP-Z])([A-HJ-NP-V])")
_SOUTH_LIMIT, _NORTH_LIMIT = -56.0, 83.0
_REACH = 1.0
"""Degrees from a tile's middle to its farthest corner, rounded up."""

_ANY_ZONE = 31
"""The zone that stands for all: they differ by their central meridian only."""


@dataclass(frozen=True, order=True)
class Tile:
    """A tile by its 100 km square.

    Attributes:
        zone: UTM zone, 1..60.
        is_south: True if the square's middle is on the southern hemisphere (false northing 10,000 km).
        column: easting of the square's west edge, in 100 km, 1..8.
        row: northing of the square's south edge, in 100 km (false northing included).
    """

    zone: int
    is_south: bool
    column: int
    row: int

    @property
    def crs(self) -> str:
        """EPSG code of the zone."""
        return f"EPSG:{(32700 if self.is_south else 32600) + self.zone}"

    @property
    def origin(self) -> tuple[int, int]:
        """(easting, northing) of the upper-left corner: multiples of 60 m from the equator, as Sentinel-2 has them."""
        equator = _FALSE_NORTHING if self.is_south else 0
        north = (self.row + 1) * _SQUARE - equator
        return self.column * _SQUARE // 60 * 60, equator - (-north // 60) * 60

    @property
    def name(self) -> str:
        """The MGRS name of the square, for example 33UWP, by the latitude of its middle."""
        band = _BANDS[int(np.clip((self.middle[1] + 80) // 8, 0, 19))]
        column = _COLUMNS[self.zone % 3][self.column - 1]
        row = _ROWS[(self.row + (0 if self.zone % 2 else 5)) % 20]
        return f"{self.zone:02d}{band}{column}{row}"

    @property
    def middle(self) -> tuple[float, float]:
        """(longitude, latitude) of the square's middle, degrees."""
        east, latitude = _middle(self.is_south, self.column, self.row)
        return float(np.remainder(zone_middle(self.zone) + east + 180, 360) - 180), latitude

    @property
    def outline(self) -> BaseGeometry:
        """Outline in EPSG:4326, longitudes unwrapped around the zone."""
        return _outline(self)

    def meets(self, region: BaseGeometry | None) -> bool:
        """Whether the outline meets a region of EPSG:4326 (None: the world)."""
        return region is None or bool(wrapped(self.outline).intersects(region))


@lru_cache(maxsize=4096)
def _outline(tile: Tile) -> BaseGeometry:
    east, latitude = _ring(tile.is_south, tile.origin)
    return shapely.Polygon(np.column_stack([zone_middle(tile.zone) + east, latitude]))


@lru_cache(maxsize=4096)
def _ring(is_south: bool, origin: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Outline of a square as degrees east of the central meridian and latitudes: the same in every zone."""
    west, north = origin
    square = shapely.box(west, north - SIDE_METRES, west + SIDE_METRES, north)
    ring = shapely.get_coordinates(shapely.segmentize(square, SIDE_METRES / 8))
    longitude, latitude = transformer(_any_zone(is_south=is_south), "EPSG:4326").transform(ring[:, 0], ring[:, 1])
    return longitude - zone_middle(_ANY_ZONE), latitude


@lru_cache(maxsize=4096)
def _middle(is_south: bool, column: int, row: int) -> tuple[float, float]:
    """Middle of a square as (degrees east of the central meridian, latitude): the same in every zone."""
    crs = _any_zone(is_south=is_south)
    longitude, latitude = _degrees(crs, (column + 0.5) * _SQUARE, (row + 0.5) * _SQUARE)
    return longitude - zone_middle(_ANY_ZONE), latitude


def _any_zone(*, is_south: bool) -> str:
    return f"EPSG:{(32700 if is_south else 32600) + _ANY_ZONE}"


def zone_middle(zone: int) -> float:
    """Longitude of the central meridian of a UTM zone, degrees."""
    return zone * 6.0 - 183.0


def wrapped(outline: BaseGeometry) -> BaseGeometry:
    """The same area with longitudes within -180..180, cut where it crosses."""
    west, _, east, _ = outline.bounds
    if west >= -180 and east <= 180:
        return outline
    parts = [
        affinity.translate(outline.intersection(shapely.box(turn - 180, -90, turn + 180, 90)), -turn)
        for turn in (-360, 0, 360)
    ]
    return shapely.union_all([part for part in parts if not part.is_empty])


def tile_of(name: str) -> Tile | None:
    """The tile of an MGRS name such as 33UWP, or None if there is no such tile."""
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    zone, band = int(match[1]), _BANDS.index(match[2])
    if not 1 <= zone <= 60:
        return None
    latitude = band * 8 - 76.0
    near = _zone_tiles(zone, max(latitude - 7.5, _SOUTH_LIMIT), min(latitude + 7.5, _NORTH_LIMIT))
    return next((tile for tile in near if tile.name == name), None)


@dataclass(frozen=True)
class Tiles:
    """Many tiles.

    Attributes:
        tiles: in order.
        longitude: of their middles, degrees, (tile).
        latitude: of their middles, degrees, (tile).
    """

    tiles: Sequence[Tile]
    longitude: np.ndarray
    latitude: np.ndarray

    @cached_property
    def places(self) -> Places:
        """Their middles as Sentinel-2 sees them."""
        return Places(self.longitude, SENTINEL_2.drift(self.latitude), SENTINEL_2.degrees_per_km(self.latitude))

    def among(self, wanted: np.ndarray) -> Tiles:
        """The tiles of which this is True, (tile)."""
        places = np.flatnonzero(wanted)
        return Tiles([self.tiles[place] for place in places.tolist()], self.longitude[places], self.latitude[places])


def tiles_near(region: BaseGeometry | None) -> Tiles:
    """Tiles near the bounds of a region of EPSG:4326 (None: the world): a superset of those that meet it."""
    globe = _globe()
    if region is None:
        return globe
    west, south, east, north = (0.0, 0.0, 0.0, -360.0) if region.is_empty else region.bounds
    reach = _REACH / np.cos(np.deg2rad(np.minimum(np.abs(globe.latitude) + _REACH, 86)))
    eastward = np.remainder(globe.longitude - (west + east) / 2 + 180, 360) - 180
    aside = np.abs(eastward) <= (east - west) / 2 + reach
    return globe.among(aside & (globe.latitude >= south - _REACH) & (globe.latitude <= north + _REACH))


def tiles_at(tile: Tile) -> Tiles:
    """One tile."""
    longitude, latitude = tile.middle
    return Tiles([tile], np.array([longitude]), np.array([latitude]))


@lru_cache(maxsize=1)
def _globe() -> Tiles:
    """All tiles: zones differ by their longitude only."""
    tiles = [tile for zone in range(1, 61) for tile in _zone_tiles(zone, _SOUTH_LIMIT, _NORTH_LIMIT)]
    east, latitude = np.array([_middle(tile.is_south, tile.column, tile.row) for tile in tiles[: len(tiles) // 60]]).T
    middles = np.array([zone_middle(zone) for zone in range(1, 61)])
    longitude = np.remainder(middles[:, None] + east + 180, 360) - 180
    return Tiles(tiles, longitude.ravel(), np.tile(latitude, 60))


def _zone_tiles(zone: int, south: float, north: float) -> Iterator[Tile]:
    for is_south in (False, True):
        first, last = (max(south, 0.0), north) if not is_south else (south, min(north, 0.0))
        if first >= last:
            continue
        crs = _any_zone(is_south=is_south)
        rows = [int(_metres(crs, zone_middle(_ANY_ZONE), latitude)[1] // _SQUARE) for latitude in (first, last)]
        top = min(rows[1], 99) if is_south else rows[1]
        for row in range(rows[0], top + 1):
            yield from (Tile(zone, is_south, column, row) for column in _columns(row, is_south=is_south))


@lru_cache(maxsize=1024)
def _columns(row: int, *, is_south: bool) -> range:
    """Squares of a row that meet the zone's six degrees, at the edge where the zone is widest."""
    crs = _any_zone(is_south=is_south)
    widest = (row + (1 if is_south else 0)) * _SQUARE
    latitude = _degrees(crs, 500_000, min(widest, _FALSE_NORTHING - 1))[1]
    west = _metres(crs, zone_middle(_ANY_ZONE) - 3, latitude)[0]
    first = int(west // _SQUARE)
    return range(max(first, 1), min(9 - first, 8) + 1)


def _degrees(crs: str, x: float, y: float) -> tuple[float, float]:
    longitude, latitude = transformer(crs, "EPSG:4326").transform(x, y)
    return float(longitude), float(latitude)


def _metres(crs: str, longitude: float, latitude: float) -> tuple[float, float]:
    x, y = transformer("EPSG:4326", crs).transform(longitude, latitude)
    return float(x), float(y)
