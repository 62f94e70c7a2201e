"""COPERNICUS/DEM/GLO30: heights in tiles of ten degrees. What does not belong here: the shape of the land."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from eo_pipeline.sandbox.catalog.pyramid import Pixels
from eo_pipeline.sandbox.graph.grids import Projection
from eo_pipeline.sandbox.graph.images import ImageRecord
from eo_pipeline.sandbox.graph.pixel_types import FLOAT, PixelType
from eo_pipeline.sandbox.world.computed import ComputedBand
from eo_pipeline.sandbox.world.frames import Frame
from eo_pipeline.sandbox.world.members import Fixed
from eo_pipeline.sandbox.world.scenery import Scenery

ID = "COPERNICUS/DEM/GLO30"

_START_MS, _END_MS = 1291161600000, 1420070400000
_SIDE, _DEGREES = 1 / 3600, 10
_NAME = re.compile(r"Copernicus_DSM_COG_10_([NS])(\d\d)_00_([EW])(\d\d\d)_00_DEM")
_OCEAN, _INLAND = 1, 2


def surface_model(scenery: Scenery) -> Fixed:
    """The tiles with land: so few that a mosaic of the whole collection is answered."""

    def near(region: BaseGeometry | None) -> Iterator[str]:
        return (_name(west, south) for west, south in _cells(region) if _has_land(scenery, west, south))

    return Fixed(ID, _START_MS, near, partial(_tile, scenery))


def _cells(region: BaseGeometry | None) -> Iterator[tuple[int, int]]:
    """South-west corners of the tiles near a region, whole degrees, in order of the names."""
    west, south, east, north = (-180.0, -90.0, 180.0, 90.0) if region is None else region.bounds
    columns = [x for x in range(-180, 180, _DEGREES) if x <= east + 1 and x + _DEGREES >= west - 1]
    rows = [y for y in range(-90, 90, _DEGREES) if y <= north + 1 and y + _DEGREES >= south - 1]
    yield from sorted(((x, y) for x in columns for y in rows), key=lambda cell: _name(*cell))


def _name(west: int, south: int) -> str:
    latitude = f"{'N' if south >= 0 else 'S'}{abs(south):02d}"
    return f"Copernicus_DSM_COG_10_{latitude}_00_{'E' if west >= 0 else 'W'}{abs(west):03d}_00_DEM"


def _corner(name: str) -> tuple[int, int] | None:
    """South-west corner of a tile, (west, south) in whole degrees."""
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    south, west = int(match[2]) * (1 if match[1] == "N" else -1), int(match[4]) * (1 if match[3] == "E" else -1)
    known = west in range(-180, 180, _DEGREES) and south in range(-90, 90, _DEGREES)
    return (west, south) if known and _name(west, south) == name else None


def _has_land(scenery: Scenery, west: int, south: int) -> bool:
    return scenery.coast.touches(shapely.box(west, south, west + _DEGREES, south + _DEGREES))


def _tile(scenery: Scenery, name: str) -> ImageRecord | None:
    corner = _corner(name)
    if corner is None or not _has_land(scenery, *corner):
        return None
    west, south = corner
    half = _SIDE / 2
    lattice = Projection("EPSG:4326", (_SIDE, 0.0, west - half, 0.0, -_SIDE, south + _DEGREES + half))
    pixels = round(_DEGREES / _SIDE)
    shape = (pixels, pixels)
    bands = {
        "DEM": ComputedBand(lattice, shape, FLOAT, "mean", partial(_heights, scenery)),
        "WBM": ComputedBand(lattice, shape, PixelType("int", 0, 255), "sample", partial(_water, scenery)),
    }
    properties = {
        "system:index": name,
        "system:time_start": _START_MS,
        "system:time_end": _END_MS,
        "system:version": _START_MS * 1000,
    }
    outline = shapely.box(*lattice.grid(0, 0, *shape).bounds)
    return ImageRecord(f"{ID}/{name}", properties, outline, _START_MS * 1000, bands)


def _heights(scenery: Scenery, frame: Frame) -> Pixels:
    """Metres; 0 on the sea."""
    land, high = scenery.ground(frame)
    return np.where(land, high, np.float32(0)), np.ones(land.shape, bool)


def _water(scenery: Scenery, frame: Frame) -> Pixels:
    """0 land, 1 ocean, 2 lakes and rivers."""
    land, _ = scenery.ground(frame)
    kinds = np.where(scenery.surface(frame).is_water, _INLAND, 0).astype(np.uint8)
    kinds[~land] = _OCEAN
    return kinds, np.ones(land.shape, bool)
