"""What a satellite sees of the ground through the sky, as reflectance. What does not belong here: storing it."""

from __future__ import annotations

import numpy as np

from eo_pipeline.sandbox.world.covers import BANDS, CLOUD
from eo_pipeline.sandbox.world.frames import Frame
from eo_pipeline.sandbox.world.noise import uniform
from eo_pipeline.sandbox.world.orbits import Pass
from eo_pipeline.sandbox.world.scenery import Scenery
from eo_pipeline.sandbox.world.seasons import reflectance
from eo_pipeline.sandbox.world.sky import Sky


def seen_reflectance(
    scenery: Scenery, frame: Frame, one: Pass, *, band: str, time_ms: int, haze: np.float32
) -> tuple[np.ndarray, Sky]:
    """Reflectance 0..1 with clouds and shadows, float32 (row, column), and the sky it was seen through.

    Args:
        scenery: the world.
        frame: where.
        one: the pass, whose sky it is.
        band: a band of Sentinel-2, one of BANDS.
        time_ms: milliseconds since 1970, for the season.
        haze: factor of the whole pass.
    """
    sky = scenery.sky(frame, one)
    seen = through(sky, reflectance(scenery.surface(frame), band, time_ms), band)
    seen *= haze
    return seen, sky


def through(sky: Sky, ground: np.ndarray, band: str) -> np.ndarray:
    """The ground's reflectance, shaded by clouds, then mixed with cirrus and clouds; the argument is overwritten."""
    ground *= np.float32(1) - np.float32(0.55) * sky.shadow
    cloud = np.float32(CLOUD[BANDS.index(band)])
    ground += np.float32(0.25) * sky.cirrus * (cloud - ground)
    ground += sky.cloud * (cloud * sky.bright - ground)
    return ground


def haze_of(one: Pass, seed: int) -> np.float32:
    """A brightness of the whole pass, 0.98..1.02: what an atmospheric correction leaves."""
    return np.float32(0.98 + 0.04 * float(uniform(one.track, one.cycle, seed)[0]))
