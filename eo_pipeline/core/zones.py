"""Statistics of zones: which there are, what they become in physical units, and the columns that hold them.

Statistics are taken of stored numbers, as rasterstats names and computes them; physical = stored * scale + offset.
Does not belong here: polygons (see zone_shapes) and the pixels themselves.
"""

import math
from collections.abc import Mapping, Sequence

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.tables import Column
from eo_pipeline.errors import ProductError, ZonesError

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
        return (f"{PERCENTILE}{100 - _percent(statistic):.12g}",)
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


def column_name(band: str, statistic: str) -> str:
    """The name of a statistic's column, `<band>_<statistic>`."""
    return f"{band}_{statistic}"


def zone_columns(id_column: str, bands: Sequence[BandEncoding], statistics: Sequence[str]) -> tuple[Column, ...]:
    """The schema of a table of zonal statistics, in column order.

    Raises:
        ProductError: a statistic is unknown.
        ZonesError: two columns would have one name.
    """
    names = check_statistics(statistics)
    columns = (
        Column(id_column, "as in the file of zones", "identifies the zone in its file; unique"),
        Column("period", "string", "key of the period"),
        Column("period_start", "date", "first day of the period, UTC"),
        Column("period_end", "date", "day after the last day of the period, UTC"),
        *(_statistic_column(band, statistic) for band in bands for statistic in names),
    )
    repeated = sorted({column.name for column in columns if [other.name for other in columns].count(column.name) > 1})
    if repeated:
        raise ZonesError(f"expected different column names, got {', '.join(repeated)} twice; rename the id column")
    return columns


def _statistic_column(band: BandEncoding, statistic: str) -> Column:
    meaning = DESCRIPTIONS.get(statistic) or f"{_percent(statistic):g}th percentile of the zone's usable pixels"
    described = f"{band.name} ({band.description})" if band.description else band.name
    whole = statistic in WHOLE_NUMBERS
    units = ("values" if statistic == "unique" else "pixels") if whole else band.units
    return Column(column_name(band.name, statistic), "int64" if whole else "double", f"{described}: {meaning}", units)


def _is_percentile(name: str) -> bool:
    if not name.startswith(PERCENTILE):
        return False
    number = name.removeprefix(PERCENTILE)
    return number.replace(".", "", 1).isdigit() and 0 <= float(number) <= 100


def _percent(name: str) -> float:
    return float(name.removeprefix(PERCENTILE))
