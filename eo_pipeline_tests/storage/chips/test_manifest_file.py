"""A manifest as geopandas and pyarrow read it."""

import json
from datetime import UTC, datetime
from pathlib import Path

import geopandas
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.chips.manifest import COLUMNS, ChipOutcome, Whereabouts, manifest_of
from eo_pipeline.core.periods import Period
from eo_pipeline.errors import StorageError
from eo_pipeline.storage.chips.manifest_file import read_manifest, write_manifest
from eo_pipeline_tests.steps.chips.cutting import SCENES, work

BANDS = [BandEncoding("B4", "float32", 1.0, 0.0, float("nan"), "1", "red")]
PERIOD = Period(datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 2, 1, tzinfo=UTC), "2024-01")
OUTCOMES = [
    ChipOutcome("c0-0", Whereabouts(1606, "IHvBvA==", 0.25, 0.5, path="c0-0.tif")),
    ChipOutcome("c0-8", None, "User memory limit exceeded."),
    ChipOutcome("c8-0", Whereabouts(256, "YfLQHA==", 1.0, None, index=17)),
]
CELLS = [(0, 0), (0, 8), (8, 0)]


def test_a_manifest_is_read_by_geopandas(tmp_path: Path) -> None:
    path = tmp_path / "manifest.parquet"
    write_manifest(manifest_of(work(CELLS), OUTCOMES, PERIOD), path, bands=BANDS, tags={"partition": "whole|2024-01"})
    found = geopandas.read_parquet(path)
    assert found.crs.to_epsg() == 4326
    assert list(found.columns) == [column.name for column in COLUMNS]
    assert found["id"].tolist() == ["c0-0", "c0-8", "c8-0"]
    assert found["state"].tolist() == ["written", "failed", "empty"]
    assert found["problem"].tolist()[1] == "User memory limit exceeded."
    assert found["path"].isna().tolist() == [False, True, True]
    assert found["index"].isna().tolist() == [True, True, False]
    assert found["index"][2] == 17
    assert found["bytes"].tolist()[0] == 1606
    assert np.array_equal(found["cloud_share"], [0.5, np.nan, np.nan], equal_nan=True)
    assert np.array_equal(found["nodata_share"], [0.25, np.nan, 1.0], equal_nan=True)
    assert set(found["time_start"]) == {pd.Timestamp("2024-01-01", tz="UTC")}
    assert set(found["time_end"]) == {pd.Timestamp("2024-02-01", tz="UTC")}
    assert found["label"].tolist() == ["0", "0", "0"]
    assert found["split"].tolist() == ["train"] * 3
    first = found.geometry[0].bounds
    assert first == pytest.approx((15.0, 46.952, 15.00105, 46.9528), abs=1e-3)
    assert found[["left", "top", "resolution", "width", "height"]].iloc[2].tolist() == [500_000, 5_199_920, 10, 8, 8]
    pd.testing.assert_frame_equal(read_manifest(path), found)


def test_the_file_says_what_its_columns_and_the_chips_numbers_mean(tmp_path: Path) -> None:
    path = tmp_path / "manifest.parquet"
    write_manifest(manifest_of(work(CELLS), OUTCOMES, PERIOD), path, bands=BANDS, tags={"partition": "whole|2024-01"})
    schema = pq.read_schema(path)
    assert all(field.metadata[b"description"] for field in schema)
    assert schema.field("bytes").metadata[b"units"] == b"bytes"
    assert schema.metadata[b"partition"] == b"whole|2024-01"
    assert b"geo" in schema.metadata
    [band] = json.loads(schema.metadata[b"eo_pipeline.bands"])
    assert (band["name"], band["dtype"], band["nodata"]) == ("B4", "float32", "NaN")


def test_images_tell_their_own_time(tmp_path: Path) -> None:
    found = manifest_of(work(CELLS, images=SCENES), OUTCOMES, PERIOD)
    assert found["source_image"].tolist() == SCENES
    assert set(found["time_start"]) == set(found["time_end"]) == {pd.Timestamp("2024-01-05T10:00:00Z")}


def test_a_manifest_without_chips(tmp_path: Path) -> None:
    write_manifest(manifest_of(work([]), [], PERIOD), tmp_path / "manifest.parquet", bands=BANDS, tags={})
    assert len(geopandas.read_parquet(tmp_path / "manifest.parquet")) == 0


def test_another_table_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"manifest\.parquet: expected the columns id, geometry, .*, got id"):
        write_manifest(work(CELLS).table, tmp_path / "manifest.parquet", bands=BANDS, tags={})
    assert list(tmp_path.iterdir()) == []
