"""Land and water by the real coastline (Natural Earth 1:50m). What does not belong here: lakes, rivers, heights."""

from __future__ import annotations

import gzip
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np
import shapely
from affine import Affine
from rasterio.features import rasterize
from shapely import affinity
from shapely.geometry.base import BaseGeometry

from eo_pipeline.sandbox.graph.crs import is_geographic, transformer
from eo_pipeline.sandbox.world.frames import Frame, middle_longitude
from eo_pipeline.sandbox.world.sinusoidal import SINUSOIDAL, degrees, metres

LAND_FILE = Path(__file__).parent / "land_50m.wkb.gz"

_PIECE_METRES = 100_000.0
"""Side of the pieces of metric systems whose coast is kept."""

_PIECE_DEGREES = 30.0
"""Side of the pieces of geographic systems whose coast is kept, degrees."""

_PIECE_SINUSOIDAL = 3_000_000.0
"""Side of the pieces of the sinusoidal projection whose coast is kept, metres."""

_OFFSET = 0.0123
"""Where pieces begin, CRS units: no pixel's centre lies on the seam of two pieces."""

_MARGIN = 0.1
"""Degrees around a piece within which land is looked for."""

_DENSE = 0.02
"""Longest edge, in degrees, that is treated as straight in a metric system."""

_FEW = 100
"""Corners of a cell at most."""

_KEPT = 256
"""Number of pieces kept."""


@dataclass(frozen=True)
class Coast:
    """The coastline, cut into pieces as windows ask for them.

    Attributes:
        land: polygons of the world's land, EPSG:4326, longitude -180..180.
        tree: index of the polygons.
        cells: index of the same land with large polygons cut up, so that a question about one place is quick.
    """

    land: tuple[BaseGeometry, ...]
    tree: shapely.STRtree
    cells: shapely.STRtree
    _pieces: OrderedDict[tuple[str, int, int], BaseGeometry] = field(default_factory=OrderedDict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def touches(self, region: BaseGeometry) -> bool:
        """True if there is land in a region (EPSG:4326, longitude -180..180)."""
        return self.cells.query(region, predicate="intersects").size > 0

    def touching(self, regions: np.ndarray) -> np.ndarray:
        """For each of some regions, True if there is land in it."""
        found = np.zeros(regions.shape, bool)
        found[self.cells.query(regions, predicate="intersects")[0]] = True
        return found

    def is_land(self, frame: Frame) -> np.ndarray:
        """True where a pixel's centre is on land, (row, column)."""
        step = frame.step
        outline = shapely.box(
            frame.columns[0] - step, frame.rows[-1] - step, frame.columns[-1] + step, frame.rows[0] + step
        )
        transform = Affine(step, 0, frame.x - step / 2, 0, -step, frame.y + step / 2)
        land = np.zeros((frame.height, frame.width), np.uint8)
        for piece in self._around(frame, outline):
            if piece.contains(outline):
                return np.ones(land.shape, bool)
            if piece.intersects(outline):
                rasterize([piece], out=land, transform=transform, default_value=1)
        return land.astype(bool)

    def _around(self, frame: Frame, outline: BaseGeometry) -> list[BaseGeometry]:
        side = _side(frame.crs)
        west, south, east, north = (int(np.floor((value - _OFFSET) / side)) for value in outline.bounds)
        indices = [(frame.crs, i, j) for i in range(west, east + 1) for j in range(south, north + 1)]
        return [self._piece(*index, side) for index in indices]

    def _piece(self, crs: str, i: int, j: int, side: float) -> BaseGeometry:
        key = (crs, i, j)
        with self._lock:
            if key in self._pieces:
                self._pieces.move_to_end(key)
                return self._pieces[key]
        west, south = i * side + _OFFSET, j * side + _OFFSET
        piece = self._cut(crs, shapely.box(west, south, west + side, south + side))
        shapely.prepare(piece)
        with self._lock:
            self._pieces[key] = piece
            if len(self._pieces) > _KEPT:
                self._pieces.popitem(last=False)
        return piece

    def _cut(self, crs: str, square: BaseGeometry) -> BaseGeometry:
        """The land in a square of a CRS, in that CRS."""
        if is_geographic(crs):
            return self._land_in(square)
        if crs == SINUSOIDAL:
            return self._cut_sinusoidal(square)
        to_degrees, from_degrees = transformer(crs, "EPSG:4326"), transformer("EPSG:4326", crs)
        ring = shapely.get_coordinates(shapely.segmentize(square, _PIECE_METRES / 10))
        longitude, latitude = to_degrees.transform(ring[:, 0], ring[:, 1])
        middle = middle_longitude(crs)
        longitude = middle + np.remainder(longitude - middle + 180, 360) - 180
        window = shapely.box(
            longitude.min() - _MARGIN, latitude.min() - _MARGIN, longitude.max() + _MARGIN, latitude.max() + _MARGIN
        )
        dense = shapely.segmentize(self._land_in(window), _DENSE)
        metric = shapely.transform(dense, lambda xy: np.column_stack(from_degrees.transform(xy[:, 0], xy[:, 1])))
        return shapely.intersection(shapely.make_valid(metric), square)

    def _cut_sinusoidal(self, square: BaseGeometry) -> BaseGeometry:
        ring = shapely.get_coordinates(shapely.segmentize(square, _PIECE_SINUSOIDAL / 30))
        longitude, latitude = degrees(ring[:, 0], ring[:, 1])
        window = shapely.box(longitude.min(), latitude.min(), longitude.max(), latitude.max())
        dense = shapely.segmentize(self._land_in(window), 10 * _DENSE)
        metric = shapely.transform(dense, lambda xy: np.column_stack(metres(xy[:, 0], xy[:, 1])))
        return shapely.intersection(shapely.make_valid(metric), square)

    def _land_in(self, window: BaseGeometry) -> BaseGeometry:
        """The land in a box of degrees that may leave -180..180."""
        parts = []
        for turn in (-360.0, 0.0, 360.0):
            west, south, east, north = window.bounds
            local = shapely.box(west - turn, south, east - turn, north)
            for index in self.tree.query(local, predicate="intersects"):
                part = shapely.intersection(self.land[index], local)
                parts.append(affinity.translate(part, turn))
        return shapely.union_all(parts)


def _side(crs: str) -> float:
    """Side of the pieces of a system, in its units."""
    if crs == SINUSOIDAL:
        return _PIECE_SINUSOIDAL
    return _PIECE_DEGREES if is_geographic(crs) else _PIECE_METRES


@lru_cache(maxsize=2)
def load_coast(file: Path = LAND_FILE) -> Coast:
    """Read the coastline that comes with the package, once a process."""
    world = shapely.from_wkb(gzip.decompress(file.read_bytes()))
    land = tuple(shapely.get_parts(world))
    cells = [cell for polygon in land for cell in _cells(polygon)]
    return Coast(land, shapely.STRtree(land), shapely.STRtree(cells))


def _cells(polygon: BaseGeometry) -> list[BaseGeometry]:
    """A polygon, halved until no part has many corners."""
    if shapely.get_num_coordinates(polygon) <= _FEW:
        return [polygon]
    west, south, east, north = polygon.bounds
    x, y = (west + east) / 2, (south + north) / 2
    if east - west > north - south:
        halves = [shapely.box(west, south, x, north), shapely.box(x, south, east, north)]
    else:
        halves = [shapely.box(west, south, east, y), shapely.box(west, y, east, north)]
    return [cell for half in halves for cell in _cells(shapely.intersection(polygon, half))]
