"""What stored numbers mean, of collections whose catalogue pages say so. What does not belong here: local rasters.

Documented on each collection's page in Earth Engine's catalogue (`gee:scale`, `gee:offset`).
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class _Meaning:
    """Quantity = stored * scale + offset, of bands whose names match in collections whose ids match."""

    collections: re.Pattern[str]
    bands: re.Pattern[str]
    scale: float
    offset: float = 0.0


_MEANINGS = (
    _Meaning(re.compile(r"COPERNICUS/S2_SR(_HARMONIZED)?"), re.compile(r"B(\d\d?|8A)"), 0.0001),
    _Meaning(re.compile(r"LANDSAT/L\w+/C02/T\d_L2"), re.compile(r"SR_B\d"), 2.75e-05, -0.2),
    _Meaning(re.compile(r"LANDSAT/L\w+/C02/T\d_L2"), re.compile(r"ST_B\d+"), 0.00341802, 149.0),
    _Meaning(re.compile(r"MODIS/\d+/M[OY]D11A[12]"), re.compile(r"LST_(Day|Night)_1km"), 0.02),
    _Meaning(re.compile(r"MODIS/\d+/M[OY]D13\w+"), re.compile(r"NDVI|EVI"), 0.0001),
)


def physical(collection_id: str, band: str) -> dict[str, object]:
    """`scale` and `offset` of a band of `raster:bands`; empty where numbers stand for themselves.

    Args:
        collection_id: of Earth Engine.
        band: its name there.
    """
    for meaning in _MEANINGS:
        if meaning.collections.fullmatch(collection_id) and meaning.bands.fullmatch(band):
            return {"scale": meaning.scale, "offset": meaning.offset}
    return {}
