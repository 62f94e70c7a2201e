"""Clouds, cirrus and shadows of a pass. What does not belong here: what they do to pixel values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eo_pipeline.sandbox.world.frames import Frame, Nodes, nodes_of
from eo_pipeline.sandbox.world.noise import EQUATOR_METRES, coarser_than, layered, ramp
from eo_pipeline.sandbox.world.orbits import DAY_MS, Pass
from eo_pipeline.sandbox.world.seasons import day_of_year
from eo_pipeline.sandbox.world.sun import zenith_azimuth

_WIND = 12.0
"""Metres a second by which clouds drift east during a day."""

_CLOUD_BASE = 2200.0
"""Height of clouds in metres: how far their shadows fall."""

_SYNOPTIC = {5: 0.75, 6: 0.55, 7: 0.4}
_SHAPE = {9: 0.22, 10: 0.26, 11: 0.3, 12: 0.26, 13: 0.24, 14: 0.17, 15: 0.13, 16: 0.1}
_FINE = {17: 0.075, 18: 0.05}
_CIRRUS = {8: 0.5, 10: 0.3, 12: 0.2}
_THIN, _THICK = 0.09, 0.26


@dataclass(frozen=True)
class Sky:
    """What hides the ground. All arrays are (row, column).

    Attributes:
        cloud: opacity 0..1, float32.
        bright: brightness of the clouds around 1, float32: thick ones shine.
        cirrus: opacity of thin high clouds 0..1, float32.
        shadow: 0..1, float32: darkness of cloud shadows; 0 under clouds.
        seen: True inside the swath.
    """

    cloud: np.ndarray
    bright: np.ndarray
    cirrus: np.ndarray
    shadow: np.ndarray
    seen: np.ndarray


def sky_of(frame: Frame, one: Pass) -> Sky:
    """Evaluate the sky of a pass over a frame."""
    nodes = nodes_of(frame)
    u, v = _drifted(nodes.u, one), nodes.v
    seed = weather_seed(one)
    cloud = nodes.spread(_coarse(u, v, seed))
    cloud += _fine(nodes, frame, one, seed, cloud)
    opacity = ramp(cloud, _THIN, _THICK)
    east, north = _shadow_shift(nodes, one)
    shadow = ramp(nodes.spread(_coarse(u + east, v + north, seed)), _THIN, _THICK) * (np.float32(1) - opacity)
    cirrus = ramp(nodes.spread(_cirrus(u, v, seed)), 0.22, 0.6) * (np.float32(1) - opacity)
    bright = np.float32(0.68) + np.float32(0.5) * np.clip(cloud * np.float32(1.2), 0, 1)
    return Sky(opacity, bright, cirrus, shadow, _in_swath(nodes, one))


def cloud_of_day(nodes: Nodes, day: int, local_hour: float) -> np.ndarray:
    """Opacity 0..1 of the clouds at one solar time everywhere, float32 (row, column), without ragged edges.

    They are the clouds that passes of the same day and hour see.

    Args:
        nodes: nodes around the pixels.
        day: days since 1970.
        local_hour: mean solar time, hours.
    """
    seconds = (local_hour - nodes.longitude / 15) * 3600
    u = nodes.u - _WIND * seconds / EQUATOR_METRES
    return ramp(nodes.spread(_coarse(u, nodes.v, _seed_of(day))), _THIN, _THICK)


def in_swath(frame: Frame, one: Pass) -> np.ndarray:
    """True inside the swath, (row, column)."""
    return _in_swath(nodes_of(frame), one)


def _in_swath(nodes: Nodes, one: Pass) -> np.ndarray:
    across = nodes.spread(one.across(nodes.longitude, nodes.latitude))
    return np.asarray(np.abs(across) <= one.orbit.half_swath_km)


def cloudy_share(u: np.ndarray, v: np.ndarray, one: Pass) -> float:
    """Share of places under clouds or cirrus, as the scene classification will call them, without fine detail."""
    east, seed = _drifted(u, one), weather_seed(one)
    cloud = ramp(_coarse(east, v, seed), _THIN, _THICK)
    cirrus = ramp(_cirrus(east, v, seed), 0.22, 0.6) * (np.float32(1) - cloud)
    return float(np.mean((cloud > CLOUD_MEDIUM) | (cirrus > CIRRUS)))


CLOUD_LOW, CLOUD_MEDIUM, CLOUD_HIGH, CIRRUS, SHADOW = 0.015, 0.25, 0.6, 0.06, 0.06
"""From which opacity (or darkness) on a pixel is called unclassified, cloud, thick cloud, cirrus, shadow."""


def weather_seed(one: Pass) -> int:
    """One seed a day: all tiles of a pass share their clouds."""
    return _seed_of(one.start_ms // DAY_MS)


def _seed_of(day: int) -> int:
    return 5000 + day * 31


def _drifted(u: np.ndarray, one: Pass) -> np.ndarray:
    seconds = one.start_ms % DAY_MS / 1000
    return np.asarray(u - _WIND * seconds / EQUATOR_METRES)


def _coarse(u: np.ndarray, v: np.ndarray, seed: int) -> np.ndarray:
    return np.asarray(layered(u, v, _SYNOPTIC, seed) + layered(u, v, _SHAPE, seed + 7))


def _cirrus(u: np.ndarray, v: np.ndarray, seed: int) -> np.ndarray:
    """Streaks: noise stretched along the wind."""
    return np.asarray(layered(u, v * 3, _CIRRUS, seed + 13) + layered(u, v, {5: 0.5}, seed + 17))


def _fine(nodes: Nodes, frame: Frame, one: Pass, seed: int, cloud: np.ndarray) -> np.ndarray | np.float32:
    """Ragged edges; octaves finer than the pixel are left out, and all of them where the sky is far from cloudy."""
    seen = coarser_than(frame.metres, _FINE)
    reach = sum(seen.values()) / 2
    if not seen or float(cloud.max()) + reach <= _THIN:
        return np.float32(0)
    u, v = nodes.spread(_drifted(nodes.u, one)), nodes.spread(nodes.v)
    return layered(u, v, seen, seed + 19)


def _shadow_shift(nodes: Nodes, one: Pass) -> tuple[np.ndarray, np.ndarray]:
    """From a place to the cloud that shades it, in world coordinates."""
    zenith, azimuth = zenith_azimuth(nodes.latitude, day_of_year(one.start_ms))
    length = _CLOUD_BASE * np.tan(np.deg2rad(np.minimum(zenith, 70)))
    scale = length / (EQUATOR_METRES * np.cos(np.deg2rad(nodes.latitude)))
    return scale * np.sin(np.deg2rad(azimuth)), scale * np.cos(np.deg2rad(azimuth))
