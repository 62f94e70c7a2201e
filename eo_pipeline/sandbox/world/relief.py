"""Height and wetness of the land at any place. What does not belong here: the coast, land cover.

Broad shapes are a table of real mountains and climates as Gaussian domes; the rest is noise (docs/sandbox_world.md).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eo_pipeline.sandbox.world.frames import Frame, nodes_of, world
from eo_pipeline.sandbox.world.noise import coarser_than, layered, ramp, value_noise

_HILLS = {7: 260.0, 8: 160.0, 10: 140.0, 11: 90.0, 12: 60.0, 13: 35.0}
"""Metres by octave: lowlands."""

_RIDGES = {8: 0.8, 9: 0.5, 10: 0.42, 11: 0.34, 12: 0.24, 13: 0.14, 14: 0.08, 15: 0.04}
"""Share by octave: how mountains are folded."""


_BUMPS = {17: 9.0, 19: 4.0}
"""Metres by octave: what only fine grids show."""

_COARSE_METRES = 1000.0
"""Pixels larger than this are evaluated one by one, without nodes."""


@dataclass(frozen=True)
class Dome:
    """A bump exp(-distance**2), distance measured in its own radii.

    Attributes:
        longitude: of its middle, degrees.
        latitude: of its middle, degrees.
        width: east-west radius, degrees.
        height: north-south radius, degrees.
        value: at its middle (metres of height, or wetness).
    """

    longitude: float
    latitude: float
    width: float
    height: float
    value: float


MOUNTAINS = (
    Dome(10.5, 46.6, 4.5, 1.1, 2300),
    Dome(88.0, 33.0, 16.0, 5.5, 4600),
    Dome(72.0, 40.0, 8.0, 4.0, 2600),
    Dome(-69.5, -20.0, 3.5, 14.0, 3300),
    Dome(-77.0, -4.0, 3.0, 9.0, 2300),
    Dome(-111.0, 41.0, 8.0, 9.0, 1900),
    Dome(-122.0, 54.0, 6.0, 8.0, 1300),
    Dome(-40.0, 73.0, 12.0, 8.0, 2600),
    Dome(60.0, -82.0, 120.0, 10.0, 2700),
    Dome(38.0, 9.0, 5.0, 6.0, 1900),
    Dome(48.0, 33.0, 9.0, 5.0, 1500),
    Dome(43.0, 42.5, 5.0, 1.2, 2000),
    Dome(12.0, 63.0, 5.0, 6.0, 800),
    Dome(102.0, 47.0, 14.0, 6.0, 1500),
    Dome(28.0, -29.0, 4.0, 5.0, 1500),
    Dome(0.0, 42.6, 2.5, 0.6, 1500),
    Dome(-102.0, 22.0, 4.0, 6.0, 1700),
    Dome(140.0, -5.0, 6.0, 1.5, 1900),
)

CLIMATES = (
    Dome(8.0, 23.0, 28.0, 8.0, -0.55),
    Dome(46.0, 23.0, 12.0, 9.0, -0.5),
    Dome(132.0, -25.0, 14.0, 7.0, -0.5),
    Dome(62.0, 40.0, 14.0, 6.0, -0.4),
    Dome(95.0, 41.0, 16.0, 5.0, -0.5),
    Dome(-113.0, 34.0, 8.0, 8.0, -0.45),
    Dome(21.0, -25.0, 7.0, 6.0, -0.35),
    Dome(-69.5, -24.0, 3.0, 8.0, -0.6),
    Dome(-61.0, -5.0, 14.0, 10.0, 0.35),
    Dome(22.0, 0.0, 12.0, 6.0, 0.35),
    Dome(112.0, 0.0, 22.0, 9.0, 0.35),
    Dome(70.0, 27.0, 6.0, 5.0, -0.35),
)


def domes(table: tuple[Dome, ...], longitude: np.ndarray, latitude: np.ndarray) -> np.ndarray:
    """Sum of domes at degrees, float32; the short way around the globe counts."""
    total = np.zeros(np.broadcast_shapes(np.shape(longitude), np.shape(latitude)), np.float32)
    for dome in table:
        east = np.remainder(longitude - dome.longitude + 180, 360) - 180
        across = np.exp(-np.square(east / dome.width)).astype(np.float32)
        along = np.exp(-np.square((latitude - dome.latitude) / dome.height)).astype(np.float32)
        total += np.float32(dome.value) * across * along
    return total


def elevation(
    u: np.ndarray, v: np.ndarray, longitude: np.ndarray, latitude: np.ndarray, *, metres: float = 0.0
) -> np.ndarray:
    """Height of the land above the sea in metres, float32, at least 1 (the coast is not known here).

    Args:
        u: eastward world coordinate.
        v: northward world coordinate.
        longitude: degrees.
        latitude: degrees.
        metres: side of a pixel; octaves that are finer are left out.
    """
    hills, ridges = coarser_than(metres, _HILLS), coarser_than(metres, _RIDGES)
    dome = domes(MOUNTAINS, longitude, latitude)
    chance = ramp(value_noise(u, v, 6, 11), 0.62, 0.95) * np.float32(900)
    ridged = np.float32(1) - np.float32(2) * np.abs(layered(u, v, ridges, 21))
    massive = (dome + chance) * (np.float32(0.35) + np.float32(0.65) * np.clip(ridged, 0, 1))
    return np.asarray(np.maximum(np.float32(230) + layered(u, v, hills, 41) + massive, np.float32(1)))


def ground_heights(frame: Frame) -> np.ndarray:
    """Height of the land at the pixels of a frame of EPSG:4326, metres, float32, at least 1."""
    u, v = world(frame.columns[None, :], frame.rows[:, None])
    if frame.metres > _COARSE_METRES:
        return elevation(u, v, frame.columns[None, :], frame.rows[:, None], metres=frame.metres)
    nodes = nodes_of(frame)
    broad = nodes.spread(elevation(nodes.u, nodes.v, nodes.longitude, nodes.latitude, metres=frame.metres))
    return np.asarray(np.maximum(broad + layered(u, v, coarser_than(frame.metres, _BUMPS), 501), np.float32(1)))


def wetness(u: np.ndarray, v: np.ndarray, longitude: np.ndarray, latitude: np.ndarray) -> np.ndarray:
    """0 desert .. 1 rain forest, float32: latitude belts, climates of the table, and noise."""
    belts = np.float32(0.52) + np.float32(0.2) * np.cos(np.deg2rad(latitude) * 6).astype(np.float32)
    damp = belts + domes(CLIMATES, longitude, latitude) + layered(u, v, {6: 0.25, 8: 0.15, 10: 0.08}, 61)
    return np.asarray(np.clip(damp, 0, 1))
