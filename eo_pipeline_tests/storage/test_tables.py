"""Tables on disk, read back by our reader and by others."""

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from eo_pipeline.core.tables import Column
from eo_pipeline.errors import StorageError
from eo_pipeline.storage.tables import read_columns, read_table, write_table

COLUMNS = (
    Column("code", "as in the file of zones", "identifies the zone"),
    Column("period_start", "date", "first day"),
    Column("b_count", "int64", "usable pixels", "pixels"),
    Column("b_mean", "double", "mean", "K"),
    Column("b_unique", "int64", "different values", "values"),
)


def table() -> pd.DataFrame:
    days = [dt.date(2023, 1, 1)] * 2
    frame = pd.DataFrame({"code": ["ä", "b"], "period_start": days, "b_count": [3, 0], "b_mean": [0.1, np.nan]})
    return frame.assign(b_unique=pd.array([2, None], dtype="Int64"))


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "t.parquet"


def test_rows_and_meanings_come_back(place: Path) -> None:
    beside = write_table(table(), place, columns=COLUMNS, tags={"product": "lst"})
    pd.testing.assert_frame_equal(read_table(place), table(), check_dtype=False)
    assert read_columns(place) == COLUMNS
    assert beside == place.with_suffix(".csv")
    assert beside.read_text(encoding="utf-8").splitlines() == [
        "code,period_start,b_count,b_mean,b_unique",
        "ä,2023-01-01,3,0.1,2",
        "b,2023-01-01,0,,",
    ]
    assert sorted(entry.name for entry in place.parent.iterdir()) == ["t.csv", "t.parquet"]


def test_other_readers_find_types_nulls_and_meanings(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    write_table(table(), path, columns=COLUMNS, tags={"product": "lst"})
    arrow = pq.read_table(path)
    assert [str(field.type) for field in arrow.schema][1:] == ["date32[day]", "int64", "double", "int64"]
    assert arrow["b_mean"].to_pylist() == [0.1, None]
    assert arrow["b_unique"].to_pylist() == [2, None]
    assert arrow.schema.field("b_mean").metadata[b"units"] == b"K"
    assert arrow.schema.field("b_mean").metadata[b"description"] == b"mean"
    assert arrow.schema.metadata[b"product"] == b"lst"


def test_a_table_without_rows_keeps_its_columns(place: Path) -> None:
    write_table(table().iloc[:0], place, columns=COLUMNS, tags={})
    assert list(read_table(place).columns) == [column.name for column in COLUMNS]


def test_the_same_table_gives_the_same_bytes(tmp_path: Path) -> None:
    paths = [tmp_path / name / "t.parquet" for name in "ab"]
    for path in paths:
        write_table(table(), path, columns=COLUMNS, tags={})
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_undeclared_columns_are_refused(place: Path) -> None:
    with pytest.raises(StorageError, match=r"expected the columns code, period_start, .*, got code, b_mean; declare"):
        write_table(table()[["code", "b_mean"]], place, columns=COLUMNS, tags={})
    assert not place.exists()


def test_another_suffix_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"expected a name that ends in \.parquet, got .*t\.csv"):
        write_table(table(), tmp_path / "t.csv", columns=COLUMNS, tags={})


def test_what_is_no_table_is_named(tmp_path: Path) -> None:
    (tmp_path / "t.parquet").write_text("no table")
    for name in ("t.parquet", "gone.parquet"):
        with pytest.raises(StorageError, match=f"expected a Parquet table at .*{name}"):
            read_table(tmp_path / name)


def test_a_foreign_table_has_no_meanings(tmp_path: Path) -> None:
    table().to_parquet(tmp_path / "t.parquet")
    with pytest.raises(StorageError, match="expected a table with the meaning of its columns"):
        read_columns(tmp_path / "t.parquet")


def test_a_failed_write_keeps_the_old_table(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    write_table(table(), path, columns=COLUMNS, tags={})
    before = path.read_bytes()
    (tmp_path / ".t.parquet.part").mkdir()
    with pytest.raises((StorageError, OSError)):
        write_table(table().iloc[:1], path, columns=COLUMNS, tags={})
    assert path.read_bytes() == before
