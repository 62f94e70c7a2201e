"""Tables that grow part after part: all parts in order, what columns mean, and nothing under the name before."""

from pathlib import Path

import geopandas
import numpy as np
import pandas as pd
import pytest
import shapely

from eo_pipeline.core.tables import Column
from eo_pipeline.errors import SettingsError
from eo_pipeline.storage.growing_tables import check_table_name, growing_table
from eo_pipeline.storage.tables import read_columns, read_tags

COLUMNS = (Column("zone", "string", "its name"), Column("mean", "double", "of its pixels", "K"))
PARTS = [
    pd.DataFrame({"zone": ["a", "b"], "mean": [np.nan, np.nan]}),
    pd.DataFrame({"zone": ["a", "b"], "mean": [1.5, np.nan]}),
]


@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_parts_are_there_one_below_the_other(tmp_path: Path, ending: str) -> None:
    path = tmp_path / "new" / f"t.{ending}"
    with growing_table(path, columns=COLUMNS, tags={"rule": "all"}) as add:
        for part in PARTS:
            add(part)
            assert not path.exists()
    found = pd.read_parquet(path) if ending == "parquet" else pd.read_csv(path)
    pd.testing.assert_frame_equal(found, pd.concat(PARTS, ignore_index=True))
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_parquet_says_what_columns_mean(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    with growing_table(path, columns=COLUMNS, tags={"rule": "all"}) as add:
        add(PARTS[0])
    assert read_columns(path) == COLUMNS
    assert read_tags(path)["rule"] == "all"


def test_shapes_are_geoparquet(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    columns = (*COLUMNS, Column("geometry", "geometry", "the shape"))
    shapes = [shapely.box(0, 0, 1, 1), shapely.Point(3, 4)]
    with growing_table(path, columns=columns, tags={}) as add:
        for part in PARTS:
            add(geopandas.GeoDataFrame(part, geometry=shapes, crs="EPSG:32633"))
    found = geopandas.read_parquet(path)
    assert found.crs == "EPSG:32633"
    assert found.geometry.tolist() == shapes * 2


@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_nothing_is_left_of_a_table_that_was_not_finished(tmp_path: Path, ending: str) -> None:
    def stopped() -> None:
        with growing_table(tmp_path / f"t.{ending}", columns=COLUMNS, tags={}) as add:
            add(PARTS[0])
            raise InterruptedError

    with pytest.raises(InterruptedError):
        stopped()
    assert not list(tmp_path.iterdir())


def test_names_that_cannot_be_are_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"expected a name that ends in \.parquet or \.csv, got t\.txt"):
        check_table_name(tmp_path / "t.txt", geometry=False)
    with pytest.raises(
        SettingsError, match=r"expected a name that ends in \.parquet for a table with shapes, got t\.c"
    ):
        check_table_name(tmp_path / "t.csv", geometry=True)
    (tmp_path / "t.csv").touch()
    with pytest.raises(SettingsError, match="expected no file there yet, got one; remove it or give another name"):
        check_table_name(tmp_path / "t.csv", geometry=False)
