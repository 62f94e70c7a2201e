"""Tables of many periods as one: every row once, whatever is made again."""

from pathlib import Path

import geopandas
import pandas as pd
import pytest
import shapely

from eo_pipeline.core.tables import Column
from eo_pipeline.errors import StorageError
from eo_pipeline.storage.geo_tables import write_geo_table_and_csv
from eo_pipeline.storage.joined_tables import join_tables
from eo_pipeline.storage.tables import read_columns, read_table, write_table

COLUMNS = (
    Column("zone", "string", "the zone"),
    Column("period", "string", "key"),
    Column("n", "int64", "many", "pixels"),
)


def rows(period: str, *numbers: int | None) -> pd.DataFrame:
    counts = pd.Series(numbers, dtype="Int64")
    return pd.DataFrame({"zone": [f"z{row}" for row in range(len(numbers))], "period": period, "n": counts})


def written(folder: Path, table: pd.DataFrame, columns: tuple[Column, ...] = COLUMNS) -> Path:
    path = folder / f"{table['period'].iloc[0]}.parquet"
    write_table(table, path, columns=columns, tags={"product": "small"})
    return path


def test_rows_stand_below_each_other_with_the_meaning_of_columns(tmp_path: Path) -> None:
    january, february = rows("2024-01", 1, 2), rows("2024-02", 3, None)
    parts = [written(tmp_path, january), written(tmp_path, february)]
    assert join_tables(parts, tmp_path / "all.parquet") == 4
    pd.testing.assert_frame_equal(
        read_table(tmp_path / "all.parquet").astype({"n": "Int64"}), pd.concat([january, february], ignore_index=True)
    )
    assert read_columns(tmp_path / "all.parquet") == COLUMNS


def test_a_period_that_is_made_again_has_its_rows_once(tmp_path: Path) -> None:
    parts = [written(tmp_path, rows("2024-01", 1, 2)), written(tmp_path, rows("2024-02", 3, 4))]
    join_tables(parts, tmp_path / "all.parquet")
    written(tmp_path, rows("2024-01", 7, 8))
    join_tables(parts, tmp_path / "all.parquet")
    join_tables(parts, tmp_path / "all.parquet")
    found = read_table(tmp_path / "all.parquet")
    assert not found.duplicated(["zone", "period"]).any()
    assert found["n"].tolist() == [7, 8, 3, 4]


def test_tables_of_an_earlier_declaration_wait_until_they_are_made_anew(tmp_path: Path) -> None:
    other = (*COLUMNS[:2], Column("n", "int64", "something else", "pixels"))
    parts = [written(tmp_path, rows("2024-01", 1), other), written(tmp_path, rows("2024-02", 3))]
    assert join_tables(parts, tmp_path / "all.parquet") == 1
    assert read_table(tmp_path / "all.parquet")["period"].tolist() == ["2024-02"]


def test_shapes_stay_shapes(tmp_path: Path) -> None:
    columns = (*COLUMNS, Column("geometry", "geometry", "shape"))
    parts = []
    for period in ("2024-01", "2024-02"):
        table = geopandas.GeoDataFrame(rows(period, 5), geometry=[shapely.box(0, 0, 1, 1)], crs="EPSG:32633")
        parts.append(tmp_path / f"{period}.parquet")
        write_geo_table_and_csv(table, parts[-1], columns=columns, tags={})
    join_tables(parts, tmp_path / "all.parquet")
    found = geopandas.read_parquet(tmp_path / "all.parquet")
    assert found.crs.to_epsg() == 32633
    assert [shape.bounds for shape in found.geometry] == [(0, 0, 1, 1)] * 2


def test_nothing_and_what_is_no_table_are_told(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"expected tables to join into .*all\.parquet, got none; make one first"):
        join_tables([], tmp_path / "all.parquet")
    (tmp_path / "odd.parquet").write_text("no table")
    with pytest.raises(StorageError, match=r"expected a Parquet table at .*odd\.parquet, got: .*; make it anew"):
        join_tables([tmp_path / "odd.parquet"], tmp_path / "all.parquet")
    assert not (tmp_path / "all.parquet").exists()
