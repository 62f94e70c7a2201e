"""Work lists as GeoParquet: what comes back, what other readers see, and what is refused."""

import json
from pathlib import Path

import geopandas
import numpy as np
import pyarrow.parquet as pq
import pytest

from eo_pipeline.core.chips.chip_boxes import utm_windows
from eo_pipeline.core.chips.samples import COLUMNS, Places, WorkList, no_chips, work_list
from eo_pipeline.errors import StorageError
from eo_pipeline.storage.chips.work_list import read_work_list, write_work_list
from eo_pipeline.storage.tables import read_columns, read_tags

TAGS = {"product": "samples", "seed": "1"}


def made(count: int = 3) -> WorkList:
    longitude, latitude = np.linspace(10, 170, count), np.linspace(-60, 60, count)
    ids = np.array([f"chip {n}" for n in range(count)], dtype=object)
    labels = np.array([None if n % 2 else "wood" for n in range(count)], dtype=object)
    times = np.full(count, 1_704_448_800_000)
    images = np.array([f"a/b/{n}" for n in range(count)], dtype=object)
    windows = utm_windows(longitude, latitude, resolution=10.0, size=64)
    return work_list(Places(ids, longitude, latitude, labels, images, times), windows, labels)


@pytest.mark.parametrize("work", [made(), made(1), no_chips()])
def test_what_was_written_comes_back(tmp_path: Path, work: WorkList) -> None:
    write_work_list(work, tmp_path / "samples.parquet", tags=TAGS)
    found = read_work_list(tmp_path / "samples.parquet")
    assert found.table.equals(work.table)
    assert found.table.dtypes.astype(str).tolist() == work.table.dtypes.astype(str).tolist()
    assert list(found) == list(work)


def test_other_readers_see_geoparquet_with_meanings_and_provenance(tmp_path: Path) -> None:
    path = tmp_path / "samples.parquet"
    write_work_list(made(), path, tags=TAGS)
    plain = geopandas.read_parquet(path)
    assert plain.crs == "EPSG:4326"
    np.testing.assert_allclose(plain.geometry.x, [10, 90, 170])
    schema = pq.read_schema(path)
    geo = json.loads(schema.metadata[b"geo"])
    assert geo["primary_column"] == "geometry"
    assert geo["columns"]["geometry"]["geometry_types"] == ["Point"]
    assert schema.field("left").metadata[b"units"] == b"CRS units"
    assert read_tags(path).items() >= TAGS.items()
    assert read_columns(path) == COLUMNS


def test_other_parquet_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "samples.parquet"
    made().table.drop(columns="split").to_parquet(path)
    with pytest.raises(StorageError, match=r"samples\.parquet: expected the columns id, geometry, .*; make it anew"):
        read_work_list(path)
    with pytest.raises(StorageError, match=r"expected a GeoParquet table at .*none\.parquet, got: "):
        read_work_list(tmp_path / "none.parquet")


def test_a_file_that_was_cut_off_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "samples.parquet"
    write_work_list(made(), path, tags=TAGS)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(StorageError, match="expected a GeoParquet table at"):
        read_work_list(path)


def test_nothing_but_the_file_stays(tmp_path: Path) -> None:
    write_work_list(made(), tmp_path / "samples.parquet", tags=TAGS)
    assert [path.name for path in tmp_path.iterdir()] == ["samples.parquet"]
