"""Columns of a table of zonal statistics: names, meanings and units.

What does not belong here: values (`statistics`), and how a table becomes a file.
"""

from collections.abc import Sequence

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.tables import Column
from eo_pipeline.core.zonal.statistics import DESCRIPTIONS, WHOLE_NUMBERS, check_statistics, percent_of
from eo_pipeline.errors import ZonesError


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
    meaning = DESCRIPTIONS.get(statistic) or f"{percent_of(statistic):g}th percentile of the zone's usable pixels"
    described = f"{band.name} ({band.description})" if band.description else band.name
    whole = statistic in WHOLE_NUMBERS
    units = ("values" if statistic == "unique" else "pixels") if whole else band.units
    return Column(column_name(band.name, statistic), "int64" if whole else "double", f"{described}: {meaning}", units)
