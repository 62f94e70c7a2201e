"""Columns of a table of zonal statistics: names, meanings and units.

What does not belong here: values (`entries`), and how a table becomes a file.
"""

from collections.abc import Sequence
from typing import Literal

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.tables import Column
from eo_pipeline.core.zonal.entries import Entry, entries
from eo_pipeline.core.zonal.statistics import NEVER_NULL, WHOLE_NUMBERS, meaning_of, short_name, units_of
from eo_pipeline.core.zonal.wanted import Wanted
from eo_pipeline.errors import ZonesError

Form = Literal["wide", "long"]
"""A column for each number, or a row."""

GEOMETRY = Column("geometry", "geometry", "the zone's shape in the CRS of its file, mended where it was invalid")


def zone_columns(
    id_column: str, wanted: Wanted, *, form: Form = "wide", geometry: bool = False, dated: bool = True
) -> tuple[Column, ...]:
    """The schema of a table of zonal statistics, in column order; without columns of the period if it is not `dated`.

    Raises:
        ZonesError: two columns would have one name.
    """
    numbers = wide_columns(wanted) if form == "wide" else long_columns(wanted)
    columns = (*_of_rows(id_column, dated=dated), *numbers, *((GEOMETRY,) if geometry else ()))
    names = [column.name for column in columns]
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise ZonesError(
            f"expected different column names, got {', '.join(repeated)} twice; rename the id column, the band or the "
            "function"
        )
    return columns


def _of_rows(id_column: str, *, dated: bool) -> tuple[Column, ...]:
    identity = Column(id_column, "as in the file of zones", "identifies the zone in its file; unique")
    if not dated:
        return (identity,)
    return (
        identity,
        Column("period", "string", "key of the period"),
        Column("period_start", "date", "first day of the period, UTC"),
        Column("period_end", "date", "day after the last day of the period, UTC"),
    )


def wide_columns(wanted: Wanted) -> tuple[Column, ...]:
    """A column for each number of a zone."""
    return tuple(wide_column(entry, wanted) for entry in entries(wanted))


def long_columns(wanted: Wanted) -> tuple[Column, ...]:
    """The columns of a table with a row for each number of a zone; of classes and bins only if there are any."""
    classes = Column("class", "double", "number of the class; null of other statistics")
    ends = (
        Column("bin_low", "double", "lower end of the bin, inside it; null of other statistics", "those of the band"),
        Column("bin_high", "double", "upper end of the bin, outside it but of the last", "those of the band"),
    )
    return (
        Column("band", "string", "name of the band"),
        Column("statistic", "string", f"what is told of {wanted.pixels}: {', '.join(_names(wanted))}"),
        *((classes,) if wanted.classes is not None else ()),
        *(ends if wanted.histogram else ()),
        Column("value", "double", "of the statistic", "see units"),
        Column("units", "string", "of the value; empty for pure numbers"),
        Column("valid_share", "double", "share of the zone that has a usable value of the band; null without pixels"),
    )


def wide_column(entry: Entry, wanted: Wanted) -> Column:
    """The column of one entry."""
    band = wanted.bands[entry.band]
    described = f"{band.name} ({band.description})" if band.description else band.name
    meaning = f"{described}: {_meaning(entry)}; {wanted.pixels}"
    return Column(_name(entry, band), "int64" if is_whole(entry, wanted) else "double", meaning, units(entry, wanted))


def is_whole(entry: Entry, wanted: Wanted) -> bool:
    """Whether an entry is a whole number."""
    if entry.kind == "statistic":
        distinct = entry.statistic in ("unique", "variety")
        return distinct or (entry.statistic in WHOLE_NUMBERS and wanted.whole_counts)
    return entry.kind != "class_area" and wanted.whole_counts


def never_null(entry: Entry) -> bool:
    """Whether an entry is a number for every zone, also without pixels."""
    return entry.kind != "statistic" or entry.statistic in NEVER_NULL


def units(entry: Entry, wanted: Wanted) -> str:
    """Units of an entry."""
    if entry.kind == "statistic":
        return units_of(entry.statistic, wanted.bands[entry.band])
    return "m2" if entry.kind == "class_area" else "pixels"


def _name(entry: Entry, band: BandEncoding) -> str:
    match entry.kind:
        case "class_count":
            return f"{band.name}_class_{entry.low:g}_count"
        case "class_area":
            return f"{band.name}_class_{entry.low:g}_area"
        case "bin_count":
            return f"{band.name}_from_{entry.low:.12g}_to_{entry.high:.12g}"
        case _:
            return f"{band.name}_{short_name(entry.statistic)}"


def _meaning(entry: Entry) -> str:
    match entry.kind:
        case "class_count":
            return f"pixels of class {entry.low:g} in the zone"
        case "class_area":
            return f"ground that class {entry.low:g} covers in the zone"
        case "bin_count":
            return f"usable pixels of the zone from {entry.low:.12g} to below {entry.high:.12g}"
        case _:
            return meaning_of(entry.statistic)


def _names(wanted: Wanted) -> Sequence[str]:
    told = dict.fromkeys(entry.statistic or entry.kind for entry in entries(wanted))
    found = ("class_count", "class_area") if wanted.areas else ("class_count",)
    return list(dict.fromkeys([*told, *(found if wanted.classes is not None else ())]))
