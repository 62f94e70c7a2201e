"""Rows of a partition as its table. What does not belong here: where they come from, and files."""

import datetime as dt
from collections.abc import Iterator, Sequence

import pandas as pd

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.periods import Period
from eo_pipeline.core.product import Series
from eo_pipeline.core.series.columns import series_columns
from eo_pipeline.core.series.statistics import Sums, physical
from eo_pipeline.core.series.work_list import WorkList

Rows = list[tuple[int, str | None, tuple[Sums, ...]]]
"""Region's number, image's index or None, and the sums of each band in order."""


def series_table(
    series: Series, bands: Sequence[BandEncoding], *, period: Period, work: WorkList, rows: Rows
) -> pd.DataFrame:
    """The table of one partition, its rows by region, then time; columns of `columns.series_columns`.

    Args:
        series: as declared.
        bands: of each row's sums, in order.
        period: of the partition.
        work: regions and images that rows name.
        rows: in any order.
    """
    columns = series_columns(series, bands)
    times = {image.index: (number, _day(image.time_start)) for number, image in enumerate(work.images or ())}
    made = []
    for row, image, sums in sorted(rows, key=lambda found: (found[0], times[found[1]][0] if found[1] else 0)):
        region = work.regions[row]
        when = _period(period) if image is None else (image, times[image][1])
        made.append((region.id, *region.names, *when, *_values(series, bands, sums)))
    table = pd.DataFrame(made, columns=[column.name for column in columns])
    return table.astype({column.name: kind for column in columns if (kind := _KINDS.get(column.dtype))})


_KINDS = {"double": "float64", "int64": "int64"}


def _period(period: Period) -> tuple[str, dt.date, dt.date]:
    return period.key, period.start.date(), period.end.date()


def _day(milliseconds: int) -> dt.date:
    return dt.datetime.fromtimestamp(milliseconds / 1000, dt.UTC).date()


def _values(series: Series, bands: Sequence[BandEncoding], sums: Sequence[Sums]) -> Iterator[float | None]:
    """Of each band: its statistics, null below `min_valid_fraction`, then the count and the valid fraction."""
    for band, one in zip(bands, sums, strict=True):
        enough = one.valid_fraction >= series.min_valid_fraction
        for name in series.statistics:
            if name != "count":
                yield physical(name, one, band) if enough else None
        yield one.count
        yield one.valid_fraction
