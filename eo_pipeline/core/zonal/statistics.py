"""Statistics of zones: which there are, and what they become in physical units.

Statistics are taken of stored numbers, as rasterstats names and computes them; physical = stored * scale + offset.
Does not belong here: polygons (`shapes`), columns (`columns`) and the pixels themselves.
"""

import math
from collections.abc import Mapping, Sequence

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.errors import ProductError

PERCENTILE = "percentile_"
DESCRIPTIONS: Mapping[str, str] = {
    "count": "number of usable pixels of the zone (0, never null, where there are none)",
    "mean": "mean of the zone's usable pixels",
    "sum": "sum of the zone's usable pixels",
    "std": "standard deviation (population) of the zone's usable pixels",
    "min": "smallest usable value of the zone",
    "max": "largest usable value of the zone",
    "median": "median of the zone's usable pixels",
    "range": "largest minus smallest usable value of the zone",
    "majority": "most frequent usable value of the zone",
    "minority": "least frequent usable value of the zone",
    "unique": "number of different usable values of the zone",
    "nodata": "number of the zone's pixels without a value, beyond the rasters' edges included",
}
WHOLE_NUMBERS = ("count", "unique", "nodata")
"""Statistics that count; scale and offset do not touch them."""


def check_statistics(names: Sequence[str]) -> tuple[str, ...]:
    """The names again if each is known and occurs once.

    Raises:
        ProductError: an unknown or repeated name, or none at all.
    """
    unknown = [name for name in names if name not in DESCRIPTIONS and not _is_percentile(name)]
    if unknown or not names or len(set(names)) != len(names):
        raise ProductError(
            f"field statistics: expected different names out of {', '.join(DESCRIPTIONS)}, percentile_N (N from 0 to "
            f"100), got {', '.join(names) or 'none'}{f' ({unknown[0]} is unknown)' if unknown else ''}; correct them"
        )
    return tuple(names)


def raw_names(statistic: str, band: BandEncoding) -> tuple[str, ...]:
    """What must be asked of the stored numbers to know `statistic` of the physical ones.

    A negative scale swaps the ends; a sum needs the count for its offset; rasterstats counts NaN apart from nodata.
    """
    if statistic == "nodata":
        return ("nodata", "nan") if band.is_float else ("nodata",)
    if statistic == "sum":
        return ("sum", "count")
    if band.scale > 0:
        return (statistic,)
    if statistic.startswith(PERCENTILE):
        return (f"{PERCENTILE}{100 - percent_of(statistic):.12g}",)
    return ({"min": "max", "max": "min"}.get(statistic, statistic),)


def physical(statistic: str, raw: Mapping[str, float | None], band: BandEncoding) -> float | None:
    """One statistic in physical units.

    Args:
        statistic: its name.
        raw: statistics of the stored numbers, at least those of `raw_names`; None where there was no usable pixel.
        band: encoding of the stored numbers.

    Returns:
        A whole number for count, unique and nodata; None where there was no usable pixel.
    """
    values = [raw[name] for name in raw_names(statistic, band)]
    if statistic == "nodata":  # NaN is rasterstats' sum over a zone without pixels
        return sum(int(value) for value in values if value is not None and not math.isnan(value))
    first = values[0]
    if first is None:
        return None
    if statistic in WHOLE_NUMBERS:
        return int(first)
    if statistic == "sum":
        return first * band.scale + band.offset * (values[1] or 0)
    if statistic in ("std", "range"):
        return first * abs(band.scale)
    return band.physical(first)


def _is_percentile(name: str) -> bool:
    if not name.startswith(PERCENTILE):
        return False
    number = name.removeprefix(PERCENTILE)
    return number.replace(".", "", 1).isdigit() and 0 <= float(number) <= 100


def percent_of(name: str) -> float:
    """The N of percentile_N."""
    return float(name.removeprefix(PERCENTILE))
