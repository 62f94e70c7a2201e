"""Cubes of plain Zarr: the same calls and arrays, and what is left when a writer dies."""

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rioxarray  # noqa: F401 (registers .rio)
import xarray as xr
import zarr
from numpy.typing import NDArray

from eo_pipeline.core.cubes.cube_ledger import State
from eo_pipeline.core.cubes.store_kind import StoreKind
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.errors import CubeError, StorageError
from eo_pipeline.storage.cubes import (
    CubeAddress,
    CubeStore,
    RegionCommit,
    ShardBatch,
    WrittenBatch,
    clear_region,
    collect_garbage,
    cube_exists,
    extend_time,
    held_partition,
    holds_region,
    in_its_store,
    open_cube,
    open_or_create_cube,
    open_slots,
    read_history,
    read_ledger,
    record_discarded,
    record_failure,
    roll_back,
    straight,
    tag_release,
    verify_cube,
)
from eo_pipeline.storage.cubes.layout import array_at
from eo_pipeline_tests.storage.cubes.examples import (
    BANDS,
    LOWER_RIGHT,
    MONTH,
    UPPER_LEFT,
    pixels,
    provenance,
    reader,
    template,
    write_region,
)
from eo_pipeline_tests.storage.cubes.shards import (
    SHARDS,
    WHOLE,
    Work,
    expected,
    in_pool,
    nothing,
    seeded,
    tasks_for,
)
from eo_pipeline_tests.storage.cubes.shards import write as write_shards
from eo_pipeline_tests.storage.cubes.test_kills import hanging, workers

JANUARY = MONTH.parse("2023-01")
DELETED = {"product": "example", "partition": "a deleted"}


@pytest.fixture
def plain(tmp_path: Path) -> CubeStore:
    return open_or_create_cube(CubeAddress(str(tmp_path / "plain.zarr"), store="zarr"), template())


def findings(cube: CubeStore) -> list[str]:
    return [finding.said for finding in verify_cube(cube.address, cube.template).findings]


def write(cube: CubeStore, arrays: dict[str, NDArray[Any]] | None, inputs: str = "h1", area: str = "a") -> RegionCommit:
    extend_time(cube, JANUARY)
    read = None if arrays is None else reader(arrays)
    return write_region(cube, JANUARY, UPPER_LEFT, read, area_key=area, provenance=provenance(inputs, "2023-01"))


def test_any_reader_of_zarr_reads_it(plain: CubeStore) -> None:
    arrays = pixels(UPPER_LEFT, seed=1)
    commit = write(plain, arrays)
    assert (commit.changed, commit.snapshot) == (True, "")
    read = xr.open_zarr(plain.address.uri, consolidated=False, chunks=None, decode_coords="all")
    np.testing.assert_allclose(read["red"].values[0, :64, :64], arrays["red"] * 1e-4 - 0.1, rtol=0, atol=1e-12)
    assert read["red"].rio.crs == "EPSG:32633"
    slots = open_slots(plain.address)
    np.testing.assert_array_equal(slots.read("n_obs", 0, UPPER_LEFT), arrays["n_obs"])
    assert findings(plain) == []


def test_calls_are_those_of_any_cube(plain: CubeStore) -> None:
    write(plain, pixels(UPPER_LEFT, seed=1))
    assert not write(plain, pixels(UPPER_LEFT, seed=1)).changed
    assert write(plain, pixels(UPPER_LEFT, seed=2), inputs="h2").changed
    record_failure(plain, JANUARY, LOWER_RIGHT, "b", provenance("h"))
    record_discarded(plain, JANUARY, {"c": Rectangle(0, 64, 64, 120)}, provenance("land"))
    ledger = read_ledger(plain)
    assert dict(zip(ledger["area"], ledger["state"], strict=True)) == {"a": "written", "b": "failed", "c": "ocean"}
    assert holds_region(plain, JANUARY, UPPER_LEFT, area_key="a")
    assert clear_region(plain, JANUARY, UPPER_LEFT, area_key="a", metadata=DELETED).changed
    assert list(read_ledger(plain)["area"]) == ["b", "c"]
    assert findings(plain) == []


def test_areas_that_share_a_shard_are_refused(plain: CubeStore) -> None:
    write(plain, pixels(UPPER_LEFT, seed=1))
    with pytest.raises(CubeError, match=r"area b at .* to be its own, got area a"):
        write(plain, pixels(UPPER_LEFT, seed=1), area="b")


def test_interrupted_write_is_not_told_of_and_is_done_again(plain: CubeStore) -> None:
    write(plain, pixels(UPPER_LEFT, seed=1))
    new = pixels(UPPER_LEFT, seed=2)

    def read(band: str, rows: slice, columns: slice) -> NDArray[Any]:
        if band == "n_obs":
            raise KeyboardInterrupt
        return new[band][rows, columns]

    with pytest.raises(KeyboardInterrupt):
        write_region(plain, JANUARY, UPPER_LEFT, read, area_key="a", provenance=provenance("h2"))
    assert list(read_ledger(plain)["state"]) == ["failed"]
    assert open_slots(plain.address).written(0) == ()
    [said] = findings(plain)
    assert said.startswith("expected nothing where the row says 'failed', got 4096 pixels of red, ")
    assert write(plain, new, inputs="h2").changed
    assert findings(plain) == []


@pytest.mark.parametrize("arrays", [["red"], ["red", "classes", "n_obs", "time_bnds", "time"]])
def test_interrupted_extension_is_done_again(plain: CubeStore, arrays: list[str]) -> None:
    """Killed after some arrays got longer, and before the bounds of the new slots were written."""
    write(plain, pixels(UPPER_LEFT, seed=1))
    group = zarr.open_group(plain.address.uri, mode="r+")
    for name in arrays:
        array_at(group, name).resize((3, *array_at(group, name).shape[1:]))
    assert not holds_region(plain, MONTH.parse("2023-03"), UPPER_LEFT, area_key="a")
    assert extend_time(plain, MONTH.parse("2023-03")).changed
    assert [period.key for period in open_slots(plain.address).periods] == [
        "2023-01", "2023-02", "2023-03",
    ]  # fmt: skip
    assert findings(plain) == []


def test_opening_again_finds_what_is_there(plain: CubeStore) -> None:
    write(plain, pixels(UPPER_LEFT, seed=1))
    again = open_or_create_cube(plain.address, template())
    assert list(read_ledger(again)["area"]) == ["a"]


def test_another_template_is_refused(plain: CubeStore) -> None:
    with pytest.raises(CubeError, match="n_obs: not expected, the cube has it"):
        open_or_create_cube(plain.address, template(bands=BANDS[:2]))


@pytest.mark.parametrize("store", ["icechunk", "zarr"])
def test_deletion_takes_what_an_interrupted_write_left(tmp_path: Path, store: StoreKind) -> None:
    cube = open_or_create_cube(CubeAddress(str(tmp_path / "cube"), store=store), template())
    extend_time(cube, JANUARY)

    def read(band: str, rows: slice, columns: slice) -> NDArray[Any]:
        if band == "n_obs":
            raise KeyboardInterrupt
        return pixels(UPPER_LEFT, seed=1)[band][rows, columns]

    with pytest.raises(KeyboardInterrupt):
        write_region(cube, JANUARY, UPPER_LEFT, read, area_key="a", provenance=provenance("h"))
    assert holds_region(cube, JANUARY, UPPER_LEFT, area_key="a") == (store == "zarr")
    clear_region(cube, JANUARY, UPPER_LEFT, area_key="a", metadata=DELETED)
    assert not holds_region(cube, JANUARY, UPPER_LEFT, area_key="a")
    assert verify_cube(cube.address, template()).shards == 0
    assert findings(cube) == []


def test_interrupted_deletion_is_done_by_the_next(plain: CubeStore, monkeypatch: pytest.MonkeyPatch) -> None:
    write(plain, pixels(UPPER_LEFT, seed=1))
    with monkeypatch.context() as cut:
        cut.setattr("eo_pipeline.storage.cubes.clearing.clear_pixels", interrupted)
        with pytest.raises(KeyboardInterrupt):
            clear_region(plain, JANUARY, UPPER_LEFT, area_key="a", metadata=DELETED)
    assert list(read_ledger(plain)["state"]) == ["failed"]
    assert clear_region(plain, JANUARY, UPPER_LEFT, area_key="a", metadata=DELETED).changed
    assert len(read_ledger(plain)) == 0
    assert findings(plain) == []


def interrupted(*_: object) -> None:
    raise KeyboardInterrupt


def check_on_object_store(address: CubeAddress) -> None:
    """Creation that is cut short, workers that are processes, an interrupted write, deletion, reading, verifying."""
    with pytest.MonkeyPatch.context() as cut:
        cut.setattr("eo_pipeline.core.cubes.cube_template.CubeTemplate.coordinates", interrupted)
        with pytest.raises(KeyboardInterrupt):
            open_or_create_cube(address, template())
    assert not cube_exists(address)
    cube = open_or_create_cube(address, template())
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        assert write_shards(cube, "2023-02", tasks_for(1), run=in_pool(pool), batch_size=2).changed
    with pytest.raises(KeyboardInterrupt):
        write_shards(cube, "2023-02", tasks_for(2, inputs="h2"), inputs="h2", run=interrupted_after_two)
    assert list(read_ledger(cube)["state"]) == ["failed"]
    assert write_shards(cube, "2023-02", tasks_for(2, inputs="h2"), inputs="h2").changed
    np.testing.assert_array_equal(open_slots(address).read("red", 1, WHOLE), expected(2, "red"))
    np.testing.assert_array_equal(open_cube(address)["n_obs"].values[1], expected(2, "n_obs"))
    assert in_its_store(replace(address, store="icechunk")) == address
    assert findings(cube) == []
    assert clear_region(cube, MONTH.parse("2023-02"), WHOLE, area_key="all", metadata=DELETED).changed
    assert verify_cube(address).shards == 0


def interrupted_after_two(work: Work, batches: Sequence[ShardBatch]) -> list[WrittenBatch]:
    for batch in batches[:2]:
        work(batch)
    raise KeyboardInterrupt


def test_interrupted_creation_begins_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    address = CubeAddress(str(tmp_path / "plain.zarr"), store="zarr")
    with monkeypatch.context() as cut:
        cut.setattr("eo_pipeline.core.cubes.cube_template.CubeTemplate.coordinates", interrupted)
        with pytest.raises(KeyboardInterrupt):
            open_or_create_cube(address, template())
    assert (tmp_path / "plain.zarr" / "red" / "zarr.json").exists()
    assert not cube_exists(address)
    cube = open_or_create_cube(address, template())
    assert cube_exists(address)
    assert write(cube, pixels(UPPER_LEFT, seed=1)).changed
    assert findings(cube) == []


def test_what_is_somebody_else_s_is_left_alone(tmp_path: Path) -> None:
    repository = CubeAddress(str(tmp_path / "repository"))
    open_or_create_cube(repository, template())
    before = sorted((tmp_path / "repository").rglob("*"))
    with pytest.raises(CubeError, match=r"an empty place or a cube of plain Zarr at .*repository, got other files, su"):
        open_or_create_cube(CubeAddress(repository.uri, store="zarr"), template())
    assert sorted((tmp_path / "repository").rglob("*")) == before
    other = zarr.open_group(tmp_path / "other", mode="w", zarr_format=3)
    other.create_array("red", shape=(3,), dtype="i4")[:] = 7
    other.create_array("theirs", shape=(3,), dtype="i4")
    with pytest.raises(CubeError, match=r"Expected the cube .*other to fit the product example, got differences:"):
        open_or_create_cube(CubeAddress(str(tmp_path / "other"), store="zarr"), template())
    assert np.asarray(array_at(other, "red")[:]).tolist() == [7, 7, 7]
    with pytest.raises(CubeError, match=r"a cube of plain Zarr at .*other/red, got a single array of somebody else's;"):
        open_or_create_cube(CubeAddress(str(tmp_path / "other" / "red"), store="zarr"), template())
    plain = CubeAddress(str(tmp_path / "plain"), store="zarr")
    open_or_create_cube(plain, template())
    with pytest.raises(CubeError, match=r"Expected an empty folder or a cube at .*plain, got: .*choose another place"):
        open_or_create_cube(CubeAddress(plain.uri), template())
    assert [in_its_store(CubeAddress(one.uri)).store for one in (repository, plain)] == ["icechunk", "zarr"]


NOW = datetime.now(UTC)
OF_VERSIONS: dict[str, Callable[[CubeAddress], object]] = {
    "history": read_history,
    "roll back": lambda address: roll_back(address, "v1"),
    "tag": lambda address: tag_release(address, "v1"),
    "garbage": lambda address: collect_garbage(address, older_than=NOW, now=NOW, dry_run=True),
    "verify": lambda address: verify_cube(address, version="v1"),
    "open": lambda address: open_cube(address, snapshot="v1"),
    "slots": lambda address: open_slots(address, snapshot="v1"),
}


@pytest.mark.parametrize("what", OF_VERSIONS)
def test_what_needs_versions_is_refused(plain: CubeStore, what: str) -> None:
    with pytest.raises(CubeError, match=r"a cube with versions, got plain Zarr at .*plain\.zarr, which has none:"):
        OF_VERSIONS[what](plain.address)


def test_partition_of_many_workers_is_what_it_is_in_icechunk(plain: CubeStore, tmp_path: Path) -> None:
    """Written by processes; then one shard from other inputs, one discarded. Pixels are numpy's, rows Icechunk's."""
    other = open_or_create_cube(CubeAddress(str(tmp_path / "icechunk")), template())
    asked: list[Rectangle] = []

    def read(shard: Rectangle) -> dict[str, NDArray[Any]]:
        asked.append(shard)
        open_or_create_cube(plain.address, template())  # waits for no writer
        return seeded(2, shard)

    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        for cube in (plain, other):
            assert write_shards(cube, "2023-02", tasks_for(1), run=in_pool(pool), batch_size=2).changed
            for inputs, there in (("h1", True), ("h2", False)):
                held = held_partition(cube, MONTH.parse("2023-02"), WHOLE, area_key="all", inputs_hash=inputs)
                assert (held is not None) is there
            tasks = [
                *tasks_for(1)[:2],
                *tasks_for(2, inputs="h2", read=read)[2:3],
                nothing(SHARDS[3], State.OCEAN, "h2"),
            ]
            assert write_shards(cube, "2023-02", tasks, inputs="h2").changed
            assert not write_shards(cube, "2023-02", tasks, inputs="h2").changed
    assert asked == [SHARDS[2]] * 2
    for band in BANDS:
        wanted = expected(1, band.name)
        wanted[SHARDS[2].slices] = seeded(2, SHARDS[2])[band.name]
        wanted[SHARDS[3].slices] = band.nodata or 0
        for cube in (plain, other):
            np.testing.assert_array_equal(array_at(cube.read(), band.name)[1], wanted)
    assert read_ledger(plain).equals(read_ledger(other))
    assert findings(plain) == []


@pytest.mark.parametrize("killed", ["worker", "coordinator"])
def test_killed_between_shards_and_row_is_not_done_and_is_done_again(tmp_path: Path, killed: str) -> None:
    address, folder = CubeAddress(str(tmp_path / "cube"), store="zarr"), tmp_path / "cube"
    with hanging(tmp_path, "zarr", lambda: len([*folder.glob("*/c/0/*/*")]) >= len(SHARDS[:3]) * 3) as coordinator:
        [worker] = workers(tmp_path)
        os.kill(worker if killed == "worker" else coordinator.pid, signal.SIGKILL)
        coordinator.wait(90)
    cube = open_or_create_cube(address, template())
    assert list(read_ledger(cube)["state"]) == ["failed"]
    assert open_slots(address).written(0) == ()
    assert len(findings(cube)) == 3
    assert write_shards(cube, "2023-01", tasks_for(7)).changed
    np.testing.assert_array_equal(array_at(cube.read(), "red")[0], expected(7, "red"))
    assert findings(cube) == []


def test_file_that_a_killed_writer_left_half_is_passed_over(plain: CubeStore) -> None:
    write_shards(plain, "2023-01", tasks_for(1))
    for path in ("red/c/0/0", "ledger/record/c/0/0"):
        (Path(plain.address.uri) / path / "1.0123456789abcdef.partial").write_bytes(b"half")
    assert findings(plain) == []


def test_of_two_writers_without_a_lock_the_first_is_refused(plain: CubeStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on an object store: no row tells of shards that are another's."""
    monkeypatch.setattr(straight, "sole_committer", no_lock)

    def run(work: Work, batches: Sequence[ShardBatch]) -> list[WrittenBatch]:
        written = [work(batch) for batch in batches]
        write_shards(plain, "2023-01", tasks_for(2, inputs="h2"), inputs="h2")
        return written

    with pytest.raises(CubeError, match=r"to be the only one who writes area all of 2023-01 to .*, got another writer"):
        write_shards(plain, "2023-01", tasks_for(1), run=run)
    assert list(read_ledger(plain)["inputs_hash"]) == ["h2"]
    np.testing.assert_array_equal(array_at(plain.read(), "red")[0], expected(2, "red"))


@contextmanager
def no_lock(address: CubeAddress) -> Iterator[None]:
    yield


def test_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(StorageError, match=r"Expected to write .*plain\.lock, the lock"):
        open_or_create_cube(CubeAddress(str(tmp_path / "file" / "plain"), store="zarr"), template())
