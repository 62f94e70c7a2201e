"""What `eo-pipeline measure` says at its end. What does not belong here: measuring."""

import pandas as pd
from rich.console import Console
from rich.table import Table

from eo_pipeline.steps.zones.measure_files import MeasuredFile

_COLUMNS = 8
"""Of the first rows that are shown."""


def print_measured(done: MeasuredFile, console: Console) -> None:
    """Zones, rows, what is missing, where the table is, and its first rows."""
    slots = "" if done.slots is None else f" in {done.slots} slot{'s' * (done.slots != 1)}"
    lines = [f"{done.zones:,} zones{slots}, {done.rows:,} rows; {done.without_pixels:,} zones without pixels."]
    lines += [f"{done.mended:,} zones had invalid shapes, which were mended."] if done.mended else []
    for line in (*lines, *done.notes, f"Table: {done.path}"):
        console.print(line, soft_wrap=True, markup=False, highlight=False)
    _print_rows(done.first.drop(columns="geometry", errors="ignore"), console)


def _print_rows(rows: pd.DataFrame, console: Console) -> None:
    shown = list(rows.columns[:_COLUMNS])
    table = Table(*shown, box=None, pad_edge=False)
    for row in rows[shown].itertuples(index=False):
        table.add_row(*("" if pd.isna(value) else _text(value) for value in row))
    console.print(table)
    if len(rows.columns) > _COLUMNS:
        console.print(f"and {len(rows.columns) - _COLUMNS} more columns.")


def _text(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
