"""Bands of global grids in degrees, read lazily, and what they show. What does not belong here: asset metadata."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import shapely

from eo_pipeline.sandbox.catalog.pyramid import Box, Pixels, check_window, read_level
from eo_pipeline.sandbox.graph.grids import Projection
from eo_pipeline.sandbox.graph.pixel_types import DOUBLE, PixelType
from eo_pipeline.sandbox.world.climate import air_temperature
from eo_pipeline.sandbox.world.frames import Frame, nodes_of
from eo_pipeline.sandbox.world.scenery import Scenery

_EXACT_LEVELS = 3
_STRIP_PIXELS = 1 << 18
_WEATHER_NODES = 1.0
_METRES_PER_DEGREE = 111_320.0


class Shown(Protocol):
    """What a global band shows."""

    def evaluate(self, scenery: Scenery, frame: Frame) -> Pixels:
        """Pixels on a frame of EPSG:4326 and their mask, True where valid."""
        ...


@dataclass(frozen=True)
class GlobalBand:
    """A band on a grid of degrees as a band source; levels as those of SceneBand with means.

    Attributes:
        scenery: the world.
        shown: what its pixels hold.
        pixel_type: type of the pixels.
        projection: native lattice, EPSG:4326, square pixels.
        dimensions: (width, height) of level 0.
    """

    scenery: Scenery
    shown: Shown
    pixel_type: PixelType
    projection: Projection
    dimensions: tuple[int, int]

    @property
    def pyramiding(self) -> Literal["mean"]:
        """How levels are made."""
        return "mean"

    def read(self, level: int, x: int, y: int, width: int, height: int) -> Pixels:
        """See BandSource.read.

        Raises:
            ValueError: the window leaves the level.
        """
        box = Box(x, y, width, height)
        if level <= _EXACT_LEVELS:
            return read_level(lambda native: self._at(0, native), self.dimensions, "mean", level, box)
        check_window(self.dimensions, level, box)
        return self._at(level, box)

    def _at(self, level: int, box: Box) -> Pixels:
        step, _, west, _, _, north = self.projection.transform
        side = step * 2**level
        x, y = west + (box.x + 0.5) * side, north - (box.y + 0.5) * side
        frame = Frame("EPSG:4326", x, y, side, box.width, box.height, side * _METRES_PER_DEGREE)
        data = np.empty((box.height, box.width), self.pixel_type.dtype)
        mask = np.empty(data.shape, bool)
        rows = max(1, _STRIP_PIXELS // box.width)
        for first in range(0, box.height, rows):
            strip = frame.rows_between(first, min(first + rows, box.height))
            values, mask[first : first + rows] = self.shown.evaluate(self.scenery, strip)
            data[first : first + rows] = np.where(mask[first : first + rows], values, 0)
        return data, mask


@dataclass(frozen=True)
class MonthlyTemperature:
    """Air temperature of one month in kelvin; the sea is masked.

    Attributes:
        month: first day of the month, UTC.
    """

    month: dt.datetime

    def evaluate(self, scenery: Scenery, frame: Frame) -> Pixels:
        """See Shown.evaluate."""
        land, high = scenery.ground(frame)
        nodes = nodes_of(frame, _WEATHER_NODES)
        latitude = frame.rows[:, None].astype(np.float32)
        kelvin = air_temperature(nodes, latitude, high, year=self.month.year, month=self.month.month)
        return kelvin, land


@dataclass(frozen=True)
class Heights:
    """Height of the ground in whole metres: 0 on the sea; one-degree cells without any land are masked."""

    def evaluate(self, scenery: Scenery, frame: Frame) -> Pixels:
        """See Shown.evaluate."""
        land, high = scenery.ground(frame)
        return np.rint(np.where(land, high, 0)), _cells_with_land(scenery, frame)


def _cells_with_land(scenery: Scenery, frame: Frame) -> np.ndarray:
    columns, rows = np.floor(frame.columns).astype(int), np.floor(frame.rows).astype(int)
    west, south = np.arange(columns.min(), columns.max() + 1), np.arange(rows.min(), rows.max() + 1)
    x, y = np.meshgrid(np.remainder(west + 180, 360) - 180, south)
    cells = shapely.box(x.ravel(), y.ravel(), x.ravel() + 1, y.ravel() + 1)
    found = scenery.coast.touching(cells).reshape(x.shape)
    return np.asarray(found[np.ix_(rows - south[0], columns - west[0])])


TEMPERATURE_TYPE, HEIGHT_TYPE = DOUBLE, PixelType("int", -32768, 32767)
