"""Who looks at the cube of a storm can tell: a good one passes, and each way of losing something is named."""

import json
import shutil
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from random import Random

import icechunk
import numpy as np
import pytest
import zarr

from eo_pipeline.core.cubes.cube_ledger import State
from eo_pipeline.storage.cubes import CubeAddress, read_history
from eo_pipeline.storage.cubes.layout import array_at
from eo_pipeline_tests.chaos_cubes.coordinator import Job, tell
from eo_pipeline_tests.chaos_cubes.ending import examine
from eo_pipeline_tests.chaos_cubes.looking import Judge, reports
from eo_pipeline_tests.chaos_cubes.plan import SHARD, Plan
from eo_pipeline_tests.chaos_cubes.soak import write_quietly

PLAN = Plan(seed=5, areas=2, months=2, writers=1)


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> CubeAddress:
    icechunk.set_logs_filter("error")
    address = CubeAddress(str(tmp_path_factory.mktemp("quiet") / "cube"))
    write_quietly(PLAN, address)
    return address


@pytest.fixture
def judge(quiet: CubeAddress, tmp_path: Path) -> Judge:
    """One who looks at a copy of the cube, all of which was reported."""
    shutil.copytree(quiet.uri, tmp_path / "cube")
    snapshots = {version.partition: version.snapshot for version in reversed(read_history(quiet))}
    for write in PLAN.lists[0]:
        tell(tmp_path / "coordinator0.log", done=asdict(write), snapshot=snapshots[write.partition], changed=True)
    return Judge(Job(PLAN, str(tmp_path / "cube"), {}, 0.0), tmp_path, Random(1))  # noqa: S311 - not a secret


def complaints(judge: Judge, quiet: CubeAddress) -> list[str]:
    return list(examine(judge.job.address, PLAN, quiet, reports(PLAN, judge.folder)).complaints)


def spoil(judge: Judge, change: Callable[[zarr.Group], object]) -> None:
    session = icechunk.Repository.open(judge.job.address.storage()).writable_session("main")
    change(zarr.open_group(session.store, mode="r+"))
    session.commit("spoilt")


def test_a_good_cube_has_no_complaints(judge: Judge, quiet: CubeAddress) -> None:
    for _ in range(8):
        judge.look("now")
    assert judge.complaints == complaints(judge, quiet) == []


def test_a_commit_that_was_lost_is_missed(judge: Judge, quiet: CubeAddress) -> None:
    judge.look("before")
    repository = icechunk.Repository.open(judge.job.address.storage())
    head, parent = list(repository.ancestry(branch="main"))[:2]
    repository.reset_branch("main", parent.id)
    judge.look("after")
    assert judge.complaints == [f"after: the earlier head {head.id} is not in the history of {parent.id}"]
    said = complaints(judge, quiet)
    assert any("was committed 0 times" in each for each in said)
    assert any("was reported, and is not in the history" in each for each in said)


def test_a_reported_row_that_is_not_there_is_missed(judge: Judge, quiet: CubeAddress) -> None:
    def forget(group: zarr.Group) -> None:
        array_at(group, "ledger/record")[0, 0, 0] = ""

    spoil(judge, forget)
    judge.look("after")
    assert judge.complaints[0].endswith("was reported, and its row is None")
    assert any("has the row None" in each for each in complaints(judge, quiet))


def test_one_pixel_is_enough(judge: Judge, quiet: CubeAddress) -> None:
    shards = PLAN.shards(PLAN.last(0, PLAN.keys[1]))
    region = next(source.region for source in shards if source.state is State.WRITTEN)
    row, column = region.row_start, region.column_start

    def change(group: zarr.Group) -> None:
        red = array_at(group, "red")
        red[1, row, column] = np.asarray(red[1, row, column]) + 1

    spoil(judge, change)
    for _ in range(60):
        judge.look("after")
    assert any(each.endswith("red is not what it was made of") for each in judge.complaints)
    said = complaints(judge, quiet)
    assert any(each.endswith("red is not what it was made of") for each in said)
    assert f"the bytes of red/c/1/{row // SHARD}/{column // SHARD} are not the quiet run's" in said


def test_a_head_that_does_not_open_is_a_complaint(judge: Judge) -> None:
    (Path(judge.job.uri) / "repo").write_text(json.dumps("no repository"))
    judge.look("after")
    assert judge.complaints[0].startswith("after: the head does not open: ")
