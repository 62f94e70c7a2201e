"""Coordinate reference systems by the codes Earth Engine accepts. What does not belong here: lattices and shapes."""

from __future__ import annotations

import math
from functools import lru_cache

import pyproj

from eo_pipeline.sandbox.errors import ServiceError

METRES_PER_DEGREE = math.pi * 6378137 / 180
"""Length of a degree on the equator; Earth Engine's nominal scale of geographic systems."""

_SINUSOIDAL = "+proj=sinu +R=6371007.181 +nadgrids=@null +wktext"
_SPATIAL_REFERENCE_ORG = {"SR-ORG:6974": _SINUSOIDAL, "SR-ORG:6842": _SINUSOIDAL, "SR-ORG:6627": "EPSG:3857"}


@lru_cache(maxsize=256)
def parse_crs(code: str) -> pyproj.CRS:
    """The system behind an authority code or WKT.

    Raises:
        ServiceError: the text is no coordinate reference system.
    """
    try:
        return pyproj.CRS.from_user_input(_SPATIAL_REFERENCE_ORG.get(code, code))
    except pyproj.exceptions.CRSError as error:
        raise ServiceError(f"The CRS of a map projection could not be parsed: '{code}'.") from error


@lru_cache(maxsize=256)
def transformer(source: str, target: str) -> pyproj.Transformer:
    """Coordinate operation between two codes, always x (east) before y (north)."""
    return pyproj.Transformer.from_crs(parse_crs(source), parse_crs(target), always_xy=True)


@lru_cache(maxsize=256)
def metres_per_unit(code: str) -> float:
    """Length in metres of one unit of the system's axes; degrees count as on the equator."""
    crs = parse_crs(code)
    return METRES_PER_DEGREE if crs.is_geographic else float(crs.axis_info[0].unit_conversion_factor)


@lru_cache(maxsize=256)
def is_geographic(code: str) -> bool:
    """True if coordinates are longitude and latitude in degrees."""
    return bool(parse_crs(code).is_geographic)
