"""Tables as Parquet, with the meaning of every column inside, and as CSV beside it.

Does not belong here: what a table says, and places that are not of this machine (`places`).
"""

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from eo_pipeline.core.tables import Column
from eo_pipeline.errors import StorageError
from eo_pipeline.storage.disk_space import room_for

COLUMN_KEY = b"eo_pipeline.column"
"""Field metadata under which a column's meaning is kept, beside plain `description` and `units` for other readers."""


def write_table(table: pd.DataFrame, path: Path, *, columns: Sequence[Column], tags: Mapping[str, str]) -> Path:
    """Write `path` (Parquet) and the same rows as CSV beside it; each appears under its name only when whole.

    Args:
        table: rows; its columns are those of `columns`, in their order.
        path: ends in .parquet.
        columns: names, meanings and units, kept in the schema's metadata.
        tags: provenance, kept in the schema's metadata.

    Returns:
        The CSV's path.

    Raises:
        StorageError: the columns are others than declared, or the name does not end in .parquet.
        DiskFullError: no space left; nothing stays behind.
    """
    if path.suffix != ".parquet":
        raise StorageError(f"expected a name that ends in .parquet, got {path}; rename it")
    declared = [column.name for column in columns]
    if list(table.columns) != declared:
        raise StorageError(
            f"{path}: expected the columns {', '.join(declared)}, got {', '.join(map(str, table.columns))}; "
            "declare what is written"
        )
    beside = path.with_suffix(".csv")
    put_whole(beside, csv(table))
    put_whole(path, parquet(pa.Table.from_pandas(table, preserve_index=False), columns, tags))
    return beside


def read_table(path: Path) -> pd.DataFrame:
    """Read a table that `write_table` wrote.

    Raises:
        StorageError: there is no readable Parquet at `path`.
    """
    table: pd.DataFrame = _arrow(path).to_pandas()
    return table


def read_tags(path: Path) -> dict[str, str]:
    """Read the provenance that a table was written with, and whatever other libraries keep beside it.

    Raises:
        StorageError: there is no readable Parquet at `path`.
    """
    kept = _arrow(path).schema.metadata or {}
    return {key.decode(): value.decode() for key, value in kept.items()}


def read_columns(path: Path) -> tuple[Column, ...]:
    """Read what the columns of a table mean.

    Raises:
        StorageError: there is no readable Parquet at `path`, or not one of `write_table`.
    """
    schema = _arrow(path).schema
    if any(COLUMN_KEY not in (field.metadata or {}) for field in schema):
        raise StorageError(f"{path}: expected a table with the meaning of its columns, got one without; write it anew")
    return tuple(Column(**json.loads(field.metadata[COLUMN_KEY])) for field in schema)


def csv(table: pd.DataFrame) -> bytes:
    """Rows as CSV with a header, UTF-8."""
    return table.to_csv(index=False, lineterminator="\n").encode()


def parquet(arrow: pa.Table, columns: Sequence[Column], tags: Mapping[str, str]) -> bytes:
    """A Parquet file of an Arrow table, with the meaning of each column and the tags beside what its schema holds.

    Args:
        arrow: its columns are those of `columns`, in their order.
        columns: names, meanings and units.
        tags: provenance.
    """
    buffer = io.BytesIO()
    pq.write_table(described(arrow, columns, tags), buffer)
    return buffer.getvalue()


def described(arrow: pa.Table, columns: Sequence[Column], tags: Mapping[str, str]) -> pa.Table:
    """The same rows with the meaning of each column and the tags beside what the schema holds; see `parquet`."""
    fields = [field.with_metadata(_meaning(column)) for field, column in zip(arrow.schema, columns, strict=True)]
    metadata = {**(arrow.schema.metadata or {}), **{key.encode(): value.encode() for key, value in tags.items()}}
    return arrow.cast(pa.schema(fields, metadata=metadata))


def _meaning(column: Column) -> dict[bytes, bytes]:
    return {
        b"description": column.description.encode(),
        b"units": column.units.encode(),
        COLUMN_KEY: json.dumps(asdict(column)).encode(),
    }


def _arrow(path: Path) -> pa.Table:
    try:
        return pq.read_table(io.BytesIO(path.read_bytes()))
    except (FileNotFoundError, pa.ArrowInvalid) as error:
        raise StorageError(f"expected a Parquet table at {path}, got: {error}; make it anew") from error


def put_whole(path: Path, data: bytes) -> None:
    """Store bytes so that the name never shows part of them.

    Raises:
        DiskFullError: no space left; nothing stays behind.
        StorageError: the account may not write there.
    """
    partial = path.with_name(f".{path.name}.part")
    try:
        with room_for(path, len(data)):
            path.parent.mkdir(parents=True, exist_ok=True)
            partial.write_bytes(data)
            partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
