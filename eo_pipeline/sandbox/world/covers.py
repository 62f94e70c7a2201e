"""What grows and lies where: kinds of cover, their seasons and colours. What does not belong here: places.

Every number is invented, chosen to resemble published spectra and calendars of the middle latitudes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

BANDS = ("B1", "B2", "B3", "B4", "B5", "B6", "B7", "B8", "B8A", "B9", "B11", "B12")
"""Reflective bands of Sentinel-2 level 2A, in order."""

YEAR_DAYS = 366
"""Length of the season tables, days."""

Spectrum = tuple[float, ...]
"""Reflectance by band of BANDS, 0..1."""

WATER: Spectrum = (0.055, 0.052, 0.046, 0.026, 0.022, 0.017, 0.016, 0.014, 0.013, 0.012, 0.009, 0.007)
SNOW: Spectrum = (0.88, 0.89, 0.90, 0.89, 0.88, 0.86, 0.84, 0.82, 0.79, 0.60, 0.12, 0.10)
CLOUD: Spectrum = (0.74, 0.73, 0.72, 0.72, 0.73, 0.74, 0.74, 0.75, 0.74, 0.60, 0.50, 0.38)

_LEAF: Spectrum = (0.022, 0.027, 0.062, 0.030, 0.10, 0.31, 0.40, 0.43, 0.45, 0.44, 0.21, 0.105)
_NEEDLE: Spectrum = (0.018, 0.020, 0.036, 0.022, 0.056, 0.16, 0.20, 0.225, 0.24, 0.24, 0.115, 0.055)
_FLOWER: Spectrum = (0.030, 0.036, 0.135, 0.120, 0.19, 0.33, 0.39, 0.42, 0.44, 0.43, 0.25, 0.14)
_SOIL: Spectrum = (0.062, 0.078, 0.112, 0.150, 0.175, 0.195, 0.212, 0.225, 0.238, 0.24, 0.315, 0.270)
_STUBBLE: Spectrum = (0.075, 0.098, 0.150, 0.195, 0.225, 0.250, 0.265, 0.280, 0.290, 0.29, 0.360, 0.280)
_LITTER: Spectrum = (0.030, 0.036, 0.055, 0.070, 0.092, 0.120, 0.135, 0.145, 0.155, 0.16, 0.200, 0.140)
_HAY: Spectrum = (0.045, 0.058, 0.092, 0.100, 0.140, 0.190, 0.215, 0.235, 0.250, 0.25, 0.290, 0.210)
_SAND: Spectrum = (0.13, 0.17, 0.26, 0.36, 0.39, 0.41, 0.43, 0.44, 0.45, 0.45, 0.56, 0.50)
_ROCK: Spectrum = (0.105, 0.120, 0.140, 0.158, 0.168, 0.176, 0.184, 0.190, 0.196, 0.20, 0.225, 0.200)
_TOWN: Spectrum = (0.110, 0.125, 0.142, 0.155, 0.168, 0.185, 0.195, 0.205, 0.213, 0.22, 0.225, 0.205)


@dataclass(frozen=True)
class Cover:
    """A kind of land cover.

    Attributes:
        name: what it is.
        leaf: reflectance where leaves cover the ground.
        ground: reflectance without leaves.
        calendar: (day of year, share of the ground under leaves) points of the northern middle latitudes, joined
            linearly around the year.
        flowering: (first, last) day of year of yellow flowers, or None.
    """

    name: str
    leaf: Spectrum
    ground: Spectrum
    calendar: tuple[tuple[int, float], ...]
    flowering: tuple[int, int] | None = None


COVERS: tuple[Cover, ...] = (
    Cover("water", WATER, WATER, ((1, 0.0),)),
    Cover("needle forest", _NEEDLE, _LITTER, ((30, 0.84), (190, 0.94))),
    Cover("leaf forest", _LEAF, _LITTER, ((95, 0.22), (135, 0.95), (255, 0.90), (305, 0.25))),
    Cover("meadow", _LEAF, _HAY, ((40, 0.42), (130, 0.88), (165, 0.62), (195, 0.80), (290, 0.60), (340, 0.45))),
    Cover(
        "winter wheat", _LEAF, _STUBBLE, ((30, 0.28), (90, 0.45), (135, 0.95), (170, 0.75), (198, 0.08), (290, 0.06))
    ),
    Cover("maize", _LEAF, _SOIL, ((60, 0.05), (135, 0.06), (195, 0.92), (240, 0.90), (275, 0.30), (290, 0.06))),
    Cover(
        "rapeseed",
        _LEAF,
        _STUBBLE,
        ((40, 0.45), (100, 0.80), (145, 0.88), (185, 0.25), (205, 0.06), (255, 0.12), (310, 0.48)),
        flowering=(112, 142),
    ),
    Cover("beet", _LEAF, _SOIL, ((95, 0.04), (125, 0.10), (175, 0.92), (270, 0.85), (295, 0.08), (360, 0.05))),
    Cover(
        "alfalfa",
        _LEAF,
        _HAY,
        ((50, 0.45), (135, 0.94), (150, 0.40), (185, 0.90), (200, 0.42), (240, 0.88), (320, 0.5)),
    ),
    Cover("desert", _LEAF, _SAND, ((1, 0.03),)),
    Cover("rock", _LEAF, _ROCK, ((100, 0.02), (190, 0.22), (280, 0.03))),
    Cover("town", _LEAF, _TOWN, ((90, 0.15), (150, 0.32), (270, 0.26), (320, 0.15))),
    Cover("road", _LEAF, _TOWN, ((1, 0.08),)),
    Cover(
        "farmland",
        _LEAF,
        _SOIL,
        ((40, 0.30), (90, 0.38), (140, 0.70), (190, 0.58), (240, 0.52), (290, 0.22), (340, 0.25)),
    ),
    Cover("steppe", _LEAF, _HAY, ((60, 0.18), (125, 0.55), (180, 0.36), (230, 0.20), (300, 0.18))),
    Cover("rain forest", _LEAF, _LITTER, ((1, 0.95),)),
    Cover("tundra", _LEAF, _HAY, ((140, 0.08), (195, 0.58), (250, 0.12))),
)

CODE: Mapping[str, int] = {cover.name: code for code, cover in enumerate(COVERS)}
"""Index of a cover in COVERS by its name."""

CROPS = ("winter wheat", "maize", "rapeseed", "beet", "alfalfa", "winter wheat", "maize", "meadow")
"""What fields grow, drawn evenly: wheat and maize twice as often."""


@lru_cache(maxsize=1)
def leaf_table() -> np.ndarray:
    """Share of ground under leaves, float32 (cover, day of year - 1)."""
    days = np.arange(1, YEAR_DAYS + 1)
    rows = []
    for cover in COVERS:
        at, share = np.array(cover.calendar).T
        rows.append(np.interp(days, at, share, period=YEAR_DAYS))
    return np.array(rows, np.float32)


@lru_cache(maxsize=len(BANDS))
def reflectance_table(band: str) -> np.ndarray:
    """Reflectance 0..1 of one band, float32 (cover, day of year - 1)."""
    number = BANDS.index(band)
    leaf = np.array([cover.leaf[number] for cover in COVERS], np.float32)[:, None]
    ground = np.array([cover.ground[number] for cover in COVERS], np.float32)[:, None]
    table = ground + leaf_table() * (leaf - ground)
    days = np.arange(1, YEAR_DAYS + 1)
    for code, cover in enumerate(COVERS):
        if cover.flowering is not None:
            first, last = cover.flowering
            bloom = np.clip(np.minimum(days - first, last - days) / 8.0, 0, 1).astype(np.float32)
            table[code] += bloom * (np.float32(_FLOWER[number]) - table[code])
    return np.asarray(table)
