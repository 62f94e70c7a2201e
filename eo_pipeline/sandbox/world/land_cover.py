"""ESA WorldCover: the world's covers in the classes of the catalogue. What does not belong here: where they grow."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np
import shapely

from eo_pipeline.sandbox.catalog.pyramid import Pixels
from eo_pipeline.sandbox.graph.grids import Projection
from eo_pipeline.sandbox.graph.images import ImageRecord
from eo_pipeline.sandbox.graph.pixel_types import PixelType
from eo_pipeline.sandbox.world.computed import ComputedBand
from eo_pipeline.sandbox.world.covers import CODE
from eo_pipeline.sandbox.world.frames import Frame
from eo_pipeline.sandbox.world.heights import cells_with_land
from eo_pipeline.sandbox.world.members import Fixed
from eo_pipeline.sandbox.world.scenery import Scenery
from eo_pipeline.sandbox.world.seasons import snow

CLASS_OF: Mapping[str, int] = {
    "water": 80,
    "needle forest": 10,
    "leaf forest": 10,
    "rain forest": 10,
    "meadow": 30,
    "steppe": 30,
    "winter wheat": 40,
    "maize": 40,
    "rapeseed": 40,
    "beet": 40,
    "alfalfa": 40,
    "farmland": 40,
    "town": 50,
    "road": 50,
    "desert": 60,
    "rock": 60,
    "tundra": 100,
}
"""Class of WorldCover by the name of a cover; ground that is white in August is 70, snow and ice."""

_SNOW_AND_ICE, _SNOW_SHARE = 70, 0.5
_MID_AUGUST_MS, _MID_FEBRUARY_MS = 1628985600000, 1613347200000
_START_MS, _END_MS = 1609459200000, 1640995200000
_SIDE = 1 / 12000
_WEST, _SOUTH, _EAST, _NORTH = -180, -60, 180, 84


def land_cover(scenery: Scenery) -> Fixed:
    """ESA/WorldCover/v200: one image of 2021, 10 m; one-degree cells without any land are masked."""
    name = "ESA/WorldCover/v200"

    def make(index: str) -> ImageRecord | None:
        return _image(scenery, f"{name}/{index}") if index == "2021" else None

    return Fixed(name, _START_MS, lambda _: iter(["2021"]), make)


def _image(scenery: Scenery, image_id: str) -> ImageRecord:
    lattice = Projection("EPSG:4326", (_SIDE, 0.0, _WEST, 0.0, -_SIDE, _NORTH))
    dimensions = (round((_EAST - _WEST) / _SIDE), round((_NORTH - _SOUTH) / _SIDE))
    band = ComputedBand(lattice, dimensions, PixelType("int", 0, 255), "sample", partial(_classes, scenery))
    properties = {
        "system:index": "2021",
        "system:time_start": _START_MS,
        "system:time_end": _END_MS,
        "system:version": _START_MS * 1000,
        "Map_class_names": list(_NAMES.values()),
        "Map_class_values": list(_NAMES),
    }
    return ImageRecord(image_id, properties, shapely.box(_WEST, _SOUTH, _EAST, _NORTH), _START_MS * 1000, {"Map": band})


def _classes(scenery: Scenery, frame: Frame) -> Pixels:
    surface = scenery.surface(frame)
    classes = _table()[surface.cover]
    summer = np.where(surface.latitude < 0, snow(surface, _MID_FEBRUARY_MS), snow(surface, _MID_AUGUST_MS))
    classes[summer > np.float32(_SNOW_SHARE)] = _SNOW_AND_ICE
    return classes, cells_with_land(scenery.coast, frame)


def _table() -> np.ndarray:
    """Class by index into COVERS, uint8."""
    table = np.zeros(len(CODE), np.uint8)
    for cover, code in CODE.items():
        table[code] = CLASS_OF[cover]
    return table


_NAMES: Mapping[int, str] = {
    10: "Tree cover",
    20: "Shrubland",
    30: "Grassland",
    40: "Cropland",
    50: "Built-up",
    60: "Bare / sparse vegetation",
    70: "Snow and ice",
    80: "Permanent water bodies",
    90: "Herbaceous wetland",
    95: "Mangroves",
    100: "Moss and lichen",
}
