"""Air temperature near the ground at any place and month. What does not belong here: images, the coast."""

from __future__ import annotations

import calendar
import datetime as dt

import numpy as np

from eo_pipeline.sandbox.world.frames import Nodes
from eo_pipeline.sandbox.world.noise import layered, value_noise

KELVIN = np.float32(273.15)

_DAY_MS = 86_400_000
_COLDEST_MONTH = 0.6
"""Middle of the northern winter, months since the middle of January."""


def monthly_normal(latitude: np.ndarray, elevation: np.ndarray, month: float) -> np.ndarray:
    """Long-term mean air temperature in degrees Celsius, float32.

    27.5 - 46 |sin latitude|^2.6 - 0.0062 elevation - (1.5 + 19 |sin latitude|^1.4) cos(2 pi (month - 0.6) / 12), the
    last term with the opposite sign and 0.7 times as large in the south.

    Args:
        latitude: degrees.
        elevation: metres.
        month: 0 is the middle of January, 1 the middle of February; fractions allowed.
    """
    sine = np.sin(np.deg2rad(latitude)).astype(np.float32)
    size = np.abs(sine)
    mean = np.float32(27.5) - np.float32(46) * size ** np.float32(2.6) - np.float32(0.0062) * elevation
    swing = np.float32(1.5) + np.float32(19) * size ** np.float32(1.4)
    side = np.clip(sine * 8, np.float32(-0.7), np.float32(1))
    wave = np.float32(np.cos(2 * np.pi * (month - _COLDEST_MONTH) / 12))
    return np.asarray(mean - swing * side * wave)


def air_temperature(nodes: Nodes, latitude: np.ndarray, elevation: np.ndarray, *, months: float) -> np.ndarray:
    """Mean air temperature around a time in kelvin, float32: the normal, regional noise, weather and a warming trend.

    Args:
        nodes: nodes around the pixels, at most a degree apart: noise is as coarse as that.
        latitude: degrees at the pixels.
        elevation: metres at the pixels.
        months: 12 * year + months since the middle of January; whole numbers are the means of months.
    """
    wave = np.float32(np.cos(2 * np.pi * (months - _COLDEST_MONTH) / 12))
    sine = np.sin(np.deg2rad(nodes.latitude)).astype(np.float32)
    regional = layered(nodes.u, nodes.v, {5: 3.0, 7: 2.5}, 301)
    inland = (value_noise(nodes.u, nodes.v, 4, 331) - np.float32(0.5)) * np.float32(6) * sine
    noise = nodes.spread(regional - inland * wave + _weather(nodes, months))
    trend = np.float32(0.025 * (months // 12 - 1990))
    return np.asarray(KELVIN + trend + monthly_normal(latitude, elevation, months % 12) + noise)


def daily_temperature(nodes: Nodes, latitude: np.ndarray, elevation: np.ndarray, time_ms: int) -> np.ndarray:
    """Mean air temperature of the day (UTC) in kelvin, float32: that around the day, and the day's own weather.

    Args:
        nodes: as in air_temperature.
        latitude: degrees at the pixels.
        elevation: metres at the pixels.
        time_ms: milliseconds since 1970.
    """
    day = time_ms // _DAY_MS
    mean = air_temperature(nodes, latitude, elevation, months=months_at(day))
    return np.asarray(mean + nodes.smooth(lambda u, v: layered(u, v, {4: 3.0}, 70_000 + day)))


def months_at(day: int) -> float:
    """The middle of a day as 12 * year + months since the middle of January.

    Args:
        day: days since 1970.
    """
    date = dt.date(1970, 1, 1) + dt.timedelta(days=day)
    length = calendar.monthrange(date.year, date.month)[1]
    return 12 * date.year + date.month - 1 + (date.day - 0.5) / length - 0.5


def _weather(nodes: Nodes, months: float) -> np.ndarray:
    """Weather at the nodes, kelvin: drawn for the middle of each month, joined linearly."""
    before = int(months // 1)
    share = np.float32(months - before)
    first = layered(nodes.u, nodes.v, {3: 2.0, 5: 2.0}, 1001 + before)
    if share == 0:
        return first
    after = layered(nodes.u, nodes.v, {3: 2.0, 5: 2.0}, 1002 + before)
    return np.asarray(first + share * (after - first))
