"""One table that is written part after part, as Parquet or CSV, with the memory of one part.

Does not belong here: tables that are there as a whole (`tables`, `geo_tables`), and what a table says.
"""

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import geopandas
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from eo_pipeline.core.tables import Column
from eo_pipeline.errors import SettingsError
from eo_pipeline.storage.disk_space import room_for
from eo_pipeline.storage.tables import described

ENDINGS = (".parquet", ".csv")


def check_table_name(path: Path, *, geometry: bool) -> None:
    """Make sure that a table may be made.

    Raises:
        SettingsError: its ending names no format that is known here, or one without shapes, or there is such a file.
    """
    if path.suffix not in ENDINGS:
        raise SettingsError(f"{path}: expected a name that ends in {' or '.join(ENDINGS)}, got {path.name}")
    if geometry and path.suffix == ".csv":
        raise SettingsError(f"{path}: expected a name that ends in .parquet for a table with shapes, got {path.name}")
    if path.exists():
        raise SettingsError(f"{path}: expected no file there yet, got one; remove it or give another name")


@contextmanager
def growing_table(
    path: Path, *, columns: Sequence[Column], tags: Mapping[str, str]
) -> Iterator[Callable[[pd.DataFrame], None]]:
    """Something that takes one part of a table after another; the file appears under its name when the body ends well.

    Args:
        path: `check_table_name` allows it.
        columns: those of every part, in order; with their meanings in Parquet's schema.
        tags: provenance, kept in Parquet's schema.

    Raises:
        DiskFullError: no space left; nothing stays behind.
        StorageError: the account may not write there.
    """
    partial = path.with_name(f".{path.name}.part")
    made = _Parquet(partial, columns, tags) if path.suffix == ".parquet" else _Csv(partial)

    def add(part: pd.DataFrame) -> None:
        with room_for(path, int(part.memory_usage().sum())):
            made.add(part)

    try:
        with room_for(path, 0):
            path.parent.mkdir(parents=True, exist_ok=True)
        yield add
        with room_for(path, 0):
            made.close()
            partial.replace(path)
    finally:
        made.close()
        partial.unlink(missing_ok=True)


class _Csv:
    def __init__(self, path: Path) -> None:
        self._path, self._has_header = path, False

    def add(self, part: pd.DataFrame) -> None:
        part.to_csv(self._path, mode="a", index=False, header=not self._has_header, lineterminator="\n")
        self._has_header = True

    def close(self) -> None:
        """Nothing is open between parts."""


class _Parquet:
    def __init__(self, path: Path, columns: Sequence[Column], tags: Mapping[str, str]) -> None:
        self._path, self._columns, self._tags = path, columns, tags
        self._writer: pq.ParquetWriter | None = None

    def add(self, part: pd.DataFrame) -> None:
        arrow = _arrow(part)
        if self._writer is None:
            arrow = described(arrow, self._columns, self._tags)
            self._writer = pq.ParquetWriter(self._path, arrow.schema)
        self._writer.write_table(arrow.cast(self._writer.schema))

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()


def _arrow(part: pd.DataFrame) -> pa.Table:
    """With shapes as GeoParquet has them, if there are any."""
    if not isinstance(part, geopandas.GeoDataFrame):
        return pa.Table.from_pandas(part, preserve_index=False)
    buffer = io.BytesIO()
    part.to_parquet(buffer, index=False)
    buffer.seek(0)
    return pq.read_table(buffer)
