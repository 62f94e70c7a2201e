"""CSV files as Earth Engine writes them, read as declared: values, nulls, and what is said of others."""

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from eo_pipeline.core.tables import Column
from eo_pipeline.errors import TableError
from eo_pipeline.storage.exported_csv import read_exported

NAME, COUNT, MEAN, DAY = (
    Column("name", "string", ""),
    Column("count", "int64", ""),
    Column("mean", "double", ""),
    Column("day", "date", ""),
)
ALL = (NAME, COUNT, MEAN, DAY)


def written(folder: Path, text: str) -> Path:
    path = folder / "table.csv"
    path.write_bytes(text.encode())
    return path


def test_cells_become_values_of_the_declared_types_in_the_declared_order(tmp_path: Path) -> None:
    text = (
        "day,mean,count,name,other\n"
        '2024-02-29,1.5,9007199254740993,"a, ""b""\nc",x\n'
        ",-Infinity,1.0E7,Ærø,\n"
        "2024-01-01,NaN,-3.0,007,\n"
        ",,,,\n"
    )
    found = read_exported(written(tmp_path, text), ALL)
    assert list(found.columns) == ["name", "count", "mean", "day"]
    assert found["name"].tolist() == ['a, "b"\nc', "Ærø", "007", pd.NA]
    assert found["count"].tolist() == [9007199254740993, 10_000_000, -3, pd.NA]
    np.testing.assert_array_equal(found["mean"], [1.5, -np.inf, np.nan, np.nan])
    assert found["day"].tolist() == [date(2024, 2, 29), None, date(2024, 1, 1), None]
    assert found.dtypes.astype(str).tolist() == ["string", "Int64", "float64", "object"]


@pytest.mark.parametrize("text", ["", "name,count,mean,day\n"], ids=["no bytes", "headings only"])
def test_a_file_without_rows_is_an_empty_table_with_its_columns(tmp_path: Path, text: str) -> None:
    found = read_exported(written(tmp_path, text), ALL)
    assert (list(found.columns), len(found)) == (["name", "count", "mean", "day"], 0)
    assert found.dtypes.astype(str).tolist() == ["string", "Int64", "float64", "object"]


def test_a_column_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(TableError) as caught:
        read_exported(written(tmp_path, "name,mean\na,1\n"), ALL)
    assert str(caught.value) == (
        "table.csv: expected the columns name, count, mean, day, got name, mean, without count, day; name the "
        "properties that the recipe gives"
    )


@pytest.mark.parametrize(
    ("column", "cell"),
    [(COUNT, "1.5"), (COUNT, "9223372036854775808"), (COUNT, "NaN"), (COUNT, "many"), (MEAN, "1_0"), (MEAN, "1,5"),
     (DAY, "2024-02-30"), (DAY, "1704067200000"), (DAY, "2024-01-01T00:00:00")],
)  # fmt: skip
def test_a_cell_of_another_type_is_told_with_its_row(tmp_path: Path, column: Column, cell: str) -> None:
    text = f'{column.name},z\n,\n"{cell}",\n'
    with pytest.raises(TableError) as caught:
        read_exported(written(tmp_path, text), [column])
    assert str(caught.value) == (
        f"table.csv: expected values of type {column.dtype} in the column {column.name}, got '{cell}' in row 2; "
        f"correct table.columns.{column.name}.dtype or the recipe"
    )


@pytest.mark.parametrize("text", ["name,count\na\n", "name,count\na,1,2\n"])
def test_a_row_of_another_length_is_no_table(tmp_path: Path, text: str) -> None:
    with pytest.raises(
        TableError, match=r"table.csv: expected a CSV file as Earth Engine writes them, got: .*Expected 2"
    ):
        read_exported(written(tmp_path, text), [NAME, COUNT])


def test_bytes_that_are_no_text_are_no_table(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(b"name\n\xff\xfe\n")
    with pytest.raises(TableError, match="expected a CSV file as Earth Engine writes them"):
        read_exported(path, [NAME])
