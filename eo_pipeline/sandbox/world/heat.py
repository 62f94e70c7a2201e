"""How warm the ground is by day and by night. What does not belong here: the air, storing temperatures."""

from __future__ import annotations

import numpy as np

from eo_pipeline.sandbox.world.climate import daily_temperature
from eo_pipeline.sandbox.world.frames import Frame, nodes_of
from eo_pipeline.sandbox.world.scenery import Scenery
from eo_pipeline.sandbox.world.seasons import day_of_year, leaves, snow
from eo_pipeline.sandbox.world.sky import Sky
from eo_pipeline.sandbox.world.sun import zenith_azimuth

_MELTING = np.float32(272.5)
"""Snow is not warmer, kelvin."""

CLOUD_TOP = np.float32(28)
"""Kelvin by which an opaque cloud is colder than the ground."""


def surface_temperature(scenery: Scenery, frame: Frame, time_ms: int, *, night: bool) -> np.ndarray:
    """Temperature of the cloud-free ground in kelvin, float32 (row, column).

    By day (10:30) air - 2 + (4 + 16 dry) cos(sun's zenith), by night (22:30) air - 3 - 5 dry, with
    dry = 1 - 0.8 leaves; water is as warm as the daily mean of the air, snow at most 272.5.

    Args:
        scenery: the world.
        frame: where.
        time_ms: milliseconds since 1970; the day counts.
        night: which of the two.
    """
    surface = scenery.surface(frame)
    nodes = nodes_of(frame)
    air = daily_temperature(nodes, surface.latitude, surface.elevation, time_ms)
    dry = np.float32(1) - np.float32(0.8) * leaves(surface, time_ms)
    if night:
        ground = air - np.float32(3) - np.float32(5) * dry
    else:
        zenith, _ = zenith_azimuth(nodes.latitude, day_of_year(time_ms))
        sun = nodes.spread(np.cos(np.deg2rad(zenith)).astype(np.float32))
        ground = air - np.float32(2) + (np.float32(4) + np.float32(16) * dry) * sun
    ground += snow(surface, time_ms) * (np.minimum(ground, _MELTING) - ground)
    return np.asarray(np.where(surface.is_water, air, ground))


def through_cloud(ground: np.ndarray, sky: Sky) -> np.ndarray:
    """What a radiometer sees from above: clouds are colder, cirrus a little, shadows by up to 3 K; in kelvin."""
    hidden = np.float32(3) * sky.shadow + np.float32(6) * sky.cirrus + CLOUD_TOP * sky.cloud
    return np.asarray(ground - hidden)
