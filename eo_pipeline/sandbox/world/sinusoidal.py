"""The sinusoidal projection of MODIS, by its formula. What does not belong here: what is shown in it.

x = R longitude cos(latitude), y = R latitude on a sphere of R = 6371007.181 m; Earth Engine calls it SR-ORG:6974.
"""

from __future__ import annotations

import numpy as np

SINUSOIDAL = "SR-ORG:6974"
RADIUS = 6371007.181
"""Metres."""

HALF_WIDTH, HALF_HEIGHT = 20015109.354, 10007554.677
"""From the middle to the edges of the grid, metres, as Earth Engine's transforms have them."""

_NEARLY_POLE = 89.99


def degrees(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Longitude and latitude of metres; beyond the edge of the globe longitudes stay at +-180."""
    latitude = np.clip(np.rad2deg(np.asarray(y) / RADIUS), -_NEARLY_POLE, _NEARLY_POLE)
    longitude = np.rad2deg(np.asarray(x) / (RADIUS * np.cos(np.deg2rad(latitude))))
    return np.clip(longitude, -180, 180), latitude


def metres(longitude: np.ndarray, latitude: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Eastward and northward metres of degrees."""
    radians = np.deg2rad(latitude)
    return RADIUS * np.deg2rad(longitude) * np.cos(radians), RADIUS * radians


def on_globe(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """True where metres lie on the globe."""
    latitude = np.asarray(y) / RADIUS
    return (np.abs(latitude) <= np.pi / 2) & (np.abs(x) <= np.pi * RADIUS * np.cos(latitude))
