"""Recipes and source images change, and come back: one export each, and everything follows."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import rasterio

from eo_pipeline.orchestration.status import product_status
from eo_pipeline.storage.cubes import CubeAddress, open_cube
from eo_pipeline_tests.end_to_end.heights import (
    submissions,
    write_month,
)
from eo_pipeline_tests.end_to_end.pipeline import Pipeline
from eo_pipeline_tests.end_to_end.place import (
    EMPTY,
    EMPTY_PARTITION,
    MONTH,
    PARTITION,
    STAGES,
    Place,
    assert_made,
    port_of,
    state_of,
)
from eo_pipeline_tests.processes import running_sandbox


def test_a_changed_recipe_cancels_the_export_under_way_and_sends_its_own(place: Place) -> None:
    place.hold()
    old = place.pipeline()
    assert old.materialise("submission", PARTITION).success
    new = place.pipeline(composite={"reducer": "max"})
    assert new.materialise("submission", PARTITION).success
    assert state_of(place) == ["CANCELLED", "PENDING"]
    place.release()
    assert_made(new, new.run([MONTH]))
    assert state_of(place) == ["CANCELLED", "SUCCEEDED"]


def test_a_recipe_that_comes_back_reuses_its_export_downstream_too(place: Place) -> None:
    old, new = place.pipeline(), place.pipeline(composite={"reducer": "max"})
    assert_made(old, old.run([MONTH]))
    assert_made(new, new.run([MONTH]))
    assert_made(old, old.run([MONTH]))
    digests = {old.metadata(stage, PARTITION)["eo/digest"] for stage in STAGES[:5]}
    assert len(digests) == 1
    assert len(submissions(place.sandbox)) == 2


def test_a_late_image_is_one_more_export_and_everything_follows(place: Place, tmp_path: Path) -> None:
    found = place.pipeline()
    assert found.run([EMPTY]).failed == {}
    assert found.metadata("submission", EMPTY_PARTITION)["eo/state"] == "no_images"
    assert not found.mosaic("whole", EMPTY).exists()
    assert submissions(place.sandbox) == {}
    place.sandbox.process.terminate()
    place.sandbox.process.wait(15)
    pixels = write_month(tmp_path, EMPTY, seed=2)
    catalog = tmp_path / "catalog.yaml"
    with running_sandbox(place.sandbox.data, catalog=catalog, port=port_of(place.sandbox), speed=100) as sandbox:
        again = place.pipeline(sandbox=sandbox)
        assert_made(again, again.run([EMPTY]), EMPTY_PARTITION)
        assert again.metadata("submission", EMPTY_PARTITION)["eo/state"] == "submitted"
        assert len(submissions(sandbox)) == 1
        assert_pixels(again, EMPTY, pixels)


def test_a_reprocessed_image_is_one_more_export_and_everything_follows(place: Place, tmp_path: Path) -> None:
    first = place.pipeline()
    assert_made(first, first.run([MONTH]))
    place.sandbox.process.terminate()
    place.sandbox.process.wait(15)
    pixels = write_month(tmp_path, MONTH, seed=3)
    catalog = tmp_path / "catalog.yaml"
    with running_sandbox(place.sandbox.data, catalog=catalog, port=port_of(place.sandbox), speed=100) as sandbox:
        again = place.pipeline(sandbox=sandbox)
        assert_made(again, again.run([MONTH]))
        assert len(submissions(sandbox)) == 2
        assert_pixels(again, MONTH, pixels)


def test_another_way_to_make_mosaics_makes_them_again_of_the_same_export(place: Place) -> None:
    first = place.pipeline()
    assert_made(first, first.run([MONTH]))
    other = place.pipeline(mosaic={"compression": "zstd"})
    behind = {stage.stage: stage.stale for stage in product_status(other.instance, other.chain).stages}
    assert behind["mosaic"] == 1
    refused = other.materialise("mosaic", PARTITION)
    assert not refused.success, "its tiles went with the mosaic of before"
    assert_made(other, other.run([MONTH]))
    assert product_status(other.instance, other.chain).stages[3].stale == 0
    with rasterio.open(other.mosaic("whole", MONTH)) as dataset:
        assert dataset.compression.value == "ZSTD"
    assert len(submissions(place.sandbox)) == 1
    before = other.metadata("mosaic", PARTITION)
    assert_made(other, other.run([MONTH]))
    assert other.metadata("mosaic", PARTITION) == before, "what is current is not made again"


def assert_pixels(found: Pipeline, month: str, pixels: np.typing.NDArray[np.float32]) -> None:
    """Mosaic, cube and table hold this month's pixels."""
    with rasterio.open(found.mosaic("whole", month)) as dataset:
        np.testing.assert_array_equal(dataset.read(1), pixels)
    cube = open_cube(CubeAddress(str(found.root / "cubes" / "heights")))
    np.testing.assert_array_equal(cube["height"].sel(time=month).values.squeeze(), pixels)
    table = pd.read_parquet(found.table(month).with_suffix(".parquet"))
    zone = pixels[30:100, 20:90]  # 300..1000 m south and 200..900 m east of the corner, 10 m a pixel
    assert table["height_count"].item() == zone.size
    assert table["height_mean"].item() == pytest.approx(zone.astype(float).mean(), rel=1e-6)  # summed as float32


def test_a_second_look_at_an_unchanged_partition_is_not_reported_again(place: Place) -> None:
    found = place.pipeline()
    assert_made(found, found.run([MONTH, EMPTY]))
    assert found.materialise("submission", PARTITION).success
    assert found.materialise("submission", EMPTY_PARTITION).success
    assert found.metadata("submission", PARTITION)["decision"] == "reuse"
    assert place.tick(found).events == []
