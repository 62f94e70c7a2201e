"""Where and when pairs of satellites pass: sun-synchronous orbits that repeat. What does not belong here: images.

Both satellites of a pair fly the same tracks, half a repeat cycle apart.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import count

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

DAY_MS = 86_400_000

PASS_MS = 3_600_000
"""A pass takes no longer."""

_KM_PER_DEGREE = 111.195
_START_LATITUDE = 83.0


@dataclass(frozen=True)
class Orbit:
    """An orbit that two satellites share.

    Attributes:
        name: what it is called.
        tracks: orbits until the ground track repeats.
        repeat_days: days until the ground track of one satellite repeats.
        inclination: degrees.
        node_day: days since 1970 at which track 1 of cycle 0 crosses the equator southwards.
        node_longitude: where it does so, degrees.
        half_swath_km: half the width of what is seen across the track.
    """

    name: str
    tracks: int
    repeat_days: int
    inclination: float
    node_day: float
    node_longitude: float
    half_swath_km: float

    @property
    def period_days(self) -> float:
        """Days of one turn around the earth."""
        return self.repeat_days / self.tracks

    @property
    def cycle_days(self) -> float:
        """Days until the other satellite flies the same track."""
        return self.repeat_days / 2

    def node_of(self, track: int) -> float:
        """Longitude at which a track (from 1) crosses the equator southwards, degrees, -180..180."""
        turned = self.node_longitude - 360.0 * self.period_days * (track - 1)
        return float(np.remainder(turned + 180, 360) - 180)

    def along(self, latitude: np.ndarray) -> np.ndarray:
        """Angle along the orbit from the equator crossing, radians; negative in the north (before it)."""
        sine = np.sin(np.deg2rad(latitude)) / np.sin(self._tilt)
        return np.asarray(-np.arcsin(np.clip(sine, -0.9999, 0.9999)))

    def turned(self, latitude: float) -> float:
        """Part of a turn from the equator crossing to a latitude; negative in the north (before it)."""
        return _turned(self, latitude)

    def drift(self, latitude: np.ndarray) -> np.ndarray:
        """Longitude of the track relative to its equator crossing, degrees: geometry and the turning earth."""
        return self.drift_at(self.along(latitude))

    def drift_at(self, angle: np.ndarray) -> np.ndarray:
        """The same for an angle along the orbit, radians."""
        turned = np.rad2deg(np.arctan2(np.cos(self._tilt) * np.sin(angle), np.cos(angle)))
        return np.asarray(-turned - np.rad2deg(angle) * self.period_days)

    def slope(self, latitude: np.ndarray) -> np.ndarray:
        """Kilometres that the track goes east for each one north."""
        cosine = np.maximum(np.cos(np.deg2rad(latitude)), 0.05)
        return np.asarray((self.drift(latitude + 0.05) - self.drift(latitude - 0.05)) / 0.1 * cosine)

    def degrees_per_km(self, latitude: np.ndarray) -> np.ndarray:
        """Degrees of longitude for a kilometre across the (slanting) track."""
        cosine = np.maximum(np.cos(np.deg2rad(latitude)), 0.05)
        return np.asarray(np.sqrt(1 + self.slope(latitude) ** 2) / (_KM_PER_DEGREE * cosine))

    def place(self, angle: np.ndarray, aside_km: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Places beside the track: longitude relative to the equator crossing, and latitude, degrees.

        Args:
            angle: along the orbit from the equator crossing, degrees.
            aside_km: across the track, east positive.
        """
        latitude = -np.rad2deg(np.arcsin(np.sin(np.deg2rad(angle)) * np.sin(self._tilt)))
        longitude, slope = self.drift(latitude), self.slope(latitude)
        share = aside_km / _KM_PER_DEGREE / np.sqrt(1 + slope**2)
        beside = latitude - share * slope
        return longitude + share / np.cos(np.deg2rad((latitude + beside) / 2)), beside

    @property
    def _tilt(self) -> float:
        return float(np.deg2rad(180 - self.inclination))


@lru_cache(maxsize=65536)
def _turned(orbit: Orbit, latitude: float) -> float:
    return float(np.rad2deg(orbit.along(np.asarray(latitude)))) / 360


SENTINEL_2 = Orbit("Sentinel-2", 143, 10, 98.62, 10.5 / 24, 0.0, 145.0)
"""Tracks are relative orbits; the equator is crossed at 10:30 local time."""


@dataclass(frozen=True)
class Pass:
    """One crossing of a track by one satellite, southwards.

    Attributes:
        track: which one, from 1.
        cycle: number of half repeat cycles since 1970; even ones are flown by the first satellite, odd ones by the
            second.
        orbit: of which pair.
    """

    track: int
    cycle: int
    orbit: Orbit = SENTINEL_2

    @property
    def node_longitude(self) -> float:
        """Longitude of the equator crossing, degrees, -180..180."""
        return self.orbit.node_of(self.track)

    @property
    def is_second(self) -> bool:
        """True for the second satellite of the pair."""
        return self.cycle % 2 == 1

    @property
    def absolute_orbit(self) -> int:
        """A running number of the satellite's orbits."""
        return self.cycle // 2 * self.orbit.tracks + self.track

    def time_ms(self, latitude: float) -> int:
        """When the satellite is at a latitude, milliseconds since 1970."""
        return self.time_at(self.orbit.turned(latitude))

    def time_at(self, turned: float) -> int:
        """When the satellite is some part of a turn beyond the equator crossing, milliseconds since 1970."""
        orbit = self.orbit
        days = orbit.cycle_days * self.cycle + orbit.node_day + (self.track - 1 + turned) * orbit.period_days
        return round(days * DAY_MS)

    @property
    def start_ms(self) -> int:
        """When the pass begins in the north, milliseconds since 1970: the sensing start of its datatake."""
        return self.time_ms(_START_LATITUDE) // 1000 * 1000

    def across(self, longitude: np.ndarray, latitude: np.ndarray) -> np.ndarray:
        """Distance from the ground track in km, east positive (degrees in)."""
        east = np.remainder(longitude - self.node_longitude - self.orbit.drift(latitude) + 180, 360) - 180
        return np.asarray(east / self.orbit.degrees_per_km(latitude))

    def along(self, longitude: np.ndarray, latitude: np.ndarray) -> np.ndarray:
        """Angle along the orbit of the nearest place on the ground track, degrees beyond the equator crossing."""
        aside = self.across(longitude, latitude) * self.orbit.slope(latitude)
        return np.asarray(np.rad2deg(self.orbit.along(latitude)) - aside / _KM_PER_DEGREE)

    def swath(self, south: float, north: float, near: float) -> BaseGeometry:
        """What is seen between two latitudes, EPSG:4326, longitudes unwrapped around the meridian `near`."""
        latitude = np.linspace(south, north, 25)
        middle = self.node_longitude + self.orbit.drift(latitude)
        middle += np.round((near - middle.mean()) / 360) * 360
        half = self.orbit.half_swath_km * self.orbit.degrees_per_km(latitude)
        west, east = np.column_stack([middle - half, latitude]), np.column_stack([middle + half, latitude])
        return shapely.Polygon(np.vstack([west, east[::-1]]))


@dataclass(frozen=True)
class Places:
    """Some places as an orbit sees them.

    Attributes:
        longitude: degrees, (place).
        drift: of the orbit at their latitudes, (place).
        degrees_per_km: of the orbit at their latitudes, (place).
    """

    longitude: np.ndarray
    drift: np.ndarray
    degrees_per_km: np.ndarray

    def near(self, track: int, reach_km: float, orbit: Orbit) -> np.ndarray:
        """Whether a track's swath is within a distance, bool (place)."""
        east = np.remainder(self.longitude - orbit.node_of(track) - self.drift + 180, 360) - 180
        return np.asarray(np.abs(east / self.degrees_per_km) < orbit.half_swath_km + reach_km)


Flies = Callable[[int], bool]
"""Whether there is anything to see on a track; asked when the track is first flown."""


def passes(
    tracks: Sequence[int], start_ms: int, orbit: Orbit = SENTINEL_2, flies: Flies = lambda _: True
) -> Iterator[Pass]:
    """Passes of some tracks, of both satellites, sorted by their start: from an hour before a time on, endless.

    Args:
        tracks: from 1, rising.
        start_ms: the time, milliseconds since 1970.
        orbit: of the satellites.
        flies: leaves out tracks; if it leaves out all of them there is no pass.
    """
    cycle = _cycle_at(start_ms, orbit) - 3
    fleets = (
        _fleet(orbit, tracks, count(number, 2), flies, lambda time: time + PASS_MS >= start_ms)
        for number in (cycle, cycle + 1)
    )
    yield from heapq.merge(*fleets, key=lambda one: one.start_ms)


def passes_before(tracks: Sequence[int], end_ms: int, orbit: Orbit, flies: Flies) -> Iterator[Pass]:
    """Passes that start before a time, the last one first, endless; see `passes`."""
    cycle = _cycle_at(end_ms, orbit) + 1
    fleets = (
        _fleet(orbit, tracks[::-1], count(number, -2), flies, lambda time: time < end_ms)
        for number in (cycle, cycle - 1)
    )
    yield from heapq.merge(*fleets, key=lambda one: one.start_ms, reverse=True)


def _cycle_at(time_ms: int, orbit: Orbit) -> int:
    return int((time_ms / DAY_MS - orbit.node_day) // orbit.cycle_days)


def _fleet(
    orbit: Orbit, tracks: Sequence[int], cycles: Iterator[int], flies: Flies, is_in_time: Callable[[int], bool]
) -> Iterator[Pass]:
    """Passes of one satellite, whose repeat cycles follow one another."""
    silent: set[int] = set()
    for cycle in cycles:
        for one in (Pass(track, cycle, orbit) for track in tracks):
            if is_in_time(one.start_ms):
                if flies(one.track):
                    yield one
                else:
                    silent.add(one.track)
        if len(silent) == len(tracks):
            return
