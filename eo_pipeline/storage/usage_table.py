"""The table of compute below a deployment's root: `usage/eecu.parquet`, and the same rows as CSV.

It outlives Dagster's history, and says itself how far it has read it. What does not belong here: where rows come from
(`orchestration.compute.usage`).
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

import pandas as pd
from upath import UPath

from eo_pipeline.core.compute.usage import COLUMNS, Usage
from eo_pipeline.errors import StorageError
from eo_pipeline.storage.places import Place
from eo_pipeline.storage.tables import read_table, read_tags, write_table

VERSION = 1
"""Of the table's columns and tags."""

FOLDER, NAME = "usage", "eecu"
_VERSION, _WATERMARKS = "eo_pipeline.usage_version", "eo_pipeline.usage_watermarks"
_PANDAS = {"string": "str", "double": "float64", "int64": "int64"}


@dataclass(frozen=True)
class UsageTable:
    """All rows, and how far event logs were read for them.

    Attributes:
        rows: each key once.
        watermarks: by event log and asset, the place in it up to which events are rows.
    """

    rows: tuple[Usage, ...] = ()
    watermarks: Mapping[str, int] = field(default_factory=dict)


def table_path(place: Place) -> UPath:
    """Where the Parquet file is; the CSV is beside it."""
    return place.path(FOLDER, f"{NAME}.parquet")


def read_usage(place: Place) -> UsageTable:
    """The stored table; an empty one if there is none yet.

    Raises:
        StorageError: there is another file under its name, or a table of a later version.
    """
    path = table_path(place)
    if path.name not in place.names(place.path(FOLDER)):
        return UsageTable()
    with place.local_copy(path) as local:
        tags, table = read_tags(local), read_table(local)
    version = tags.get(_VERSION, "none")
    if version != str(VERSION):
        raise StorageError(
            f"expected a table of compute of version {VERSION} at {path}, got version {version}; update eo_pipeline, "
            "or move the file away: a new one is made of what Dagster's history still has"
        )
    rows = tuple(_row(entry) for entry in table.to_dict("records"))
    return UsageTable(rows, json.loads(tags[_WATERMARKS]))


def write_usage(place: Place, table: UsageTable) -> None:
    """Store the table, the Parquet file last; each file is there whole or not at all.

    Raises:
        DiskFullError, StorageError: see `Place.publish`; the table before stays.
    """
    tags = {_VERSION: str(VERSION), _WATERMARKS: json.dumps(dict(table.watermarks), sort_keys=True)}
    path = table_path(place)
    with place.workspace() as folder:
        file = folder / path.name
        beside = write_table(usage_frame(table.rows), file, columns=COLUMNS, tags=tags)
        place.publish(beside, path.with_suffix(".csv"))
        place.publish(file, path)


def usage_frame(rows: tuple[Usage, ...]) -> pd.DataFrame:
    """Rows as a data frame with the columns of `COLUMNS`."""
    entries = [{**asdict(row), "ended": _written(row.ended)} for row in rows]
    series = {c.name: pd.Series([e[c.name] for e in entries], dtype=_PANDAS[c.dtype]) for c in COLUMNS}
    return pd.DataFrame(series)


def _written(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _row(entry: Mapping[Any, Any]) -> Usage:
    used = entry["eecu_seconds"]
    known = {"ended": datetime.fromisoformat(entry["ended"]), "eecu_seconds": None if pd.isna(used) else float(used)}
    return Usage(**{**{str(name): value for name, value in entry.items()}, **known})
