"""Some days over a frame of the sinusoidal grid: land, clouds, temperatures. Not here: how they are stored."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from eo_pipeline.sandbox.world.frames import Frame, Nodes, nodes_of
from eo_pipeline.sandbox.world.heat import CLOUD_TOP, surface_temperature
from eo_pipeline.sandbox.world.orbits import DAY_MS
from eo_pipeline.sandbox.world.scenery import Measured, Scenery
from eo_pipeline.sandbox.world.seasons import EPOCH
from eo_pipeline.sandbox.world.sinusoidal import on_globe
from eo_pipeline.sandbox.world.sky import CLOUD_LOW, CLOUD_MEDIUM, cloud_of_day
from eo_pipeline.sandbox.world.surface import Surface

DAY_HOUR, NIGHT_HOUR = 10.5, 22.5
"""Local solar time of the overpasses."""

_EVERY = 4
"""Days from one that may be the clearest to the next."""


@dataclass(frozen=True)
class ModisSpan:
    """The days of an image on a frame.

    Attributes:
        scenery: the world.
        frame: where.
        begin: the first day, UTC.
        days: how many.
    """

    scenery: Scenery
    frame: Frame
    begin: dt.datetime
    days: int

    @cached_property
    def nodes(self) -> Nodes:
        """Nodes around the pixels."""
        return nodes_of(self.frame)

    @cached_property
    def surface(self) -> Surface:
        """The ground."""
        return self.scenery.surface(self.frame)

    @cached_property
    def land(self) -> np.ndarray:
        """True on land and inland water of the globe."""
        x, y = self.frame.columns[None, :], self.frame.rows[:, None]
        return np.asarray(self.scenery.coast.is_land(self.frame) & on_globe(x, y))

    @property
    def first_day(self) -> int:
        """Days since 1970 of the beginning."""
        return (self.begin - EPOCH).days

    @property
    def middle_ms(self) -> int:
        """Middle of the days, milliseconds since 1970."""
        return self.first_day * DAY_MS + self.days * DAY_MS // 2

    def cloud(self, day: int, *, night: bool) -> np.ndarray:
        """Opacity of the clouds of a day (from 0), float32."""
        return cloud_of_day(self.nodes, self.first_day + day, NIGHT_HOUR if night else DAY_HOUR)

    @cached_property
    def clearest(self) -> tuple[np.ndarray, np.ndarray]:
        """Opacity of the clouds on the clearest of every fourth day, and which day (from 0) that is."""
        days = np.arange(0, self.days, _EVERY)
        clouds = np.stack([self.cloud(int(day), night=False) for day in days])
        chosen = clouds.argmin(axis=0)
        return np.take_along_axis(clouds, chosen[None], 0)[0], days[chosen]

    def temperature(self, *, night: bool) -> Measured:
        """What is measured by day or by night, kept for the next band.

        Returns:
            Mean of the measured days in kelvin (0 where there is none), how many they are, and the mean opacity of the
            thin clouds above them; float32, (row, column).
        """
        key, size = (self.frame, self.begin, self.days, night), self.frame.width * self.frame.height
        return self.scenery.measured(key, size, lambda: self._measured(night=night))

    def _measured(self, *, night: bool) -> Measured:
        total, count, thin = (np.zeros((self.frame.height, self.frame.width), np.float32) for _ in range(3))
        for day in range(self.days):
            cloud = self.cloud(day, night=night)
            clear = cloud <= np.float32(CLOUD_MEDIUM)
            if clear.any():
                time = (self.first_day + day) * DAY_MS
                ground = surface_temperature(self.scenery, self.frame, time, night=night)
                total += np.where(clear, ground - CLOUD_TOP * cloud, 0)
                count += clear
                thin += np.where(clear, cloud, 0)
        measured = np.maximum(count, 1)
        return total / measured, count, thin / measured


def is_thin(opacity: np.ndarray) -> np.ndarray:
    """True where clouds that are not recognised lower what is measured."""
    return opacity > np.float32(CLOUD_LOW)
