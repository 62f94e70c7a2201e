"""Tables that Earth Engine computes: their values, meanings, losses and mistakes, whichever store they come through."""

from datetime import date
from typing import Any

import ee
import numpy as np
import pandas as pd
import pytest

from eo_pipeline.earth_engine.session import connect
from eo_pipeline.orchestration.status import product_status
from eo_pipeline.storage.tables import read_columns, read_table, read_tags
from eo_pipeline_tests.end_to_end.heights import CRS, LEFT, RESOLUTION, SIDE, TOP, submissions, write_month
from eo_pipeline_tests.end_to_end.pipeline import BUCKET, PROJECT, Pipeline, pipeline, storage_client
from eo_pipeline_tests.end_to_end.place import MONTH, PARTITION, Place, attempts, wait_until_ended
from eo_pipeline_tests.end_to_end.table_recipes import HALF
from eo_pipeline_tests.scenes import settings_at

ROOT = f"projects/{PROJECT}/assets"
RECIPES = "eo_pipeline_tests.end_to_end.table_recipes"
COLUMNS = {
    "name": {"dtype": "string", "description": "quarter by row and column"},
    "mean": {"dtype": "double", "units": "m", "description": "mean height"},
    "count": {"dtype": "int64"},
    "start": {"dtype": "date"},
    "note": {"dtype": "string"},
}


@pytest.fixture
def place(shared_place: Place) -> Place:
    return shared_place


def as_table(place: Place, recipe: str = "quarters", **more: Any) -> Pipeline:
    """The product `quarters`, below a prefix, in a folder or among assets of the test's own."""
    unique = place.folder.name
    own = {"prefix": unique, "drive_folder": unique, "asset_parent": f"{ROOT}/{unique}"}
    side = SIDE * RESOLUTION
    declaration: dict[str, Any] = {
        "name": "quarters",
        "table": {"recipe": f"{RECIPES}.{recipe}", "columns": more.pop("columns", COLUMNS)},
        "period": {"every": "month", "start": "2024-01", "end": "2024-02"},
        "area": {"box": [LEFT, TOP - side, LEFT + side, TOP], "crs": CRS, "resolution": RESOLUTION},
        **more,
        "export": {**own, **more.get("export", {})},
    }
    root = place.root or place.folder / "data"
    return pipeline(declaration, url=place.sandbox.url, root=root, instance=place.instance, folder=place.folder)


def expected(place: Place) -> pd.DataFrame:
    """The four quarters, by plain numpy."""
    heights = write_month(place.folder, MONTH, seed=1).astype(np.float64)
    blocks = {
        f"r{row}c{column}": heights[row * HALF : (row + 1) * HALF, column * HALF : (column + 1) * HALF]
        for row in (0, 1)
        for column in (0, 1)
    }
    return pd.DataFrame(
        {
            "name": pd.array(list(blocks), dtype="string"),
            "mean": [float(block.mean()) for block in blocks.values()],
            "count": [block.size for block in blocks.values()],
            "start": date(2024, 1, 1),
            "note": pd.array(["upper, left", None, None, None], dtype="string"),
        }
    )


def stored(place: Place) -> Any:
    return (place.root or place.folder / "data") / "quarters/table/whole"


def assert_rows(found: pd.DataFrame, wanted: pd.DataFrame) -> None:
    assert list(found.columns) == list(wanted.columns)
    for name in wanted.columns:
        mine, theirs = found[name].tolist(), wanted[name].tolist()
        if name == "mean":
            np.testing.assert_allclose(mine, theirs, rtol=1e-12)
        else:
            assert [None if pd.isna(v) else v for v in mine] == [None if pd.isna(v) else v for v in theirs], name


@pytest.mark.parametrize("destination", ["cloud_storage", "drive"])
def test_rows_arrive_as_parquet_and_csv_with_the_meaning_of_their_columns(place: Place, destination: str) -> None:
    found = as_table(place, export={"destination": destination})
    report = found.run([MONTH])
    assert report.failed == {}
    assert report.done == {stage: [PARTITION] for stage in ("submission", "export", "table")}
    file = stored(place) / f"{MONTH}.parquet"
    assert_rows(read_table(file), expected(place))
    again = pd.read_csv(file.with_suffix(".csv"))
    assert again["name"].tolist() == ["r0c0", "r0c1", "r1c0", "r1c1"]
    meanings = {column.name: (column.dtype, column.units, column.description) for column in read_columns(file)}
    assert meanings["mean"] == ("double", "m", "mean height")
    tags = read_tags(file)
    assert (tags["product"], tags["area"], tags["period"]) == ("quarters", "whole", MONTH)
    told = found.metadata("table", PARTITION)
    assert (told["dagster/row_count"], told["eo/state"]) == (4, "written")
    assert told["eo/digest"] == tags["export_digest"]
    assert product_status(place.instance, found.chain).is_complete
    assert found.run([MONTH]).succeeded
    assert attempts(place, found) == ["-g1"]


def test_a_table_without_rows_is_a_table_and_is_said(place: Place) -> None:
    found = as_table(place, "high_quarters")
    assert found.run([MONTH]).failed == {}
    rows = read_table(stored(place) / f"{MONTH}.parquet")
    assert (list(rows.columns), len(rows)) == (list(COLUMNS), 0)
    told = found.metadata("table", PARTITION)
    assert (told["dagster/row_count"], told["eo/state"], told["note"]) == (0, "empty", "the recipe gave no rows")


def test_a_value_of_another_type_is_told_by_row_and_no_table_is_stored(place: Place) -> None:
    found = as_table(place, columns={**COLUMNS, "name": {"dtype": "int64"}})
    [words] = found.run([MONTH]).failed.values()
    assert (
        "expected values of type int64 in the column name, got 'r0c0' in row 1, 'r0c1' in row 2, 'r1c0' in row 3 and 1 "
        "more; correct table.columns.name.dtype or the recipe" in words
    )
    assert not stored(place).exists()
    corrected = as_table(place)
    assert corrected.run([MONTH]).failed == {}
    assert attempts(place, corrected) == ["-g1"], "only how it is read changed"


def test_other_types_are_read_again_from_the_same_export(place: Place) -> None:
    before = as_table(place)
    assert before.run([MONTH]).succeeded
    after = as_table(place, columns={**COLUMNS, "count": {"dtype": "double"}})
    assert not product_status(place.instance, after.chain).is_complete
    assert after.run([MONTH]).succeeded
    assert read_table(stored(place) / f"{MONTH}.parquet")["count"].dtype == np.float64
    assert product_status(place.instance, after.chain).is_complete
    assert attempts(place, after) == ["-g1"]


def test_a_table_that_was_deleted_before_it_was_fetched_is_exported_again(place: Place) -> None:
    found = as_table(place)
    assert found.materialise("submission", PARTITION).success
    wait_until_ended(place)
    place.tick(found)
    bucket = storage_client(place.sandbox.url).bucket(BUCKET)
    [blob] = bucket.list_blobs(prefix=place.folder.name)
    assert blob.name.endswith("/table.csv")
    blob.delete()
    assert not found.materialise("table", PARTITION).success
    [request] = place.tick(found).run_requests or []
    settled = found.definitions.resolve_job_def("quarters_settle").execute_in_process(
        instance=place.instance, partition_key=PARTITION, run_config=request.run_config, tags=request.tags
    )
    assert settled.success
    wait_until_ended(place)
    place.tick(found)
    assert found.materialise("table", PARTITION).success
    assert attempts(place, found) == ["-g1", "-g2"]
    assert_rows(read_table(stored(place) / f"{MONTH}.parquet"), expected(place))


def test_a_transient_failure_is_sent_again(place: Place) -> None:
    place.sandbox.arm(kind="fail", message="Internal error.")
    found = as_table(place)
    assert found.run([MONTH]).failed == {}
    assert attempts(place, found) == ["-g1", "-g2"]


def test_a_recipe_that_makes_no_table_is_told_before_anything_is_sent(place: Place) -> None:
    before = submissions(place.sandbox)
    [words] = as_table(place, "an_image").run([MONTH]).failed.values()
    assert "table.recipe: expected eo_pipeline_tests.end_to_end.table_recipes.an_image to return" in words
    assert "got Image" in words
    assert submissions(place.sandbox) == before


def test_what_was_fetched_is_deleted_from_the_bucket_if_that_is_declared(place: Place) -> None:
    assert as_table(place, export={"delete_remote": True}).run([MONTH]).failed == {}
    assert list(storage_client(place.sandbox.url).bucket(BUCKET).list_blobs(prefix=place.folder.name)) == []


def test_a_table_that_stays_in_earth_engine_is_counted_and_labelled(place: Place) -> None:
    parent = f"{ROOT}/{place.folder.name}"
    found = as_table(place, export={"destination": "asset"})
    report = found.run([MONTH])
    assert report.failed == {}
    assert list(report.done) == ["submission", "export", "ee_asset"]
    told = found.metadata("ee_asset", PARTITION)
    assert told["dagster/row_count"] == 4
    assert told["values"] == {"name": 4, "mean": 4, "count": 4, "start": 4, "note": 1}
    session = connect(settings_at(place.sandbox.url))
    body = session.compute(ee.FeatureCollection(told["eo/asset"]).sort("name"))
    rows = pd.DataFrame([{name: feature["properties"].get(name) for name in COLUMNS} for feature in body["features"]])
    wanted = expected(place)
    np.testing.assert_allclose(rows["mean"], wanted["mean"], rtol=1e-12)
    assert all(set(feature["properties"]) <= set(COLUMNS) for feature in body["features"])
    described = session.call(lambda: ee.data.getAsset(told["eo/asset"]))
    assert described["properties"]["period"] == MONTH
    assert described["startTime"].startswith("2024-01-01T")
    folder = session.call(lambda: ee.data.getAsset(f"{parent}/quarters"))
    assert folder["type"] == "FOLDER"
