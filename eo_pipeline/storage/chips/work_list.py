"""A work list as GeoParquet. Does not belong here: what a work list says (`core.chips.samples`)."""

from collections.abc import Mapping
from pathlib import Path

from eo_pipeline.core.chips.samples import COLUMNS, WorkList, checked
from eo_pipeline.storage.geo_tables import read_geo_table, write_geo_table


def write_work_list(work: WorkList, path: Path, *, tags: Mapping[str, str]) -> None:
    """Write a work list; it appears under its name only when whole.

    Args:
        work: may be empty.
        path: ends in .parquet.
        tags: provenance, kept in the schema's metadata.

    Raises:
        StorageError: the account may not write there.
        DiskFullError: no space left; nothing stays behind.
    """
    write_geo_table(work.table, path, columns=COLUMNS, tags=tags)


def read_work_list(path: Path) -> WorkList:
    """Read a work list.

    Raises:
        StorageError: there is no readable GeoParquet at `path`, or one with other columns.
        SamplesError: its rows are no chips.
    """
    return WorkList(checked(read_geo_table(path, columns=COLUMNS), where=str(path)))
