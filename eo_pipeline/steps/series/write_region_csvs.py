"""One CSV a region from the tables of many periods. What does not belong here: which tables there are."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from eo_pipeline.core import keys
from eo_pipeline.storage.disk_space import room_for


def write_region_csvs(tables: Sequence[pd.DataFrame], *, region: str, time: str, folder: Path) -> list[Path]:
    """Write all rows of each region, by time.

    Args:
        tables: of the same columns; none gives no file.
        region: column that names the region.
        time: column of dates that rows are ordered by.
        folder: local, there already; its files are named by the regions as areas are.

    Returns:
        The files, by the order in which the regions appear.

    Raises:
        DiskFullError: no room.
    """
    filled = [table for table in tables if len(table)]
    if not filled:
        return []
    rows = pd.concat(filled, ignore_index=True).sort_values(time, kind="stable")
    files = []
    for identity, own in rows.groupby(region, sort=False):
        file = folder / f"{keys.feature_key(str(identity))}.csv"
        text = own.to_csv(index=False, lineterminator="\n")
        with room_for(file, len(text)):
            file.write_text(text, encoding="utf-8")
        files.append(file)
    return files
