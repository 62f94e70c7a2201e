"""Tables as Parquet, with shapes as GeoParquet, and CSV. What does not belong here: measuring."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import override

import dagster as dg
import geopandas
import pandas as pd
from upath import UPath

from eo_pipeline.core.tables import Column, Dtype
from eo_pipeline.orchestration.io_managers.base import ConfiguredIOManager, FileIOManager, with_ending
from eo_pipeline.storage.geo_tables import read_any_table, write_geo_table_and_csv
from eo_pipeline.storage.joined_tables import join_tables
from eo_pipeline.storage.tables import write_table

JOINED = "_all.parquet"
"""What the name of the file of all partitions ends with."""


@dataclass(frozen=True)
class NewTable:
    """A table with the meaning of its columns.

    Attributes:
        rows: columns as in `columns`.
        columns: names, meanings and units.
        tags: provenance, kept in the file.
    """

    rows: pd.DataFrame
    columns: Sequence[Column]
    tags: Mapping[str, str]


class TablesIO(FileIOManager):
    """Tables as Parquet with CSV beside it."""

    def store(self, key: dg.AssetKey, partition: str | None, value: NewTable | pd.DataFrame) -> None:
        """Write both files, shapes only into Parquet; a bare table is stored without the meaning of its columns."""
        table = NewTable(value, _plain_columns(value), {}) if isinstance(value, pd.DataFrame) else value
        base = self.base(key, partition)
        with self.place.workspace() as folder:
            file = folder / "table.parquet"
            write = write_geo_table_and_csv if isinstance(table.rows, geopandas.GeoDataFrame) else write_table
            beside = write(table.rows, file, columns=table.columns, tags=table.tags)
            self.place.publish(beside, with_ending(base, ".csv"))
            self.place.publish(file, with_ending(base, ".parquet"))

    def join(self, key: dg.AssetKey, *folders: str) -> UPath:
        """All tables of one folder of partitions in one file beside it, `<folder>_all.parquet`, in their names' order.

        Another run may store a table meanwhile and join an older state after ours, so it is done again until none
        came in between.
        """
        folder, target = self.place.path(*key.path, *folders), with_ending(self.place.path(*key.path, *folders), JOINED)
        before: dict[str, int] = {}
        while before != (now := self._parts(folder)):
            before = now
            with ExitStack() as stack, self.place.workspace() as work:
                parts = [stack.enter_context(self.place.local_copy(folder / name)) for name in sorted(now)]
                file = work / "all.parquet"
                join_tables(parts, file)
                self.place.publish(file, target)
        return target

    def _parts(self, folder: UPath) -> dict[str, int]:
        there = self.place.names(folder)
        sizes = self.place.sizes(folder, "")
        return {name: sizes[name] for name in there if name.endswith(".parquet")}

    def load(self, key: dg.AssetKey, partition: str | None) -> pd.DataFrame:
        """Read the Parquet file."""
        path = with_ending(self.base(key, partition), ".parquet")
        with self.place.local_copy(path) as local:
            return read_any_table(local)


class TablesIOManager(ConfiguredIOManager):
    """Parquet and CSV."""

    @override
    def create_io_manager(self, context: dg.InitResourceContext) -> TablesIO:
        """Bind to the root."""
        return TablesIO(self.settings())


def _plain_columns(table: pd.DataFrame) -> list[Column]:
    kinds: dict[str, Dtype] = {"i": "int64", "u": "int64", "f": "double"}
    return [Column(str(name), kinds.get(dtype.kind, "string"), "") for name, dtype in table.dtypes.items()]
