"""CSV files as Earth Engine writes tables, read as declared: every cell that is not is told by row and value.

What does not belong here: bringing the file (`steps.exports.collect_table`), and tables of ours (`tables`).
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
from pyarrow import csv

from eo_pipeline.core.tables import Column
from eo_pipeline.errors import TableError

_SHOWN = 3
_INT64 = 2**63


def read_exported(path: Path, columns: Sequence[Column]) -> pd.DataFrame:
    """Read the declared columns in their order; an empty cell is a null, a file without bytes a table without rows.

    Args:
        path: of the file.
        columns: of dtype string, int64, double or date.

    Returns:
        One column of pandas' string, Int64, float64 or object (`datetime.date`) each.

    Raises:
        TableError: no CSV, a column is missing, or values are not of their type.
    """
    texts = _texts(path, columns) if path.stat().st_size else {column.name: [] for column in columns}
    return pd.DataFrame({column.name: _parsed(path, column, texts[column.name]) for column in columns})


def _texts(path: Path, columns: Sequence[Column]) -> Mapping[str, list[str | None]]:
    """Cells as they are written, by column."""
    table = _read(path, [column.name for column in columns])
    if missing := [column.name for column in columns if column.name not in table.column_names]:
        raise TableError(
            f"{path.name}: expected the columns {', '.join(c.name for c in columns)}, got "
            f"{', '.join(table.column_names)}, without {', '.join(missing)}; name the properties that the recipe gives"
        )
    return {column.name: table.column(column.name).to_pylist() for column in columns}


def _read(path: Path, names: Sequence[str]) -> pa.Table:
    try:
        return csv.read_csv(
            path,
            parse_options=csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
            convert_options=csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), null_values=[""], strings_can_be_null=True
            ),
        )
    except pa.ArrowInvalid as error:
        raise TableError(
            f"{path.name}: expected a CSV file as Earth Engine writes them, got: {error}; export it anew: materialise "
            "the submission with resubmit: true"
        ) from error


def _parsed(path: Path, column: Column, texts: Sequence[str | None]) -> "pd.Series[Any]":
    """One column's values."""
    parse, dtype = _TYPES[column.dtype]
    values: list[Any] = []
    wrong: list[str] = []
    for row, text in enumerate(texts, start=1):
        try:
            values.append(None if text is None else parse(text))
        except (ValueError, InvalidOperation):
            wrong.append(f"{text!r} in row {row}")
    if wrong:
        more = f" and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
        raise TableError(
            f"{path.name}: expected values of type {column.dtype} in the column {column.name}, got "
            f"{', '.join(wrong[:_SHOWN])}{more}; correct table.columns.{column.name}.dtype or the recipe"
        )
    return pd.Series(values, dtype=dtype, name=column.name)


def _whole(text: str) -> int:
    """A whole number, perhaps written as 5.0 or 1.0E7."""
    number = Decimal(text)
    if not number.is_finite() or number != number.to_integral_value() or not -_INT64 <= number < _INT64:
        raise ValueError(text)
    return int(number)


def _number(text: str) -> float:
    """A number as Java writes it; Python's float also takes underscores."""
    if "_" in text:
        raise ValueError(text)
    return float(text)


_TYPES: Mapping[str, tuple[Callable[[str], Any], str]] = {
    "string": (str, "string"),
    "int64": (_whole, "Int64"),
    "double": (_number, "float64"),
    "date": (date.fromisoformat, "object"),
}
"""How a cell is read, and pandas' type of the column."""
