"""Bring an exported table from where it was written to this machine, verified: its bytes, columns and values.

What does not belong here: tiles (`collect_tiles`), and where the table is kept afterwards.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pandas as pd

from eo_pipeline.core.tables import Column
from eo_pipeline.errors import ExportGoneError, TableError
from eo_pipeline.steps.exports.collect_tiles import TileStore
from eo_pipeline.storage.exported_csv import read_exported
from eo_pipeline.storage.stored import Download, Flaw, Stored

_EXPORT = "another export makes it anew: materialise the submission with resubmit: true"


@dataclass(frozen=True)
class CollectedTable:
    """A table that an export made.

    Attributes:
        rows: the declared columns, in their order; there may be none.
        source: address of its file.
        name: of the file in its store.
        size: bytes of the file.
        crc32c: base64.
    """

    rows: pd.DataFrame
    source: str
    name: str
    size: int
    crc32c: str


def collect_table[S: Stored](
    store: TileStore[S], prefix: str, *, columns: Sequence[Column], folder: Path, now: datetime
) -> CollectedTable:
    """Download the one file of a table's export and read it as declared.

    Args:
        store: where the export wrote to.
        prefix: of the export; its file is `<prefix>.csv`.
        columns: as declared.
        folder: local, for the file.
        now: UTC, to tell by age which lifecycle rules may have deleted it.

    Raises:
        ExportGoneError: the file is not there (any more).
        TableError: it does not come whole, or is not what was declared.
        StorageError, CredentialsError, ServiceUnreachableError: see the store's `list` and `download`.
    """
    name = f"{prefix}.csv"
    listed = [source for source in store.list(prefix) if source.name == name]
    if not listed:
        raise _gone(store, name, now)
    [download] = store.download([(listed[0], folder / "table.csv")])
    if download.path is None:
        raise _gone(store, name, now) if download.flaw is Flaw.MISSING else _broken(store, download)
    rows = read_exported(download.path, columns)
    return CollectedTable(rows, f"{store.address}/{name}", name, download.source.size, download.crc32c)


def _gone[S: Stored](store: TileStore[S], name: str, now: datetime) -> ExportGoneError:
    evidence = "; ".join(store.evidence_of_deletion([name], written=None, now=now))
    return ExportGoneError(
        f"expected a table at {store.address}/{name}, found none of an export that succeeded"
        f"{f' ({evidence})' if evidence else ''}: somebody deleted it; {_EXPORT}"
    )


def _broken[S: Stored](store: TileStore[S], download: Download[S]) -> TableError:
    return TableError(
        f"expected a whole table at {store.address}/{download.source.name}, got one that is {download.flaw}: "
        f"{download.problem}; run the partition again to fetch it, and if it stays so, {_EXPORT}"
    )
