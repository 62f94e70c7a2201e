"""One table of many of the same columns, each of other rows: a partition's rows are in it once, however often made.

What does not belong here: which tables there are, and places that are not of this machine (`places`).
"""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from eo_pipeline.errors import StorageError
from eo_pipeline.storage.disk_space import room_for


def join_tables(parts: Sequence[Path], path: Path) -> int:
    """Write the rows of several tables one below the other; the file appears under its name only when whole.

    One table is in memory at a time. Tables whose columns are not those of the last one are left out: they were made
    of another declaration and are made anew sooner or later.

    Args:
        parts: tables of `storage.tables` or `storage.geo_tables`, in the order of their rows.
        path: ends in .parquet.

    Returns:
        How many rows there are.

    Raises:
        StorageError: there is no table, or one cannot be read.
        DiskFullError: no space left; nothing stays behind.
    """
    if not parts:
        raise StorageError(f"expected tables to join into {path}, got none; make one first")
    schema = _schema(parts[-1])
    partial = path.with_name(f".{path.name}.part")
    try:
        with room_for(path, sum(part.stat().st_size for part in parts)):
            path.parent.mkdir(parents=True, exist_ok=True)
            rows = _write([part for part in parts if _like(_schema(part), schema)], partial, schema)
            partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return rows


def _write(parts: Sequence[Path], path: Path, schema: pa.Schema) -> int:
    rows = 0
    with pq.ParquetWriter(path, schema) as writer:
        for part in parts:
            table = pq.read_table(part)
            writer.write_table(pa.table(table.columns, schema=schema))
            rows += len(table)
    return rows


def _schema(path: Path) -> pa.Schema:
    try:
        return pq.read_schema(path)
    except (FileNotFoundError, pa.ArrowInvalid) as error:
        raise StorageError(f"expected a Parquet table at {path}, got: {error}; make it anew") from error


def _like(schema: pa.Schema, other: pa.Schema) -> bool:
    """Whether columns have the same names, types and meanings."""
    return bool(schema.equals(other, check_metadata=False)) and all(
        mine.metadata == theirs.metadata for mine, theirs in zip(schema, other, strict=True)
    )
