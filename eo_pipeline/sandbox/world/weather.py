"""ERA5-Land by month and by day: what its bands show. What does not belong here: air temperature itself."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np

from eo_pipeline.sandbox.catalog.pyramid import Pixels
from eo_pipeline.sandbox.graph.grids import Projection
from eo_pipeline.sandbox.graph.images import BandSource
from eo_pipeline.sandbox.graph.pixel_types import DOUBLE
from eo_pipeline.sandbox.world.climate import air_temperature, daily_temperature
from eo_pipeline.sandbox.world.computed import ComputedBand
from eo_pipeline.sandbox.world.frames import Frame, Nodes, nodes_of
from eo_pipeline.sandbox.world.members import Series, daily, monthly
from eo_pipeline.sandbox.world.noise import layered, value_noise
from eo_pipeline.sandbox.world.relief import wetness
from eo_pipeline.sandbox.world.scenery import Scenery

_WEATHER_NODES = 1.0
"""Degrees between the nodes at which weather is evaluated."""

_TENTH = 0.1
_SOLAR_CONSTANT, _CLEARNESS, _DAY_SECONDS = 1361.0, 0.55, 86400.0
_DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Span:
    """A month or a day of weather on a frame of EPSG:4326.

    Attributes:
        scenery: the world.
        frame: where.
        begin: when, UTC.
        days: how long; 1, or the length of the month.
    """

    scenery: Scenery
    frame: Frame
    begin: dt.datetime
    days: int

    @cached_property
    def nodes(self) -> Nodes:
        """Nodes a degree apart."""
        return nodes_of(self.frame, _WEATHER_NODES)

    @property
    def month(self) -> int:
        """12 * year + months since January."""
        return 12 * self.begin.year + self.begin.month - 1

    @property
    def day(self) -> int:
        """Days since 1970 of the beginning."""
        return (self.begin - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // _DAY

    @property
    def is_day(self) -> bool:
        """True for a single day."""
        return self.days == 1

    @cached_property
    def air(self) -> np.ndarray:
        """Mean air temperature, kelvin."""
        _, high = self.scenery.ground(self.frame)
        latitude = self.frame.rows[:, None].astype(np.float32)
        if self.is_day:
            return daily_temperature(self.nodes, latitude, high, self.day * 86_400_000)
        return air_temperature(self.nodes, latitude, high, months=self.month)

    @cached_property
    def wet(self) -> np.ndarray:
        """Wetness of the climate, 0..1."""
        nodes = self.nodes
        return nodes.spread(wetness(nodes.u, nodes.v, nodes.longitude, nodes.latitude))


Quantity = Callable[[Span], np.ndarray]


def _air(span: Span) -> np.ndarray:
    return span.air


def _swing(span: Span) -> np.ndarray:
    """From the mean to the extremes of the air temperature: of a day, or of a whole month."""
    return np.asarray(np.float32(3 if span.is_day else 7) + np.float32(6) * (np.float32(1) - span.wet))


def _coldest(span: Span) -> np.ndarray:
    return np.asarray(span.air - _swing(span))


def _warmest(span: Span) -> np.ndarray:
    return np.asarray(span.air + _swing(span))


def _dew_point(span: Span) -> np.ndarray:
    return np.asarray(span.air - np.float32(2) - np.float32(14) * (np.float32(1) - span.wet))


def _skin(span: Span) -> np.ndarray:
    return np.asarray(span.air + np.float32(0.8))


def _soil_water(span: Span) -> np.ndarray:
    return np.asarray(np.float32(0.05) + np.float32(0.4) * span.wet)


def _rain(span: Span) -> np.ndarray:
    """Metres: the month's sum, or the day's share of it."""
    month = np.float32(0.2) * span.wet**2
    month = month * (np.float32(0.4) + np.float32(1.2) * span.nodes.smooth(partial(_uniform, 5, 90_000 + span.month)))
    if not span.is_day:
        return np.asarray(month)
    length = calendar.monthrange(span.begin.year, span.begin.month)[1]
    return np.asarray(month / length * 2 * span.nodes.smooth(partial(_uniform, 6, 110_000 + span.day)))


def _uniform(octave: int, seed: int, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    return value_noise(u, v, octave, seed)


def _sunshine(span: Span) -> np.ndarray:
    """J/m2: 0.55 of what arrives above the atmosphere, at the span's middle day, times its days."""
    middle = (span.begin + dt.timedelta(days=(span.days - 1) // 2)).timetuple().tm_yday
    declination = np.deg2rad(-23.44) * np.cos(2 * np.pi * (middle + 10) / 365.25)
    place = np.deg2rad(np.clip(span.frame.rows[:, None], -89.9, 89.9))
    half_day = np.arccos(np.clip(-np.tan(place) * np.tan(declination), -1, 1))
    mean = half_day * np.sin(place) * np.sin(declination) + np.cos(place) * np.cos(declination) * np.sin(half_day)
    joules = _SOLAR_CONSTANT * _DAY_SECONDS / np.pi * mean * _CLEARNESS * span.days
    return np.broadcast_to(joules, (span.frame.height, span.frame.width))


def _wind(seed: int) -> Quantity:
    def blown(span: Span) -> np.ndarray:
        number = span.day if span.is_day else span.month
        return span.nodes.smooth(lambda u, v: layered(u, v, {4: 7.0, 6: 3.0}, seed + number))

    return blown


QUANTITIES: Mapping[str, Quantity] = {
    "dewpoint_temperature_2m": _dew_point,
    "temperature_2m": _air,
    "skin_temperature": _skin,
    "volumetric_soil_water_layer_1": _soil_water,
    "surface_solar_radiation_downwards_sum": _sunshine,
    "u_component_of_wind_10m": _wind(130_000),
    "v_component_of_wind_10m": _wind(150_000),
    "total_precipitation_sum": _rain,
    "temperature_2m_min": _coldest,
    "temperature_2m_max": _warmest,
}
"""Bands of ERA5-Land that this world has, in the catalogue's order."""


def weather_series(scenery: Scenery) -> list[Series]:
    """ERA5-Land by month and by day."""

    def bands(days: Callable[[dt.datetime], int], begin: dt.datetime) -> dict[str, BandSource]:
        lattice = Projection("EPSG:4326", (_TENTH, 0.0, -180.05, 0.0, -_TENTH, 90.05))

        def band(quantity: Quantity) -> ComputedBand:
            evaluate = partial(_evaluated, scenery, quantity, begin, days(begin))
            return ComputedBand(lattice, (3601, 1801), DOUBLE, "mean", evaluate)

        return {name: band(quantity) for name, quantity in QUANTITIES.items()}

    months, days = monthly("%Y%m"), daily("%Y%m%d")
    return [
        Series(
            "ECMWF/ERA5_LAND/MONTHLY_AGGR",
            months,
            dt.datetime(1950, 2, 1, tzinfo=dt.UTC),
            months.after,
            partial(bands, lambda month: calendar.monthrange(month.year, month.month)[1]),
            lambda begin: {"year": begin.year, "month": begin.month},
        ),
        Series(
            "ECMWF/ERA5_LAND/DAILY_AGGR",
            days,
            dt.datetime(1950, 1, 2, tzinfo=dt.UTC),
            days.after,
            partial(bands, lambda _: 1),
            lambda begin: {"year": begin.year, "month": begin.month, "day": begin.day},
        ),
    ]


def _evaluated(scenery: Scenery, quantity: Quantity, begin: dt.datetime, days: int, frame: Frame) -> Pixels:
    """The sea is masked."""
    land, _ = scenery.ground(frame)
    return quantity(Span(scenery, frame, begin, days)), land
