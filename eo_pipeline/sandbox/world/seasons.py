"""The ground on a day: reflectance without clouds, leaves, snow. What does not belong here: clouds, encoding."""

from __future__ import annotations

import datetime as dt

import numpy as np

from eo_pipeline.sandbox.world.climate import monthly_normal
from eo_pipeline.sandbox.world.covers import BANDS, CODE, SNOW, YEAR_DAYS, leaf_table, reflectance_table
from eo_pipeline.sandbox.world.noise import ramp
from eo_pipeline.sandbox.world.surface import Surface

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def day_of_year(time_ms: int) -> int:
    """1..366 of milliseconds since 1970, UTC."""
    return (EPOCH + dt.timedelta(milliseconds=time_ms)).timetuple().tm_yday


def reflectance(surface: Surface, band: str, time_ms: int) -> np.ndarray:
    """Reflectance 0..1 of the ground without clouds, float32 (row, column).

    Args:
        surface: the ground.
        band: one of BANDS.
        time_ms: milliseconds since 1970; only the day of the year counts.
    """
    ground = _seasonal(surface, reflectance_table(band), time_ms) * surface.tone
    white = snow(surface, time_ms)
    ground += white * (np.float32(SNOW[BANDS.index(band)]) - ground)
    return np.asarray(np.clip(ground, 0.0001, 1.0))


def leaves(surface: Surface, time_ms: int) -> np.ndarray:
    """Share of the ground under leaves 0..1, float32 (row, column); 0 on water."""
    return _seasonal(surface, leaf_table(), time_ms)


def snow(surface: Surface, time_ms: int) -> np.ndarray:
    """Share of the ground under snow 0..1, float32 (row, column); 0 on water."""
    month = (day_of_year(time_ms) - 15.5) / 30.5
    celsius = monthly_normal(surface.latitude, surface.elevation, month) + np.float32(2) * surface.snow_noise
    white = ramp(celsius, -1.0, -4.5)
    white[surface.cover == CODE["water"]] = 0
    forest = (surface.cover == CODE["needle forest"]) | (surface.cover == CODE["leaf forest"])
    white[forest] *= np.float32(0.45)
    return white


def _seasonal(surface: Surface, table: np.ndarray, time_ms: int) -> np.ndarray:
    """A (cover, day) table at the pixels; where there are no seasons, its yearly mean."""
    days = (day_of_year(time_ms) - 1 - surface.late) % np.int16(YEAR_DAYS)
    index = surface.cover.astype(np.int32) * YEAR_DAYS + days
    mean = np.take(table.mean(axis=1), surface.cover)
    return np.asarray(mean + surface.seasonality * (np.take(table.ravel(), index) - mean))
