"""Chips after a kill, in a bucket, and in one store: what is there is whole, and nothing is asked for twice."""

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from io import BytesIO
from pathlib import Path

import dagster as dg
import geopandas
import icechunk
import numpy as np
import pytest
import rasterio
import zarr

from eo_pipeline.orchestration.removing.deleting import delete, take_stock
from eo_pipeline_tests.end_to_end.chip_products import (
    COUNT,
    EMPTY,
    MONTHS,
    NAME,
    SIZE,
    Maker,
    manifest_of,
    source_window,
    write_world,
)
from eo_pipeline_tests.end_to_end.pipeline import make_bucket, storage_client
from eo_pipeline_tests.end_to_end.test_delete import stores_of
from eo_pipeline_tests.processes import SandboxProcess, running_sandbox
from eo_pipeline_tests.recorder import Recorder, recording

MANY = 150
WRITERS, WAITING = 4, 40
"""Chips that are written at once, and that may have come without being written yet."""
RESULTS = "results"
_PATIENCE_SECONDS = 60


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world")
    write_world(folder)
    return folder


@pytest.fixture(scope="module")
def sandbox(world: Path) -> Iterator[SandboxProcess]:
    catalog = world / "catalog.yaml"
    with running_sandbox(world / "sandbox", catalog=catalog, speed=100, buckets=[RESULTS]) as found:
        make_bucket(found.url)
        yield found


@pytest.fixture
def maker(world: Path, sandbox: SandboxProcess, tmp_path: Path, instance: dg.DagsterInstance) -> Maker:
    """A history and a root of the test's own."""
    return Maker(world, sandbox.url, tmp_path / "data", instance)


def killed_in_the_middle(world: Path, recorder: Recorder, root: Path, home: Path) -> float:
    """When the program that makes chips was killed by SIGKILL, once a third of them had come."""
    words = [str(world), recorder.url, str(root), str(home), str(MANY)]
    program = [sys.executable, "-m", "eo_pipeline_tests.end_to_end.chip_products", *words]
    process = subprocess.Popen(program, cwd=Path(__file__).parents[2], stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while len(list(root.rglob("*.tif"))) < MANY // 3:
        assert process.poll() is None, "expected a program at work, got one that has ended"
        assert time.monotonic() < deadline, "expected chips, got none in time"
        time.sleep(0.02)
    process.kill()
    process.wait()
    return time.monotonic()


def test_after_a_kill_nothing_is_half_written_and_only_what_was_under_way_is_asked_for_again(
    world: Path, sandbox: SandboxProcess, tmp_path: Path
) -> None:
    root, home = tmp_path / "data", tmp_path / "dagster"
    home.mkdir()
    sandbox.arm(kind="slow", path="image:computePixels", seconds=0.2, count=None)
    try:
        with recording(sandbox.url) as recorder:
            killed = killed_in_the_middle(world, recorder, root, home)
            there = sorted(root.rglob("*.tif"))
            for file in there:
                with rasterio.open(file) as chip:
                    expected = source_window(world, MONTHS[0], chip.bounds.left, chip.bounds.top)
                    np.testing.assert_array_equal(chip.read(1), expected)
            assert list((root / NAME / "chips").rglob("*.parquet")) == []
            with dg.DagsterInstance.local_temp(str(home)) as instance:
                found = Maker(world, recorder.url, root, instance).chips(count=MANY)
                assert found.run([MONTHS[0]], ["west"]).failed == {}
                kept = found.metadata("chips", f"west|{MONTHS[0]}")["were there already"]
            pixels = recorder.pixels()
    finally:
        sandbox.control("faults", method="DELETE")
    manifest = manifest_of(found, "west", MONTHS[0])
    assert manifest["state"].tolist() == ["written"] * MANY
    assert len(there) - WRITERS <= kept <= len(there)
    names = {file.name for file in there}
    whole = {(SIZE, SIZE, r.left, r.top) for r in manifest.itertuples() if Path(str(r.path)).name in names}
    before, after = (Counter(e.window for e in pixels if (e.began < killed) is early) for early in (True, False))
    assert set(before) | set(after) == {(SIZE, SIZE, r.left, r.top) for r in manifest.itertuples()}
    assert max(before.values()) == max(after.values()) == 1
    assert len(set(after) & whole) == len(there) - kept
    assert len(after) == MANY - kept
    answered = {entry.window for entry in pixels if entry.ended < killed}
    assert len(answered - whole) <= WAITING


def in_bucket(sandbox: SandboxProcess, prefix: str) -> Mapping[str, bytes]:
    """Every object of the bucket of results below a prefix."""
    with closing(storage_client(sandbox.url)) as client:
        return {
            blob.name.removeprefix(prefix): bytes(blob.download_as_bytes())
            for blob in client.list_blobs(RESULTS, prefix=prefix)
        }


def test_with_a_root_in_a_bucket_all_lies_there_and_nothing_stays_here(
    world: Path, sandbox: SandboxProcess, tmp_path: Path, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "scratch"
    environment = {"EO_STORAGE_URL": sandbox.url, "EO_CREDENTIALS": "anonymous", "EO_SCRATCH": str(scratch)}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    found = Maker(world, sandbox.url, f"gs://{RESULTS}/root", instance).chips()
    assert found.run([MONTHS[0]], ["west"]).failed == {}
    folder = f"root/{NAME}/chips/west/"
    objects = in_bucket(sandbox, folder)
    manifest = geopandas.read_parquet(BytesIO(objects[f"{MONTHS[0]}.parquet"]))
    assert len(manifest) == COUNT
    for row in manifest.itertuples():
        with rasterio.MemoryFile(objects[str(row.path)]) as memory, memory.open() as chip:
            expected = source_window(world, MONTHS[0], float(row.left), float(row.top))
            np.testing.assert_array_equal(chip.read(1), expected)
    assert len(objects) == COUNT + 1
    assert f"{MONTHS[0]}.parquet" in in_bucket(sandbox, f"root/{NAME}/samples/west/")
    assert list(scratch.rglob("*.tif")) == []


def store_of(root: Path) -> zarr.Group:
    """The store of chips, as anybody opens it."""
    repository = icechunk.Repository.open(icechunk.local_filesystem_storage(str(root / "chips" / "all.icechunk")))
    return zarr.open_group(repository.readonly_session("main").store, mode="r")


def test_chips_of_two_partitions_grow_one_store_and_leave_it(maker: Maker, sandbox: SandboxProcess) -> None:
    count = 5
    found = maker.chips(count=count, format="zarr", repository="chips/all.icechunk")
    assert found.run([*MONTHS, EMPTY], ["west"]).failed == {}
    assert len(manifest_of(found, "west", EMPTY)) == 0
    root = Path(maker.root)
    store = store_of(root)
    pixels, owners = np.asarray(store["chips"]), np.asarray(store["partition"])
    assert pixels.shape == (len(MONTHS) * count, 1, SIZE, SIZE)
    for month in MONTHS:
        manifest = manifest_of(found, "west", month)
        assert set(owners[manifest["index"].astype(int)]) == {f"west|{month}"}
        for row in manifest.itertuples():
            expected = source_window(maker.world, month, float(row.left), float(row.top))
            np.testing.assert_array_equal(pixels[int(row.index), 0], expected)
    assert list((root / NAME / "chips").rglob("*.npy")) == []
    assert not list((root / ".incoming").rglob("*.npy"))
    snapshot = found.metadata("chips", f"west|{MONTHS[1]}")["snapshot"]
    assert found.materialise("chips", f"west|{MONTHS[1]}").success
    again = found.metadata("chips", f"west|{MONTHS[1]}")
    assert (again["committed"], again["snapshot"]) == (False, snapshot)
    stores = stores_of(sandbox, found)
    delete(stores, [f"west|{MONTHS[0]}"], keep_history=False, tell=lambda _: None, poll_seconds=0.1)
    owners = np.asarray(store_of(root)["partition"])
    assert Counter(owners.tolist()) == {"": count, f"west|{MONTHS[1]}": count}
    assert not take_stock(stores, [f"west|{MONTHS[0]}"], keep_history=False).holdings
    assert sorted(path.name for path in (root / NAME).rglob("*.parquet")) == sorted(
        [f"{month}.parquet" for month in (MONTHS[1], EMPTY)] * 2
    )
