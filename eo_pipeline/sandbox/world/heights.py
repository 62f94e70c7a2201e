"""Height models as images. What does not belong here: the shape of the land."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import shapely

from eo_pipeline.sandbox.catalog.pyramid import Pixels
from eo_pipeline.sandbox.graph.grids import Projection
from eo_pipeline.sandbox.graph.images import ImageRecord
from eo_pipeline.sandbox.graph.pixel_types import PixelType
from eo_pipeline.sandbox.world.coast import Coast
from eo_pipeline.sandbox.world.computed import ComputedBand
from eo_pipeline.sandbox.world.frames import Frame
from eo_pipeline.sandbox.world.scenery import Scenery

_TYPE = PixelType("int", -32768, 32767)
_ARC_SECOND = 1 / 3600
_SHAPE = (1_296_001, 417_601)


@dataclass(frozen=True)
class HeightModel:
    """A published model of heights.

    Attributes:
        id: its Earth Engine id.
        times: system:time_start and system:time_end, milliseconds since 1970.
    """

    id: str
    times: tuple[int, int]


HEIGHT_MODELS = (
    HeightModel("USGS/SRTMGL1_003", (950227200000, 951177600000)),
    HeightModel("NASA/NASADEM_HGT/001", (950227200000, 951177600000)),
)


def heights(scenery: Scenery, model: HeightModel) -> ImageRecord:
    """The model's image: one band `elevation` of whole metres, 56 S to 60 N, one arc second."""
    start, end = model.times
    half = _ARC_SECOND / 2
    lattice = Projection("EPSG:4326", (_ARC_SECOND, 0.0, -180 - half, 0.0, -_ARC_SECOND, 60 + half))
    band = ComputedBand(lattice, _SHAPE, _TYPE, "mean", partial(_elevation, scenery))
    properties = {
        "system:index": model.id.rpartition("/")[2],
        "system:time_start": start,
        "system:time_end": end,
        "system:version": start * 1000,
        "title": "Heights of the procedural world",
    }
    return ImageRecord(model.id, properties, shapely.box(-180, -56, 180, 60), start * 1000, {"elevation": band})


def _elevation(scenery: Scenery, frame: Frame) -> Pixels:
    """0 on the sea; one-degree cells without any land are masked."""
    land, high = scenery.ground(frame)
    return np.rint(np.where(land, high, 0)), cells_with_land(scenery.coast, frame)


def cells_with_land(coast: Coast, frame: Frame) -> np.ndarray:
    """True where there is land in the one-degree cell of a pixel of EPSG:4326, (row, column)."""
    columns, rows = np.floor(frame.columns).astype(int), np.floor(frame.rows).astype(int)
    west, south = np.arange(columns.min(), columns.max() + 1), np.arange(rows.min(), rows.max() + 1)
    x, y = np.meshgrid(np.remainder(west + 180, 360) - 180, south)
    cells = shapely.box(x.ravel(), y.ravel(), x.ravel() + 1, y.ravel() + 1)
    found = coast.touching(cells).reshape(x.shape)
    return np.asarray(found[np.ix_(rows - south[0], columns - west[0])])
