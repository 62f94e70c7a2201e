"""Cubes on Cloud Storage, served by the sandbox: no commit is lost, none made twice, whatever replies are."""

import pickle
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import quote

import icechunk
import numpy as np
import pytest
import requests
from numpy.typing import NDArray

from eo_pipeline.cli.processes import free_port, python_module
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.core.settings import Settings
from eo_pipeline.errors import CubeError
from eo_pipeline.storage.cubes import (
    CubeAddress,
    ShardBatch,
    WrittenBatch,
    extend_time,
    open_or_create_icechunk_cube,
    opening,
    read_history,
    roll_back,
    write_partition,
)
from eo_pipeline.storage.cubes.layout import array_at
from eo_pipeline.storage.places import cube_address
from eo_pipeline_tests.chaos.services import listens
from eo_pipeline_tests.processes import SandboxProcess, running_sandbox, started
from eo_pipeline_tests.sandbox.cloud_storage.clients import object_store_key
from eo_pipeline_tests.sandbox.cloud_storage.proxy import LossyProxy, lossy
from eo_pipeline_tests.storage.cubes.examples import provenance, template
from eo_pipeline_tests.storage.cubes.shards import (
    MONTHS,
    SHARDS,
    WHOLE,
    Work,
    assert_nothing_lost,
    expected,
    seeded,
    tasks_for,
    write,
    write_from_four_threads,
)
from eo_pipeline_tests.storage.cubes.test_kills import wait_until
from eo_pipeline_tests.storage.cubes.test_plain_zarr import check_on_object_store
from eo_pipeline_tests.storage.cubes.test_repository import head, history


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with running_sandbox(tmp_path_factory.mktemp("sandbox"), buckets=["cubes"]) as running:
        yield running


def at(url: str, name: str) -> CubeAddress:
    options = {"service_account_key": object_store_key(url, None), "config": {"allow_http": "true"}}
    return CubeAddress(f"gs://cubes/{name}", options)


@pytest.fixture
def proxy(sandbox: SandboxProcess) -> Iterator[LossyProxy]:
    with lossy(sandbox.url) as running:
        yield running


def test_no_commit_of_four_writers_is_lost(sandbox: SandboxProcess) -> None:
    address = at(sandbox.url, "four")
    assert_nothing_lost(address, write_from_four_threads(address))


def lose_the_commit(proxy: LossyProxy, times: int) -> None:
    proxy.patterns.extend([r"PUT /[^ ]*(/|%2F)repo "] * times)


@pytest.mark.parametrize("times", [1, 12])
def test_lost_reply_to_a_commit_makes_it_once(proxy: LossyProxy, times: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Icechunk tries again by itself, here ten times; after that the history is read again."""
    monkeypatch.setattr(opening, "_PATIENCE", icechunk.StorageRetriesSettings(max_tries=10, initial_backoff_ms=50))
    cube = open_or_create_icechunk_cube(at(proxy.endpoint, f"lost{times}"), template())
    extend_time(cube, MONTHS[0])

    def run(work: Work, batches: Sequence[ShardBatch]) -> list[WrittenBatch]:
        written = [work(batch) for batch in batches]
        lose_the_commit(proxy, times)
        return written

    commit = write(cube, "2023-01", tasks_for(1), run=run)
    assert len(proxy.lost) == min(times, 10)
    proxy.patterns.clear()
    assert commit.changed
    assert history(cube).count("example 2023-01") == 1
    assert read_history(cube.address)[0].snapshot == commit.snapshot
    np.testing.assert_array_equal(array_at(head(cube), "red")[0], expected(1, "red"))


def test_a_store_that_is_away_for_some_seconds_costs_no_partition(sandbox: SandboxProcess, tmp_path: Path) -> None:
    """Workers and commit wait for it; Icechunk by itself would give up after two seconds."""
    port = free_port(0)
    relay = python_module("eo_pipeline_tests.chaos_cubes.relay", str(port), sandbox.url.rpartition(":")[2])
    with started(relay, log=tmp_path / "before.log"):
        wait_until(lambda: listens(port))
        cube = open_or_create_icechunk_cube(at(f"http://127.0.0.1:{port}", "away"), template())
        extend_time(cube, MONTHS[0])

    def run(work: Work, batches: Sequence[ShardBatch]) -> list[WrittenBatch]:
        return [work(pickle.loads(pickle.dumps(batch))) for batch in batches]  # noqa: S301 - of this process

    with ThreadPoolExecutor(1) as thread:
        commit = thread.submit(
            write_partition, cube, MONTHS[0], WHOLE, tasks_for(1), run,
            area_key="all", provenance=provenance("h1", "2023-01"),
        )  # fmt: skip
        time.sleep(4)
        assert not commit.done()
        with started(relay, log=tmp_path / "after.log"):
            assert commit.result(60).changed
            np.testing.assert_array_equal(array_at(head(cube), "red")[0], expected(1, "red"))


def test_time_extended_meanwhile_costs_no_shard_twice(sandbox: SandboxProcess) -> None:
    address, asked = at(sandbox.url, "extended"), list[Rectangle]()
    cube = open_or_create_icechunk_cube(address, template())

    def run(work: Work, batches: Sequence[ShardBatch]) -> list[WrittenBatch]:
        written = [work(batch) for batch in batches]
        extend_time(open_or_create_icechunk_cube(address, template()), MONTHS[2])
        return written

    def read(shard: Rectangle) -> dict[str, NDArray[Any]]:
        asked.append(shard)
        return seeded(1, shard)

    assert write(cube, "2023-01", tasks_for(1, read=read), run=run).changed
    assert asked == list(SHARDS)
    assert history(cube)[:2] == ["example 2023-01", "example time axis to 2023-03"]
    np.testing.assert_array_equal(array_at(head(cube), "red")[0], expected(1, "red"))


def test_plain_zarr_on_cloud_storage(sandbox: SandboxProcess) -> None:
    settings = Settings(root="gs://cubes/root", storage_url=sandbox.url, credentials="anonymous")
    check_on_object_store(cube_address(settings, "plain", "zarr"))


def test_rolling_back_on_cloud_storage(sandbox: SandboxProcess) -> None:
    cube = open_or_create_icechunk_cube(at(sandbox.url, "back"), template())
    first = write(cube, "2023-01", tasks_for(1)).snapshot
    write(cube, "2023-01", tasks_for(2, inputs="h2"), inputs="h2")
    assert len(roll_back(cube.address, first).undone) == 1
    np.testing.assert_array_equal(array_at(head(cube), "red")[0], expected(1, "red"))


def test_creation_that_was_cut_short_begins_again_and_other_files_stay(sandbox: SandboxProcess) -> None:
    address = at(sandbox.url, "cut")
    open_or_create_icechunk_cube(address, template())
    requests.delete(f"{sandbox.url}/storage/v1/b/cubes/o/cut%2Frepo", timeout=30).raise_for_status()
    with pytest.raises(CubeError, match=r"Expected an empty folder or a cube at gs://cubes/cut, got: .*choose another"):
        open_or_create_icechunk_cube(address, template())
    listed = f"{sandbox.url}/storage/v1/b/cubes/o?prefix=cut/"
    for item in requests.get(listed, timeout=30).json()["items"]:
        if not item["name"].startswith("cut/snapshots/"):
            url = f"{sandbox.url}/storage/v1/b/cubes/o/{quote(item['name'], safe='')}"
            requests.delete(url, timeout=30).raise_for_status()
    first, *later = [item["name"] for item in requests.get(listed, timeout=30).json()["items"]]
    for name in later:
        requests.delete(f"{sandbox.url}/storage/v1/b/cubes/o/{quote(name, safe='')}", timeout=30).raise_for_status()
    assert first.startswith("cut/snapshots/")
    cube = open_or_create_icechunk_cube(address, template())
    assert write(cube, "2023-01", tasks_for(1)).changed
