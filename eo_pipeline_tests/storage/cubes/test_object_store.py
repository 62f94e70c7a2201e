"""Cubes on S3, served by moto: the same promises without a lock."""

import socket
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context

import boto3  # type: ignore[import-untyped] # ships no types
import numpy as np
import pytest
import zarr
from botocore.exceptions import EndpointConnectionError  # type: ignore[import-untyped] # ships no types

from eo_pipeline.core.cubes.store_kind import StoreKind
from eo_pipeline.core.settings import Settings
from eo_pipeline.errors import CubeError, StorageError
from eo_pipeline.storage.cubes import (
    CubeAddress,
    ShardBatch,
    WrittenBatch,
    collect_garbage,
    cube_exists,
    extend_time,
    open_cube,
    open_or_create_cube,
    open_or_create_icechunk_cube,
    tag_release,
    verify_cube,
)
from eo_pipeline.storage.cubes.layout import array_at
from eo_pipeline.storage.cubes.transaction import transact
from eo_pipeline.storage.places import cube_address
from eo_pipeline_tests.processes import started
from eo_pipeline_tests.storage.cubes.examples import (
    MONTH,
    UPPER_LEFT,
    pixels,
    provenance,
    reader,
    template,
    write_region,
)
from eo_pipeline_tests.storage.cubes.shards import Work, expected, in_pool, tasks_for, write_from_four_threads
from eo_pipeline_tests.storage.cubes.shards import assert_nothing_lost as assert_no_forks_lost
from eo_pipeline_tests.storage.cubes.shards import write as write_shards
from eo_pipeline_tests.storage.cubes.test_concurrency import assert_nothing_lost
from eo_pipeline_tests.storage.cubes.test_plain_zarr import check_on_object_store
from eo_pipeline_tests.storage.cubes.test_repository import head, history
from eo_pipeline_tests.storage.cubes.writers import write_from_four_processes


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "eo_pipeline_tests.chaos_cubes.s3_server", str(port)]
    with started(command, log=tmp_path_factory.mktemp("s3") / "log"):
        url = f"http://127.0.0.1:{port}"
        _create_bucket(url)
        yield url


def _create_bucket(url: str) -> None:
    client = boto3.client(
        "s3",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="key",
        aws_secret_access_key="secret",  # noqa: S106 (moto takes any)
    )
    deadline = time.monotonic() + 60
    while True:
        try:
            client.create_bucket(Bucket="cubes")
        except EndpointConnectionError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
        else:
            return


def at(endpoint: str, uri: str) -> CubeAddress:
    options = {
        "endpoint_url": endpoint, "allow_http": True, "force_path_style": True, "region": "us-east-1",
        "access_key_id": "key", "secret_access_key": "secret",
    }  # fmt: skip
    return CubeAddress(uri, options)


def test_no_commit_of_four_processes_is_lost(endpoint: str) -> None:
    address = at(endpoint, "s3://cubes/four")
    reported = write_from_four_processes(address)
    assert_nothing_lost(open_or_create_icechunk_cube(address, template()), reported)


def test_writer_with_an_old_session_carries_its_shards_over(endpoint: str) -> None:
    """While one writer reads its pixels, another extends time: the rebase fails, and nothing is read twice."""
    address = at(endpoint, "s3://cubes/again")
    cube = open_or_create_icechunk_cube(address, template())
    january = MONTH.parse("2023-01")
    extend_time(cube, january)
    arrays = pixels(UPPER_LEFT, seed=1)
    calls: list[str] = []

    def read(band: str, rows: slice, columns: slice) -> np.ndarray[tuple[int, int], np.dtype[np.uint16]]:
        if not calls:
            extend_time(open_or_create_icechunk_cube(address, template()), MONTH.parse("2023-02"))
        calls.append(band)
        return reader(arrays)(band, rows, columns)

    commit = write_region(cube, january, UPPER_LEFT, read, area_key="a", provenance=provenance("h"))
    assert commit.changed
    assert calls == ["red", "classes", "n_obs"]
    read_back = open_cube(address)
    assert read_back.sizes["time"] == 2
    np.testing.assert_array_equal(read_back["n_obs"].values[0, :64, :64], arrays["n_obs"])
    assert history(cube)[:2] == ["example a", "example time axis to 2023-02"]


def test_writer_that_never_gets_through_says_so(endpoint: str) -> None:
    address = at(endpoint, "s3://cubes/busy")
    cube = open_or_create_icechunk_cube(address, template())
    attempts = 0

    def write_x(group: zarr.Group) -> tuple[bool, None]:
        nonlocal attempts
        attempts += 1
        other = cube.repository.writable_session("main")
        array_at(zarr.open_group(other.store), "x")[0] = attempts
        other.commit("in between")
        array_at(group, "x")[0] = -1
        return True, None

    with pytest.raises(CubeError, match=r"commit p1 to s3://cubes/busy, got a conflict 20 times; another writer"):
        transact(address, cube.repository, write_x, {"product": "example", "partition": "p1"})
    assert attempts == 20
    assert history(cube)[0] == "in between"


def test_missing_cube_is_named(endpoint: str) -> None:
    with pytest.raises(CubeError, match=r"Expected a cube at s3://cubes/none, got: .*check the address"):
        open_cube(at(endpoint, "s3://cubes/none"))


def test_missing_bucket_is_named(endpoint: str) -> None:
    with pytest.raises(StorageError, match=r"the cube s3://nobucket/cube, got: .*check the address and credentials"):
        open_or_create_icechunk_cube(at(endpoint, "s3://nobucket/cube"), template())


def test_forks_of_processes_are_one_commit(endpoint: str) -> None:
    cube = open_or_create_icechunk_cube(at(endpoint, "s3://cubes/forks"), template())
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        commit = write_shards(cube, "2023-01", tasks_for(1), run=in_pool(pool), batch_size=2)
    assert commit.changed
    assert history(cube)[:2] == ["example 2023-01", "example time axis to 2023-01"]
    np.testing.assert_array_equal(array_at(head(cube), "red")[0], expected(1, "red"))
    assert verify_cube(cube.address, template()).findings == ()


def test_no_commit_of_forks_is_lost(endpoint: str) -> None:
    address = at(endpoint, "s3://cubes/four_forks")
    assert_no_forks_lost(address, write_from_four_threads(address))


def test_plain_zarr_on_s3(endpoint: str) -> None:
    check_on_object_store(replace(at(endpoint, "s3://cubes/plain/zarr"), store="zarr"))


def test_plain_zarr_is_reached_by_the_environment_as_icechunk_is(
    endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("AWS_ENDPOINT_URL", "AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    for name, value in zip(names, (endpoint, "us-east-1", "key", "secret"), strict=True):
        monkeypatch.setenv(name, value)
    stores: tuple[StoreKind, ...] = ("icechunk", "zarr")
    for store in stores:
        address = cube_address(Settings(), f"s3://cubes/environment_{store}", store)
        assert not cube_exists(address)
        open_or_create_cube(address, template())
        assert cube_exists(address)


def test_plain_zarr_that_cannot_be_reached_is_named(endpoint: str) -> None:
    nowhere = replace(at(endpoint, "s3://nobucket/cube"), store="zarr")
    with pytest.raises(StorageError, match=r"the cube s3://nobucket/cube, got: .*check the address and credentials"):
        open_or_create_cube(nowhere, template())
    with pytest.raises(CubeError, match=r"Expected a cube of plain Zarr of format 3 at s3://cubes/none, got none; che"):
        open_cube(replace(at(endpoint, "s3://cubes/none"), store="zarr"))
    odd = CubeAddress("s3://cubes/odd", {"get_credentials": print, "region": "us-east-1"}, "zarr")
    with pytest.raises(CubeError, match=r"Expected options that plain Zarr can .* for s3://cubes/odd, got get_creden"):
        open_or_create_cube(odd, template())


def test_versions_are_freed_once_no_writer_can_need_them(endpoint: str) -> None:
    cube = open_or_create_icechunk_cube(at(endpoint, "s3://cubes/old"), template())
    for seed in (1, 2):
        write_shards(cube, "2023-01", tasks_for(seed, inputs=str(seed)), inputs=str(seed))
    tag_release(cube.address, "v2")
    now = datetime.now(UTC) + timedelta(seconds=1)  # S3 tells of objects which second they are of, and no more
    young = collect_garbage(cube.address, older_than=now, now=now, dry_run=False)
    assert (len(young.expired), young.chunks) == (3, 0)
    later = now + timedelta(hours=25)
    assert collect_garbage(cube.address, older_than=now, now=later, dry_run=True).chunks == 12
    assert collect_garbage(cube.address, older_than=now, now=later, dry_run=False).chunks == 12
    assert verify_cube(cube.address, template(), version="v2").findings == ()
    np.testing.assert_array_equal(array_at(head(cube), "red")[0], expected(2, "red"))


def test_writer_that_takes_too_long_does_not_commit(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    cube = open_or_create_icechunk_cube(at(endpoint, "s3://cubes/slow"), template())
    before = extend_time(cube, MONTH.parse("2023-01")).snapshot

    def run(work: Work, batches: Sequence[ShardBatch]) -> list[WrittenBatch]:
        began = time.monotonic()
        monkeypatch.setattr(time, "monotonic", lambda: began + 25 * 3600)
        return [work(batch) for batch in batches]

    with pytest.raises(CubeError, match=r"2023-01 to be written to s3://cubes/slow within 1 day, .*, got 1 day, 1:00:"):
        write_shards(cube, "2023-01", tasks_for(1), run=run)
    assert cube.repository.lookup_branch("main") == before
