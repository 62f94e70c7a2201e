"""Where and when two satellites pass: a sun-synchronous orbit that repeats. What does not belong here: images.

Both satellites fly the same 143 tracks in 10 days, 5 days apart, and cross the equator southwards at 10:30 local time.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

TRACKS = 143
"""Orbits until the ground track repeats."""

REPEAT_DAYS = 10
"""Days until the ground track of one satellite repeats."""

HALF_SWATH_KM = 145.0
"""Half the width of what is seen across the track."""

DAY_MS = 86_400_000

_PERIOD_DAYS = REPEAT_DAYS / TRACKS
_STEP_DEGREES = 360.0 * REPEAT_DAYS / TRACKS
_TILT = np.deg2rad(180 - 98.62)
_NODE_DAY = 10.5 / 24
_KM_PER_DEGREE = 111.195
_START_LATITUDE = 83.0


@dataclass(frozen=True)
class Pass:
    """One crossing of a track by one satellite, southwards.

    Attributes:
        track: relative orbit, 1..143.
        cycle: number of five-day periods since 1970; even ones are flown by Sentinel-2A, odd ones by 2B.
    """

    track: int
    cycle: int

    @property
    def node_longitude(self) -> float:
        """Longitude of the equator crossing, degrees, -180..180."""
        return float(np.remainder(-_STEP_DEGREES * (self.track - 1) + 180, 360) - 180)

    @property
    def spacecraft(self) -> str:
        """Sentinel-2A or Sentinel-2B."""
        return "Sentinel-2B" if self.cycle % 2 else "Sentinel-2A"

    @property
    def absolute_orbit(self) -> int:
        """A running number of the satellite's orbits."""
        return self.cycle // 2 * TRACKS + self.track

    def time_ms(self, latitude: float) -> int:
        """When the satellite is at a latitude, milliseconds since 1970."""
        days = 5 * self.cycle + _NODE_DAY + (self.track - 1 + _turned(latitude)) * _PERIOD_DAYS
        return round(days * DAY_MS)

    @property
    def start_ms(self) -> int:
        """When the pass begins in the north, milliseconds since 1970: the sensing start of its datatake."""
        return self.time_ms(_START_LATITUDE) // 1000 * 1000

    def across(self, longitude: np.ndarray, latitude: np.ndarray) -> np.ndarray:
        """Distance from the ground track in km, east positive (degrees in)."""
        east = np.remainder(longitude - self.node_longitude - _drift(latitude) + 180, 360) - 180
        return np.asarray(east / _degrees_per_km(latitude))

    def swath(self, south: float, north: float, near: float) -> BaseGeometry:
        """What is seen between two latitudes, EPSG:4326, longitudes unwrapped around the meridian `near`."""
        latitude = np.linspace(south, north, 25)
        middle = self.node_longitude + _drift(latitude)
        middle += np.round((near - middle.mean()) / 360) * 360
        half = HALF_SWATH_KM * _degrees_per_km(latitude)
        west, east = np.column_stack([middle - half, latitude]), np.column_stack([middle + half, latitude])
        return shapely.Polygon(np.vstack([west, east[::-1]]))


def tracks_over(longitude: np.ndarray, latitude: np.ndarray, reach_km: float) -> np.ndarray:
    """Which tracks have a swath within a distance of each of some places (degrees), bool (place, track - 1)."""
    drift, degrees = _drift(latitude), _degrees_per_km(latitude)
    near = np.empty((len(longitude), TRACKS), bool)
    for track in range(TRACKS):
        east = np.remainder(longitude + _STEP_DEGREES * track - drift + 180, 360) - 180
        near[:, track] = np.abs(east / degrees) < HALF_SWATH_KM + reach_km
    return near


def passes(tracks: Sequence[int], start_ms: int) -> Iterator[Pass]:
    """Endless passes of some tracks, of both satellites, sorted by their start; the first may begin before a time."""
    cycle = start_ms // (5 * DAY_MS) - 3
    if tracks:
        fleets = (_fleet(sorted(tracks), number) for number in (cycle, cycle + 1))
        yield from heapq.merge(*fleets, key=lambda one: one.start_ms)


def _fleet(tracks: Sequence[int], cycle: int) -> Iterator[Pass]:
    """Passes of one satellite, whose repeat cycles follow one another."""
    while True:
        yield from (Pass(track, cycle) for track in tracks)
        cycle += 2


@lru_cache(maxsize=65536)
def _turned(latitude: float) -> float:
    """Part of an orbit from the equator crossing to a latitude; negative in the north (before it)."""
    return float(np.rad2deg(_along(np.asarray(latitude)))) / 360


def _along(latitude: np.ndarray) -> np.ndarray:
    """Angle along the orbit from the equator crossing, radians; negative in the north (before it)."""
    sine = np.sin(np.deg2rad(latitude)) / np.sin(_TILT)
    return np.asarray(-np.arcsin(np.clip(sine, -0.9999, 0.9999)))


def _drift(latitude: np.ndarray) -> np.ndarray:
    """Longitude of the track relative to its equator crossing, degrees: geometry and the turning earth."""
    angle = _along(latitude)
    turned = np.rad2deg(np.arctan2(np.cos(_TILT) * np.sin(angle), np.cos(angle)))
    return np.asarray(-turned - np.rad2deg(angle) * _PERIOD_DAYS)


def _degrees_per_km(latitude: np.ndarray) -> np.ndarray:
    """Degrees of longitude for a kilometre across the (slanting) track."""
    cosine = np.maximum(np.cos(np.deg2rad(latitude)), 0.05)
    slope = (_drift(latitude + 0.05) - _drift(latitude - 0.05)) / 0.1 * cosine
    return np.asarray(np.sqrt(1 + slope**2) / (_KM_PER_DEGREE * cosine))
