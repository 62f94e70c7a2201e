"""The ledger: a row a partition, failures that hide nothing, readable without this project."""

from datetime import UTC, datetime

import numpy as np
import pytest
import xarray as xr

from eo_pipeline.core.cubes.cube_ledger import State
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.errors import CubeError
from eo_pipeline.storage.cubes import Cube, extend_time, read_ledger, record_failure
from eo_pipeline_tests.storage.cubes.examples import LOWER_RIGHT, MONTH, UPPER_LEFT, pixels, provenance
from eo_pipeline_tests.storage.cubes.test_regions import write
from eo_pipeline_tests.storage.cubes.test_repository import history

JANUARY = MONTH.parse("2023-01")


def fail(cube: Cube, inputs: str = "h1", area: str = "a") -> bool:
    extend_time(cube, JANUARY)
    return record_failure(cube, JANUARY, UPPER_LEFT, area, provenance(inputs)).changed


def state(cube: Cube) -> list[str]:
    return list(read_ledger(cube)["state"])


def test_new_cube_has_no_rows(cube: Cube) -> None:
    assert len(read_ledger(cube)) == 0


def test_rows_are_sorted_and_say_everything(cube: Cube) -> None:
    write(cube, "2023-02", LOWER_RIGHT, pixels(LOWER_RIGHT, seed=1), area="b")
    write(cube, "2023-02", UPPER_LEFT, None, area="a")
    write(cube, "2023-01", UPPER_LEFT, pixels(UPPER_LEFT, seed=1), area="a")
    ledger = read_ledger(cube)
    assert list(zip(ledger["period"], ledger["slot"], ledger["area"], ledger["state"], strict=True)) == [
        ("2023-01", 0, "a", "written"),
        ("2023-02", 1, "a", "no_images"),
        ("2023-02", 1, "b", "written"),
    ]
    first = ledger.iloc[0]
    assert first["start"] == datetime(2023, 1, 1, tzinfo=UTC)
    assert first["committed_at"] == datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert list(first[["partition", "inputs_hash", "code_version", "run_id"]]) == ["2023-01", "h1", "v1", "run-1"]
    assert first["valid_share"] == 1


def test_any_zarr_reader_sees_the_states(cube: Cube) -> None:
    whole_row = Rectangle(0, 0, 64, 120)
    write(cube, "2023-02", whole_row, pixels(whole_row, seed=1))
    session = cube.repository.readonly_session("main")
    states = xr.open_zarr(session.store, group="ledger", consolidated=False, chunks=None)["state"]
    np.testing.assert_array_equal(states.values, [[[0, 0], [0, 0]], [[1, 1], [0, 0]]])
    assert states.attrs["flag_meanings"].split()[1] == "written"


def test_failure_is_recorded_once(cube: Cube) -> None:
    assert fail(cube)
    assert state(cube) == ["failed"]
    commits = history(cube)
    assert not fail(cube)
    assert history(cube) == commits
    assert fail(cube, inputs="h2")


def test_failure_does_not_hide_what_is_there(cube: Cube) -> None:
    write(cube, "2023-01", UPPER_LEFT, pixels(UPPER_LEFT, seed=1), area="a")
    assert not fail(cube, inputs="h2")
    assert state(cube) == ["written"]


def test_success_after_a_failure_replaces_it_even_with_the_same_inputs(cube: Cube) -> None:
    fail(cube)
    commit = write(cube, "2023-01", UPPER_LEFT, pixels(UPPER_LEFT, seed=1), area="a")
    assert (commit.changed, commit.record.state) == (True, State.WRITTEN)
    assert state(cube) == ["written"]


def test_failure_of_a_region_that_cuts_a_shard_is_refused(cube: Cube) -> None:
    with pytest.raises(CubeError, match="whole shards of 64 x 64 pixels"):
        record_failure(cube, JANUARY, Rectangle(0, 0, 64, 100), "a", provenance("h"))


def test_failure_in_shards_of_another_area_is_refused(cube: Cube) -> None:
    fail(cube, area="a")
    with pytest.raises(CubeError, match=r"area b at .* got area a at"):
        fail(cube, area="b")
