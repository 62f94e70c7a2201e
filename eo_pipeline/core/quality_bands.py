"""What the quality bands of well-known collections say, and which of it usually makes a pixel unusable.

Does not belong here: masking by it (core.masking, earth_engine.masking).
"""

from collections.abc import Mapping

SCL: Mapping[int, str] = {
    0: "no data",
    1: "saturated or defective",
    2: "dark area",
    3: "cloud shadow",
    4: "vegetation",
    5: "not vegetated",
    6: "water",
    7: "unclassified",
    8: "cloud, medium probability",
    9: "cloud, high probability",
    10: "thin cirrus",
    11: "snow or ice",
}
"""Classes of Sentinel-2's scene classification (ESA, Level-2A algorithm theoretical basis document)."""
QA_PIXEL: Mapping[int, str] = {
    0: "fill",
    1: "dilated cloud",
    2: "cirrus",
    3: "cloud",
    4: "cloud shadow",
    5: "snow",
    6: "clear",
    7: "water",
}
"""Single bits of Landsat Collection 2's QA_PIXEL (USGS, Landsat 8-9 Collection 2 Level 2 product guide)."""
QA60: Mapping[int, str] = {10: "opaque cloud", 11: "cirrus"}
"""Bits of Sentinel-2's QA60, which was left empty from February 2022 to February 2024: nothing is masked then."""

_CLOUDY_CLASSES, _WATER_CLASS, _SNOW_CLASS = (0, 1, 3, 8, 9, 10), 6, 11
_CLOUDY_BITS, _SNOW_BIT, _WATER_BIT = (0, 1, 2, 3, 4), 5, 7


def unusable_classes(*, snow: bool, water: bool) -> list[int]:
    """Classes of SCL: no data, defects, cloud shadow, clouds and cirrus; snow and water if so asked."""
    return sorted([*_CLOUDY_CLASSES, *([_SNOW_CLASS] if snow else []), *([_WATER_CLASS] if water else [])])


def unusable_bits(*, snow: bool, water: bool) -> list[int]:
    """Bits of QA_PIXEL: fill, clouds, cirrus and cloud shadow; snow and water if so asked."""
    return [*_CLOUDY_BITS, *([_SNOW_BIT] if snow else []), *([_WATER_BIT] if water else [])]
