"""Partitions written shard by shard in forked sessions: against plain numpy, and against whoever else commits."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from multiprocessing import get_context
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from eo_pipeline.core.cubes.cube_ledger import State
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.errors import CubeError, TilesError
from eo_pipeline.storage.cubes import (
    Cube,
    CubeAddress,
    Run,
    ShardBatch,
    ShardTask,
    WrittenBatch,
    extend_time,
    open_or_create_cube,
    read_ledger,
    record_failure,
    roll_back,
    verify_cube,
    write_partition,
)
from eo_pipeline.storage.cubes.layout import array_at
from eo_pipeline.storage.cubes.ledger import read_records
from eo_pipeline.storage.cubes.stored_cells import stored_cells
from eo_pipeline_tests.storage.cubes.examples import (
    BANDS,
    MONTH,
    UPPER_LEFT,
    provenance,
    template,
    write_as_a_whole,
)
from eo_pipeline_tests.storage.cubes.shards import (
    SHARDS,
    WHOLE,
    Work,
    assert_nothing_lost,
    expected,
    here,
    in_pool,
    nothing,
    seeded,
    tasks_for,
    write,
    write_from_four_threads,
)
from eo_pipeline_tests.storage.cubes.test_repository import head, history

JANUARY = MONTH.parse("2023-01")


def stored(cube: Cube, band: str = "red", slot: int = 0) -> NDArray[Any]:
    return np.asarray(array_at(head(cube), band)[slot])


def assert_whole(cube: Cube, seed: int, slot: int = 0) -> None:
    """The slot holds the seeded pixels, and all of the cube is as it should be."""
    for band in BANDS:
        np.testing.assert_array_equal(stored(cube, band.name, slot), expected(seed, band.name))
    assert verify_cube(cube.address, cube.template).findings == ()


def while_writing(do: Callable[[], object]) -> Run:
    """Workers that are done when something else has happened, too."""

    def run(work: Work, batches: Sequence[ShardBatch]) -> Iterable[WrittenBatch]:
        written = [work(batch) for batch in batches]
        do()
        return written

    return run


def counted(asked: list[Rectangle], seed: int, shard: Rectangle) -> dict[str, NDArray[Any]]:
    asked.append(shard)
    return seeded(seed, shard)


def refuse(shard: Rectangle) -> dict[str, NDArray[Any]]:
    raise AssertionError(f"{shard} was read")


@pytest.fixture(scope="module")
def pool() -> Iterator[ProcessPoolExecutor]:
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as workers:
        yield workers


def test_shards_of_processes_are_one_commit(cube: Cube, pool: ProcessPoolExecutor) -> None:
    extend_time(cube, JANUARY)
    before = history(cube)
    commit = write(cube, "2023-01", tasks_for(1), run=in_pool(pool), batch_size=3)
    assert (commit.changed, commit.slot, commit.record.state, commit.record.valid_share) == (True, 0, State.WRITTEN, 1)
    assert history(cube) == ["example 2023-01", *before]
    assert_whole(cube, seed=1)
    newest = next(iter(cube.repository.ancestry(branch="main")))
    assert newest.id == commit.snapshot
    said = {name: value for name, value in newest.metadata.items() if not name.startswith("__")}  # icechunk's own
    assert said == {
        "product": "example", "partition": "2023-01", "run_id": "run-1", "inputs_hash": "h1", "code_version": "v1",
    }  # fmt: skip


def test_shards_of_processes_are_carried_over_too(cube: Cube, pool: ProcessPoolExecutor) -> None:
    def run(work: Work, batches: Sequence[ShardBatch]) -> Iterable[WrittenBatch]:
        written = list(pool.map(work, batches))
        extend_time(open_or_create_cube(cube.address, template()), MONTH.parse("2024-06"))
        return written

    assert write(cube, "2023-01", tasks_for(1), run=run, batch_size=2).changed
    assert history(cube)[:2] == ["example 2023-01", "example time axis to 2024-06"]
    assert_whole(cube, seed=1)


def test_no_commit_of_four_writers_is_lost(address: CubeAddress) -> None:
    assert_nothing_lost(address, write_from_four_threads(address))


def test_the_same_inputs_again_read_and_commit_nothing(cube: Cube) -> None:
    first = write(cube, "2023-01", tasks_for(1))
    commits = history(cube)
    again = write(cube, "2023-01", tasks_for(1, read=refuse))
    assert (again.changed, again.snapshot, again.record) == (False, first.snapshot, first.record)
    assert history(cube) == commits


def test_only_shards_whose_inputs_changed_are_made_again(cube: Cube) -> None:
    write(cube, "2023-01", tasks_for(1))
    asked: list[Rectangle] = []
    late = tasks_for(1, read=refuse)
    late[2] = ShardTask(SHARDS[2], "h2", partial(counted, asked, 2))
    commit = write(cube, "2023-01", late, inputs="h1+h2")
    assert asked == [SHARDS[2]]
    assert [row.inputs_hash for row in commit.record.shards] == ["h1", "h1", "h2", "h1"]
    wanted = expected(1, "red")
    wanted[SHARDS[2].slices] = seeded(2, SHARDS[2])["red"]
    np.testing.assert_array_equal(stored(cube), wanted)


def test_ocean_empty_and_missing_images_are_told_shard_by_shard(cube: Cube) -> None:
    def read(shard: Rectangle) -> dict[str, NDArray[Any]] | None:
        if shard == SHARDS[2]:
            return None
        clouds = {name: np.zeros_like(array) for name, array in seeded(1, shard).items()}
        return clouds | {"classes": np.full_like(clouds["classes"], 255), "n_obs": seeded(1, shard)["n_obs"]}

    tasks = [*tasks_for(1)[:1], nothing(SHARDS[1], State.OCEAN), *tasks_for(1, read=read)[2:]]
    record = write(cube, "2023-01", tasks).record
    assert [row.state for row in record.shards] == [State.WRITTEN, State.OCEAN, State.NO_IMAGES, State.EMPTY]
    assert record.state is State.WRITTEN
    assert record.valid_share == 64 * 64 / (100 * 120)
    np.testing.assert_array_equal(array_at(head(cube), "ledger/state")[0], [[1, 5], [2, 3]])
    wanted = np.zeros((100, 120), np.uint16)
    wanted[UPPER_LEFT.slices] = seeded(1, UPPER_LEFT)["red"]
    np.testing.assert_array_equal(stored(cube), wanted)
    assert stored_cells(head(cube), "red") == [(0, 0, 0)]
    assert sorted(stored_cells(head(cube), "n_obs")) == [(0, 0, 0), (0, 1, 1)]
    assert verify_cube(cube.address, cube.template).findings == ()


@pytest.mark.parametrize(
    ("states", "whole"),
    [
        ([State.OCEAN] * 4, State.OCEAN),
        ([State.OCEAN, State.NO_IMAGES, State.OCEAN, State.OCEAN], State.NO_IMAGES),
    ],
)
def test_an_area_of_which_nothing_is_read_needs_no_workers(cube: Cube, states: list[State], whole: State) -> None:
    def nobody(work: Work, batches: Sequence[ShardBatch]) -> Iterable[WrittenBatch]:
        raise AssertionError("workers were asked")

    commit = write(cube, "2023-01", [nothing(s, state) for s, state in zip(SHARDS, states, strict=True)], run=nobody)
    assert (commit.changed, commit.record.state, commit.record.valid_share) == (True, whole, 0)
    assert stored_cells(head(cube), "red") == []


def test_a_shard_that_is_ocean_now_loses_its_pixels(cube: Cube) -> None:
    write(cube, "2023-01", tasks_for(1))
    tasks = [*tasks_for(1, read=refuse)[:3], nothing(SHARDS[3], State.OCEAN, "land2")]
    write(cube, "2023-01", tasks, inputs="h2")
    wanted = expected(1, "red")
    wanted[SHARDS[3].slices] = 0
    np.testing.assert_array_equal(stored(cube), wanted)
    assert verify_cube(cube.address, cube.template).findings == ()


def test_what_was_written_as_a_whole_or_failed_is_made_anew(cube: Cube) -> None:
    extend_time(cube, JANUARY)
    record_failure(cube, JANUARY, WHOLE, "all", provenance("h1"))
    assert write(cube, "2023-01", tasks_for(1)).changed
    write_as_a_whole(cube, JANUARY, WHOLE, "all", provenance("h2"))
    assert not next(iter(read_records(head(cube)).values())).shards
    assert write(cube, "2023-01", tasks_for(3), inputs="h3").changed
    assert_whole(cube, seed=3)


def test_time_extended_meanwhile_costs_no_shard_twice(cube: Cube) -> None:
    asked: list[Rectangle] = []
    tasks = tasks_for(1, read=partial(counted, asked, 1))
    extend = while_writing(lambda: extend_time(open_or_create_cube(cube.address, template()), MONTH.parse("2024-06")))
    assert write(cube, "2023-01", tasks, run=extend).changed
    assert asked == list(SHARDS)
    assert history(cube)[:2] == ["example 2023-01", "example time axis to 2024-06"]
    assert_whole(cube, seed=1)


def test_another_area_written_meanwhile_is_rebased_upon(cube: Cube) -> None:
    left, right = Rectangle(0, 0, 100, 64), Rectangle(0, 64, 100, 120)
    extend_time(cube, JANUARY)
    other = while_writing(lambda: write(cube, "2023-01", tasks_for(1, right), right, area="right"))
    assert write(cube, "2023-01", tasks_for(1, left), left, area="left", run=other).changed
    assert list(read_ledger(cube)["area"]) == ["left", "right"]
    assert_whole(cube, seed=1)


def test_the_same_partition_written_meanwhile_is_found(cube: Cube) -> None:
    same = while_writing(lambda: write(cube, "2023-01", tasks_for(1)))
    late = write(cube, "2023-01", tasks_for(1), run=same)
    assert not late.changed
    assert history(cube).count("example 2023-01") == 1
    assert_whole(cube, seed=1)


def test_other_inputs_meanwhile_are_laid_over_as_a_whole(cube: Cube) -> None:
    ocean = [nothing(SHARDS[0], State.OCEAN, "h1"), *tasks_for(1)[1:]]
    other = while_writing(lambda: write(cube, "2023-01", tasks_for(9, inputs="h9"), inputs="h9"))
    assert write(cube, "2023-01", ocean, run=other).changed
    wanted = expected(1, "red")
    wanted[SHARDS[0].slices] = 0
    np.testing.assert_array_equal(stored(cube), wanted)
    assert verify_cube(cube.address, cube.template).findings == ()


def test_some_shards_are_not_laid_over_another_writer_s(cube: Cube) -> None:
    write(cube, "2023-01", tasks_for(1))
    late = [replace(task, inputs_hash="h2") if task.region == SHARDS[0] else task for task in tasks_for(2)]
    other = while_writing(lambda: write(cube, "2023-01", tasks_for(9, inputs="h9"), inputs="h9"))
    with pytest.raises(
        CubeError, match=r"area all of 2023-01 to be as it was .* got another writer's in .*; run again"
    ):
        write(cube, "2023-01", late, run=other, inputs="h2")
    assert_whole(cube, seed=9)


def test_a_writer_lands_on_the_head_that_was_rolled_back_to(cube: Cube) -> None:
    extend_time(cube, MONTH.parse("2023-02"))
    start = write(cube, "2023-01", tasks_for(1)).snapshot
    write(cube, "2023-01", tasks_for(2, inputs="h2"), inputs="h2")
    back = while_writing(lambda: roll_back(cube.address, start))
    assert write(cube, "2023-02", tasks_for(3), run=back).changed
    assert_whole(cube, seed=1, slot=0)
    assert_whole(cube, seed=3, slot=1)
    assert history(cube)[:2] == ["example 2023-02", "example 2023-01"]


def test_a_writer_whose_slot_was_rolled_back_writes_nothing(cube: Cube) -> None:
    start = write(cube, "2023-01", tasks_for(1)).snapshot
    back = while_writing(lambda: roll_back(cube.address, start))
    with pytest.raises(CubeError, match=r"Expected a slot for 2023-02 .* call extend_time first"):
        write(cube, "2023-02", tasks_for(3), run=back)
    assert_whole(cube, seed=1)


def test_a_reader_that_fails_leaves_the_head_as_it_is(cube: Cube) -> None:
    def fail(shard: Rectangle) -> dict[str, NDArray[Any]]:
        if shard == SHARDS[3]:
            raise TilesError("no tile for the lower right")
        return seeded(1, shard)

    extend_time(cube, JANUARY)
    before = history(cube)
    with pytest.raises(TilesError, match="no tile for the lower right"):
        write(cube, "2023-01", tasks_for(1, read=fail))
    assert history(cube) == before
    assert len(read_ledger(cube)) == 0
    assert not stored(cube).any()


def without_classes(shard: Rectangle) -> dict[str, NDArray[Any]]:
    return {name: array for name, array in seeded(1, shard).items() if name != "classes"}


def of_floats(shard: Rectangle) -> dict[str, NDArray[Any]]:
    return {name: array.astype("float32") for name, array in seeded(1, shard).items()}


@pytest.mark.parametrize(
    ("tasks", "message"),
    [
        (tasks_for(1)[:3], r"one task for each of the 2 x 2 shards of .*, got 3 for .*; cut the region with shards_in"),
        ([*tasks_for(1)[:3], tasks_for(1)[0]], r"one task for each of the 2 x 2 shards"),
        (tasks_for(1, read=without_classes), r"every band of the cube for the shard at .*, got none of classes; give"),
        (tasks_for(1, read=of_floats), r"64 x 64 pixels of uint16 for red, got 64 x 64 of float32; encode"),
    ],
)
def test_what_does_not_fit_is_refused(cube: Cube, tasks: list[ShardTask], message: str) -> None:
    extend_time(cube, JANUARY)
    before = history(cube)
    with pytest.raises(CubeError, match=message):
        write(cube, "2023-01", tasks)
    assert history(cube) == before


def test_a_batch_that_was_lost_is_missed(cube: Cube) -> None:
    def lose(work: Work, batches: Sequence[ShardBatch]) -> Iterable[WrittenBatch]:
        return [work(batch) for batch in batches[1:]]

    with pytest.raises(CubeError, match=r"Expected 4 shards of 2023-01 from the workers, got 3; the area is not"):
        write(cube, "2023-01", tasks_for(1), run=lose)
    assert not stored(cube).any()


def test_areas_that_share_a_shard_are_refused(cube: Cube) -> None:
    write(cube, "2023-01", tasks_for(1, UPPER_LEFT), UPPER_LEFT, area="a")
    with pytest.raises(CubeError, match=r"area b at .* to be its own, got area a at .*must not share shards"):
        write(cube, "2023-01", tasks_for(1), area="b")


def test_a_period_without_a_slot_is_refused(cube: Cube) -> None:
    with pytest.raises(CubeError, match="call extend_time first"):
        write_partition(cube, JANUARY, WHOLE, tasks_for(1), here, area_key="all", provenance=provenance("h"))
