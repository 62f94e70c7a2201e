"""Pictures, tables and schemas as Dagster metadata: what a person sees of a materialisation.

What does not belong here: making the values that are shown.
"""

import base64
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.summaries import BandSummary
from eo_pipeline.core.tables import Column
from eo_pipeline.storage import pictures

PREVIEW_ROWS = 20
_VEGETATION = ("RdYlGn", (0.0, 0.9))
"""Colours and limits of vegetation indices: the same in each period, so that pictures can be compared."""
_OTHER = ("viridis", None)


def mosaic_pictures(path: Path, bands: Sequence[BandEncoding], *, title: str) -> dict[str, dg.MetadataValue[Any]]:
    """The first band, beside its number of valid observations if that is exported."""
    value = bands[0].name
    count = next((band.name for band in bands if band.name == "n_valid"), None)
    colormap, limits = colours_of(value)
    if count is None:
        png = pictures.quicklook(path, value, colormap=colormap, limits=limits)
    else:
        png = pictures.pair(path, value, count, title=title.replace("|", " · "), colormap=colormap, limits=limits)
    return {"picture": picture(png, title)}


def colours_of(name: str) -> tuple[str, tuple[float, float] | None]:
    """Matplotlib's colour map of a band, and its limits if they are the same in all pictures."""
    return _VEGETATION if _is_vegetation(name) else _OTHER


def _is_vegetation(name: str) -> bool:
    return any(part in name.lower() for part in ("ndvi", "evi", "savi", "gndvi", "vari"))


def picture(png: bytes, title: str) -> dg.MarkdownMetadataValue:
    """A PNG that the UI shows."""
    return dg.MetadataValue.md(f"![{title.replace('|', ' ')}](data:image/png;base64,{base64.b64encode(png).decode()})")


def band_table(bands: Sequence[BandSummary]) -> dg.TableMetadataValue:
    """Valid share and range of each band, in physical units."""
    records = [
        dg.TableRecord(
            {
                "band": band.name,
                "valid share": round(band.valid_share, 4),
                "min": "" if band.minimum is None else f"{band.minimum:.6g}",
                "max": "" if band.maximum is None else f"{band.maximum:.6g}",
            }
        )
        for band in bands
    ]
    schema = dg.TableSchema(
        [
            dg.TableColumn("band", "string"),
            dg.TableColumn("valid share", "float"),
            dg.TableColumn("min", "string"),
            dg.TableColumn("max", "string"),
        ]
    )
    return dg.MetadataValue.table(records, schema)


def table_schema(columns: Sequence[Column]) -> dg.TableSchema:
    """Names, types, meanings and units of a table's columns."""
    return dg.TableSchema(
        [
            dg.TableColumn(c.name, c.dtype, description=f"{c.description} [{c.units}]" if c.units else c.description)
            for c in columns
        ]
    )


def table_preview(table: pd.DataFrame, columns: Sequence[Column]) -> Mapping[str, dg.MetadataValue[Any]]:
    """The first rows, without shapes."""
    shown = [column for column in columns if column.dtype != "geometry"]
    records = [
        dg.TableRecord({str(name): _plain(value) for name, value in row.items()})
        for row in table.head(PREVIEW_ROWS)[[column.name for column in shown]].to_dict("records")
    ]
    return {"preview": dg.MetadataValue.table(records, table_schema(shown))}


def _plain(value: Any) -> str | int | float | None:
    if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, float):
        return float(f"{value:.6g}")
    return value if isinstance(value, str | int) else str(value)
