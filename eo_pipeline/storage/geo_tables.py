"""Tables with geometries as GeoParquet, with the meaning of every column inside.

Does not belong here: what a table says, and tables without geometries (`tables`).
"""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import geopandas
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from eo_pipeline.core.tables import Column
from eo_pipeline.errors import StorageError
from eo_pipeline.storage.tables import csv, parquet, put_whole, read_table, read_tags


def write_geo_table(
    table: geopandas.GeoDataFrame, path: Path, *, columns: Sequence[Column], tags: Mapping[str, str]
) -> None:
    """Write a table; it appears under its name only when whole.

    Args:
        table: rows; its columns are those of `columns`, in their order.
        path: ends in .parquet.
        columns: names, meanings and units, kept in the schema's metadata.
        tags: provenance, kept in the schema's metadata.

    Raises:
        StorageError: other columns, or the account may not write there.
        DiskFullError: no space left; nothing stays behind.
    """
    _check(table, path, columns)
    buffer = io.BytesIO()
    table.to_parquet(buffer, index=False)
    buffer.seek(0)
    put_whole(path, parquet(pq.read_table(buffer), columns, tags))


def write_geo_table_and_csv(
    table: geopandas.GeoDataFrame, path: Path, *, columns: Sequence[Column], tags: Mapping[str, str]
) -> Path:
    """Write a table as `write_geo_table` does and the same rows without shapes as CSV beside it; the CSV's path."""
    _check(table, path, columns)
    plain = table.drop(columns=table.geometry.name)
    beside = path.with_suffix(".csv")
    put_whole(beside, csv(plain))
    write_geo_table(table, path, columns=columns, tags=tags)
    return beside


def read_geo_table(path: Path, *, columns: Sequence[Column]) -> geopandas.GeoDataFrame:
    """Read what `write_geo_table` wrote.

    Raises:
        StorageError: there is no readable GeoParquet at `path`, or one with other columns.
    """
    try:
        table = geopandas.read_parquet(path)
    except (FileNotFoundError, pa.ArrowInvalid, ValueError) as error:
        raise StorageError(f"expected a GeoParquet table at {path}, got: {error}; make it anew") from error
    _check(table, path, columns)
    return table


def read_any_table(path: Path) -> pd.DataFrame:
    """Read a table, with its shapes if it has any, as a GeoDataFrame then.

    Raises:
        StorageError: there is no readable Parquet at `path`.
    """
    found: pd.DataFrame = geopandas.read_parquet(path) if "geo" in read_tags(path) else read_table(path)
    return found


def _check(table: geopandas.GeoDataFrame, path: Path, columns: Sequence[Column]) -> None:
    wanted = [column.name for column in columns]
    if list(table.columns) != wanted:
        raise StorageError(
            f"{path}: expected the columns {', '.join(wanted)}, got {', '.join(map(str, table.columns))}; make it anew"
        )
