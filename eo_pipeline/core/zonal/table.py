"""What was measured of zones as a table, with a column for each number or with a row for each.

What does not belong here: which numbers there are (`entries`), and files (`storage.tables`).
"""

import geopandas
import numpy as np
import pandas as pd

from eo_pipeline.core.periods import Period
from eo_pipeline.core.zonal.columns import Form, is_whole, never_null, wide_column, zone_columns
from eo_pipeline.core.zonal.entries import Results, entries, numbers
from eo_pipeline.core.zonal.long_rows import ZONE, long_rows
from eo_pipeline.core.zonal.shapes import Zones
from eo_pipeline.core.zonal.wanted import Wanted


def zone_table(
    zones: Zones,
    wanted: Wanted,
    results: Results,
    period: Period | None,
    *,
    form: Form = "wide",
    geometry: bool = False,
) -> pd.DataFrame:
    """The table of one period: rows in the zones' order, columns those of `columns.zone_columns`.

    Args:
        zones: that were measured.
        wanted: what was measured.
        results: of those zones, in their order.
        period: of the pixels; None if they have no date.
        form: wide, a row a zone; long, a row a zone and number.
        geometry: whether shapes are told, too; the table is then a GeoDataFrame in the zones' CRS.
    """
    columns = zone_columns(zones.id_column, wanted, form=form, geometry=geometry, dated=period is not None)
    told = _wide(wanted, results) if form == "wide" else long_rows(wanted, results)
    which = told[ZONE].to_numpy()
    table = told.assign(**{zones.id_column: pd.Series(list(zones.ids)).to_numpy()[which]})
    if period is not None:
        table = table.assign(period=period.key, period_start=period.start.date(), period_end=period.end.date())
    if geometry:
        shapes = np.asarray(zones.geometries, dtype=object)[which]
        table = geopandas.GeoDataFrame(table, geometry=shapes, crs=str(zones.crs))
    return table[[column.name for column in columns]]


def _wide(wanted: Wanted, results: Results) -> pd.DataFrame:
    """A row a zone: ZONE and the columns of `columns.wide_columns`."""
    told: dict[str, object] = {ZONE: np.arange(len(results.sums.count))}
    kinds = {}
    for entry in entries(wanted):
        name = wide_column(entry, wanted).name
        told[name] = numbers(entry, wanted, results)
        if is_whole(entry, wanted):
            kinds[name] = "int64" if never_null(entry) else "Int64"
    return pd.DataFrame(told).astype(kinds)
