"""Where the sun stands at a Sentinel-2 pass. What does not belong here: light on slopes, shadows on the ground."""

from __future__ import annotations

import numpy as np

_HOUR_ANGLE = np.deg2rad(-22.5)
"""10:30 local time, everywhere along the pass."""


def zenith_azimuth(latitude: np.ndarray, day_of_year: int) -> tuple[np.ndarray, np.ndarray]:
    """Zenith angle (at most 80) and azimuth (clockwise from north) in degrees at 10:30 local time.

    Args:
        latitude: degrees.
        day_of_year: 1..366.
    """
    declination = np.deg2rad(-23.44) * np.cos(2 * np.pi * (day_of_year + 10) / 365.25)
    place = np.deg2rad(latitude)
    height = np.sin(place) * np.sin(declination) + np.cos(place) * np.cos(declination) * np.cos(_HOUR_ANGLE)
    east = -np.cos(declination) * np.sin(_HOUR_ANGLE)
    north = np.cos(place) * np.sin(declination) - np.sin(place) * np.cos(declination) * np.cos(_HOUR_ANGLE)
    zenith = np.minimum(np.rad2deg(np.arccos(np.clip(height, -1, 1))), 80)
    return np.asarray(zenith), np.asarray(np.remainder(np.rad2deg(np.arctan2(east, north)), 360))
