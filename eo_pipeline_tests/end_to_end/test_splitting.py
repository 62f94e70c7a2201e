"""What Earth Engine cannot do at once is exported in smaller pieces, and is the same mosaic in the end."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import numpy as np
import pytest
import rasterio
from numpy.typing import NDArray

from eo_pipeline_tests.end_to_end.heights import last_states, square, submissions, write_catalog, write_month
from eo_pipeline_tests.end_to_end.pipeline import Pipeline, make_bucket
from eo_pipeline_tests.end_to_end.place import (
    BARE,
    MONTH,
    PARTITION,
    Place,
    assert_made,
    parts_of,
    state_of,
    wait_until_ended,
)
from eo_pipeline_tests.processes import running_sandbox

SIDE = 1024
MEMORY, TIME_OUT = "User memory limit exceeded.", "Computation timed out."


@pytest.fixture
def pixels(tmp_path: Path) -> NDArray[np.float32]:
    return write_month(tmp_path, MONTH, seed=1, side=SIDE)


@pytest.fixture
def place(tmp_path: Path, pixels: NDArray[np.float32], instance: dg.DagsterInstance) -> Iterator[Place]:
    assert pixels.shape == (SIDE, SIDE)
    with running_sandbox(tmp_path / "sandbox", catalog=write_catalog(tmp_path), speed=100) as sandbox:
        make_bucket(sandbox.url)
        yield Place(tmp_path, sandbox, instance)


def product(place: Place, *, side: int = SIDE, instance: dg.DagsterInstance | None = None) -> Pipeline:
    """One area in one file of its size."""
    return place.pipeline(instance=instance, area=square(side), export={"file_dimensions": side}, **BARE)


def mosaic(found: Pipeline) -> NDArray[Any]:
    with rasterio.open(found.mosaic("whole", MONTH)) as dataset:
        return np.asarray(dataset.read(1))


def shapes(found: Pipeline) -> list[tuple[int, int, int]]:
    """Height, width and side of a file of each part, pixels."""
    return sorted((part.height, part.width, part.file_dimensions) for part in parts_of(found))


def test_files_are_halved_first(place: Place, pixels: NDArray[np.float32]) -> None:
    place.sandbox.arm(kind="fail", message=MEMORY)
    found = product(place)
    assert_made(found, found.run([MONTH]))
    assert shapes(found) == [(1024, 1024, 512)]
    assert len(found.metadata("submission", PARTITION)["eo/split"].split(",")) == 1
    assert found.metadata("tiles", PARTITION)["tiles"] == 4
    np.testing.assert_array_equal(mosaic(found), pixels)


def test_then_the_area_is_quartered_again_and_again(place: Place, pixels: NDArray[np.float32]) -> None:
    """The whole, its smaller files and the first quarter fail: 3 quarters and 4 sixteenths are collected together."""
    for message in (MEMORY, TIME_OUT, MEMORY):
        place.sandbox.arm(kind="fail", message=message)
    found = product(place)
    assert_made(found, found.run([MONTH]))
    assert shapes(found) == [(256, 256, 256)] * 4 + [(512, 512, 512)] * 3
    states = state_of(place)
    assert (len(states), states.count("FAILED"), states.count("SUCCEEDED")) == (1 + 1 + 4 + 4, 3, 7)
    np.testing.assert_array_equal(mosaic(found), pixels)
    assert_one_row_of_truth(place, found)


def assert_one_row_of_truth(place: Place, found: Pipeline) -> None:
    """Submission and export each show the partition once, with all its pieces."""
    sent, exported = found.metadata("submission", PARTITION), found.metadata("export", PARTITION)
    assert (sent["eo/state"], sent["pieces"], exported["pieces"]) == ("submitted", 7, 7)
    assert sent["eo/digest"] == exported["eo/digest"]
    assert parts_of(found) == parts_of(found, "export")
    assert exported["EECU-seconds"] > 0
    wanted = dg.AssetRecordsFilter(asset_key=found.chain.key("export"), asset_partitions=[PARTITION])
    assert len(place.instance.fetch_materializations(wanted, limit=10).records) == 1
    exported_folder = f"heights/whole/{MONTH}/{sent['eo/digest']}/"
    assert all(part.prefix.startswith(exported_folder) for part in parts_of(found))


def test_a_split_mosaic_is_that_of_a_quiet_run(place: Place, tmp_path: Path) -> None:
    place.sandbox.arm(kind="fail", message=MEMORY, count=2)
    found = product(place)
    assert_made(found, found.run([MONTH]))
    assert shapes(found) == [(512, 512, 512)] * 4
    with running_sandbox(tmp_path / "quiet", catalog=tmp_path / "catalog.yaml", speed=100) as sandbox:
        make_bucket(sandbox.url)
        quiet = Place(tmp_path, sandbox, place.instance, root=tmp_path / "quiet_data").pipeline(
            area=square(SIDE), export={"file_dimensions": SIDE}, **BARE
        )
        assert_made(quiet, quiet.run([MONTH]))
    with (
        rasterio.open(found.mosaic("whole", MONTH)) as one,
        rasterio.open(quiet.mosaic("whole", MONTH)) as other,
    ):
        assert (one.transform, one.crs, one.dtypes) == (other.transform, other.crs, other.dtypes)
        np.testing.assert_array_equal(one.read(), other.read())


def test_a_piece_that_fails_at_the_floor_is_red_once_and_the_others_are_cancelled(place: Place) -> None:
    place.sandbox.arm(kind="fail", message=TIME_OUT, count=3)
    place.sandbox.arm(kind="hang", count=None)
    found = product(place, side=512)
    report = found.run([MONTH])
    [words] = report.failed.values()
    assert words.startswith("Earth Engine: Computation timed out, and this is the smallest piece that it can be split")
    assert "Simplify the recipe" in words
    assert sorted(last_states(place.sandbox).values()) == ["CANCELLED"] * 3 + ["FAILED"] * 3
    assert len([run for run in place.instance.get_runs() if not run.is_success]) == 1
    again = place.tick(found)
    assert (again.run_requests, again.events) == ([], [])
    assert len(submissions(place.sandbox)) == 6


def test_a_transient_failure_of_one_piece_is_tried_again_alone(place: Place, pixels: NDArray[np.float32]) -> None:
    place.sandbox.arm(kind="fail", message=MEMORY, count=2)
    place.sandbox.arm(kind="fail", message="Internal error.")
    found = product(place)
    assert_made(found, found.run([MONTH]))
    assert sorted(part.generation for part in parts_of(found)) == [1, 1, 1, 2]
    assert sum(request.endswith("-g2") for request in submissions(place.sandbox).values()) == 1
    assert len(submissions(place.sandbox)) == 1 + 1 + 4 + 1
    np.testing.assert_array_equal(mosaic(found), pixels)


def test_a_wiped_instance_finds_pieces_under_way_again(
    place: Place, pixels: NDArray[np.float32], tmp_path: Path
) -> None:
    place.sandbox.arm(kind="fail", message=MEMORY, count=2)
    first = product(place)
    assert first.materialise("submission", PARTITION).success
    place.settle(first)
    wait_until_ended(place)
    place.hold()
    place.settle(first)
    assert sorted(state_of(place)) == ["FAILED"] * 2 + ["PENDING"] * 4
    (tmp_path / "new").mkdir()
    with dg.DagsterInstance.local_temp(str(tmp_path / "new")) as wiped:
        again = product(place, instance=wiped)
        assert again.materialise("submission", PARTITION).success
        assert parts_of(again) == parts_of(first)
        place.release()
        assert_made(again, again.run([MONTH]))
        np.testing.assert_array_equal(mosaic(again), pixels)
    assert len(submissions(place.sandbox)) == 6


def test_a_changed_recipe_cancels_every_piece_under_way(place: Place) -> None:
    place.sandbox.arm(kind="fail", message=MEMORY, count=2)
    found = product(place)
    assert found.materialise("submission", PARTITION).success
    place.settle(found)
    wait_until_ended(place)
    place.hold()
    place.settle(found)
    changed = place.pipeline(area=square(SIDE), composite={"reducer": "max"}, **BARE)
    assert changed.materialise("submission", PARTITION).success
    assert state_of(place) == ["FAILED"] * 2 + ["CANCELLED"] * 4 + ["PENDING"]
