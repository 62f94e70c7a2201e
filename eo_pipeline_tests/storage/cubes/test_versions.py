"""History, releases, going back, and freeing old versions of a local cube."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from eo_pipeline.errors import CubeError
from eo_pipeline.storage.cubes import (
    Cube,
    CubeAddress,
    collect_garbage,
    open_cube,
    read_history,
    read_ledger,
    read_releases,
    roll_back,
    tag_release,
    verify_cube,
)
from eo_pipeline_tests.storage.cubes.examples import UPPER_LEFT, pixels
from eo_pipeline_tests.storage.cubes.test_regions import stored, write
from eo_pipeline_tests.storage.cubes.test_repository import history


def write_january(cube: Cube, seed: int) -> str:
    """A commit with pixels and inputs of their own."""
    return write(cube, "2023-01", UPPER_LEFT, pixels(UPPER_LEFT, seed), inputs=f"h{seed}", area="a").snapshot


def red(cube: Cube, version: str) -> object:
    return open_cube(cube.address, snapshot=version)["n_obs"].values[0, :64, :64]


def collect(cube: Cube, *, dry_run: bool = False) -> "tuple[list[str], int]":
    """Expire all that may; the ids of what has expired and the number of chunks that went."""
    now = datetime.now(UTC)
    collected = collect_garbage(cube.address, older_than=now, now=now, dry_run=dry_run)
    return [version.snapshot for version in collected.expired], collected.chunks


def test_history_tells_partition_run_and_inputs(cube: Cube) -> None:
    snapshot = write_january(cube, 1)
    tag_release(cube.address, "v1")
    newest, *older = read_history(cube.address)
    assert (newest.snapshot, newest.message, newest.tags) == (snapshot, "example 2023-01", ("v1",))
    assert (newest.product, newest.partition, newest.run_id) == ("example", "2023-01", "run-1")
    assert (newest.inputs_hash, newest.code_version) == ("h1", "v1")
    assert abs(newest.written_at - datetime.now(UTC)) < timedelta(minutes=1)
    assert [version.message for version in older] == [
        "example time axis to 2023-01", "example template", "Repository initialized",
    ]  # fmt: skip
    assert read_history(cube.address, limit=1) == (newest,)
    assert read_releases(cube.address) == {"v1": newest}


def test_rolling_back_and_undoing_it(cube: Cube) -> None:
    first, second = write_january(cube, 1), write_january(cube, 2)
    planned = roll_back(cube.address, first, dry_run=True)
    assert [version.snapshot for version in planned.undone] == [second]
    assert read_history(cube.address)[0].snapshot == second
    rolled = roll_back(cube.address, first, seen=second)
    assert (rolled.head.snapshot, rolled.before.snapshot) == (first, second)
    assert rolled.undone == planned.undone
    np.testing.assert_array_equal(stored(cube, "red", 0, UPPER_LEFT), pixels(UPPER_LEFT, 1)["red"])
    assert list(read_ledger(cube)["inputs_hash"]) == ["h1"]
    assert roll_back(cube.address, second).undone == ()
    assert list(read_ledger(cube)["inputs_hash"]) == ["h2"]
    assert verify_cube(cube.address, cube.template).findings == ()


def test_rolling_back_what_was_not_looked_at_is_refused(cube: Cube) -> None:
    first, second = write_january(cube, 1), write_january(cube, 2)
    third = write_january(cube, 3)
    with pytest.raises(CubeError, match=rf"the head of .* to be {second} as before, got {third} \(example 2023-01\)"):
        roll_back(cube.address, first, seen=second)
    assert read_history(cube.address)[0].snapshot == third


def test_partition_that_was_rolled_back_is_written_again(cube: Cube) -> None:
    first = write_january(cube, 1)
    write_january(cube, 2)
    roll_back(cube.address, first)
    assert write(cube, "2023-01", UPPER_LEFT, pixels(UPPER_LEFT, 2), inputs="h2", area="a").changed
    np.testing.assert_array_equal(stored(cube, "red", 0, UPPER_LEFT), pixels(UPPER_LEFT, 2)["red"])


@pytest.mark.parametrize("version", ["nothing", "ZZZZZZZZZZZZZZZZZZZ0", ""])
def test_unknown_version_is_named(cube: Cube, version: str) -> None:
    snapshot = write_january(cube, 1)
    tag_release(cube.address, "v1")
    with pytest.raises(
        CubeError, match=rf"Expected a tag or the id of a snapshot of .*, got '{version}' .*v1, {snapshot}"
    ):
        roll_back(cube.address, version)


def test_tag_means_one_version_for_ever(cube: Cube) -> None:
    first, second = write_january(cube, 1), write_january(cube, 2)
    assert tag_release(cube.address, "v1", first).snapshot == first
    assert tag_release(cube.address, "v1", first).tags == ("v1",)
    assert tag_release(cube.address, "v2", "v1").tags == ("v1", "v2")
    with pytest.raises(CubeError, match=r"Expected a new name for a release of .*, got 'v1' .*choose another"):
        tag_release(cube.address, "v1", second)
    assert read_releases(cube.address)["v1"].snapshot == first


def test_missing_cube_is_named(tmp_path: Path) -> None:
    nowhere = CubeAddress(str(tmp_path / "none"))
    with pytest.raises(CubeError, match=r"Expected a cube at .*/none, got: .*check the address"):
        read_history(nowhere)
    assert not (tmp_path / "none").exists()


def test_old_versions_are_freed_and_head_and_releases_stay(cube: Cube) -> None:
    released = write_january(cube, 1)
    tag_release(cube.address, "v1")
    middle, last = write_january(cube, 2), write_january(cube, 3)
    before = history(cube)
    would, unheld = collect(cube, dry_run=True)
    assert middle in would
    assert not {released, last} & set(would)
    assert unheld == 0
    assert history(cube) == before

    went, chunks = collect(cube)
    assert went == would
    assert chunks == 3
    np.testing.assert_array_equal(red(cube, released), pixels(UPPER_LEFT, 1)["n_obs"])
    np.testing.assert_array_equal(red(cube, last), pixels(UPPER_LEFT, 3)["n_obs"])
    with pytest.raises(CubeError, match=f"snapshot {middle}"):
        red(cube, middle)
    assert verify_cube(cube.address, cube.template).findings == ()
    assert verify_cube(cube.address, cube.template, version="v1").findings == ()
    assert collect(cube) == ([], 0)


def test_what_was_rolled_back_is_freed_unless_released(cube: Cube) -> None:
    first, released = write_january(cube, 1), write_january(cube, 2)
    tag_release(cube.address, "kept")
    dropped = write_january(cube, 3)
    roll_back(cube.address, first)
    assert collect(cube)[1] == 3
    assert set(read_releases(cube.address)) == {"kept"}
    assert roll_back(cube.address, "kept").head.snapshot == released
    np.testing.assert_array_equal(stored(cube, "red", 0, UPPER_LEFT), pixels(UPPER_LEFT, 2)["red"])
    with pytest.raises(CubeError, match=f"got '{dropped}'"):
        roll_back(cube.address, dropped)


def test_young_versions_stay(cube: Cube) -> None:
    write_january(cube, 1)
    write_january(cube, 2)
    before, now = history(cube), datetime.now(UTC)
    collected = collect_garbage(cube.address, older_than=now - timedelta(days=1), now=now, dry_run=False)
    assert (collected.expired, collected.chunks, len(collected.kept)) == ((), 0, len(before))
    assert history(cube) == before


def test_collecting_ahead_of_time_is_refused(cube: Cube) -> None:
    now = datetime.now(UTC)
    with pytest.raises(CubeError, match="Expected an instant in the past, got"):
        collect_garbage(cube.address, older_than=now + timedelta(hours=1), now=now, dry_run=True)


def test_cube_grows_on_after_collecting(cube: Cube) -> None:
    write_january(cube, 1)
    write_january(cube, 2)
    collect(cube)
    assert write(cube, "2023-02", UPPER_LEFT, pixels(UPPER_LEFT, 5), area="a").changed
    assert verify_cube(cube.address, cube.template).findings == ()
