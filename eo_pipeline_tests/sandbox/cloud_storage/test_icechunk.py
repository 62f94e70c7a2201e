"""Icechunk repositories on the sandbox: created, committed, reopened; no commit among concurrent ones is lost."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import icechunk
import numpy as np
import pytest
import zarr

from eo_pipeline_tests.sandbox.cloud_storage.clients import obstore_key
from eo_pipeline_tests.sandbox.cloud_storage.conftest import Guarded
from eo_pipeline_tests.sandbox.cloud_storage.server import Running, service_account_key

COMMITTERS = 6
COMMITS_EACH = 4


@pytest.fixture(params=["no-oauth", "key-text", "key-file"])
def storage(
    request: pytest.FixtureRequest, open_server: Running, guarded_server: Guarded, bucket: str, guarded_bucket: str
) -> Callable[[], icechunk.Storage]:
    key = guarded_server.key
    ways: dict[str, tuple[str, dict[str, Any]]] = {
        "no-oauth": (
            bucket,
            {"service_account_key": obstore_key(key, gcs_base_url=open_server.endpoint, disable_oauth=True)},
        ),
        "key-text": (guarded_bucket, {"service_account_key": obstore_key(key)}),
        "key-file": (guarded_bucket, {"service_account_file": str(key)}),
    }
    name, credentials = ways[str(request.param)]
    return lambda: icechunk.gcs_storage(bucket=name, prefix="cubes/one", config={"allow_http": "true"}, **credentials)


def array(session: icechunk.Session) -> zarr.Array[Any]:
    return zarr.open_array(session.store, path="a", mode="r+")


def create(storage: icechunk.Storage, shape: tuple[int, int], chunks: tuple[int, int]) -> icechunk.Repository:
    repository = icechunk.Repository.create(storage)
    session = repository.writable_session("main")
    zarr.create_array(session.store, name="a", shape=shape, chunks=chunks, dtype="f4", fill_value=0)
    session.commit("create")
    return repository


def test_commits_can_be_read_after_reopening(storage: Callable[[], icechunk.Storage]) -> None:
    values = np.random.default_rng(5).random((200, 200), dtype="f4")
    session = create(storage(), (200, 200), (20, 20)).writable_session("main")
    array(session)[:] = values
    snapshot = session.commit("write")
    reopened = icechunk.Repository.open(storage())
    found = zarr.open_array(reopened.readonly_session("main").store, path="a", mode="r")[:]
    np.testing.assert_array_equal(found, values)
    assert reopened.lookup_branch("main") == snapshot


def test_tags_branches_and_history(storage: Callable[[], icechunk.Storage]) -> None:
    repository = create(storage(), (4, 4), (4, 4))
    head = repository.lookup_branch("main")
    repository.create_tag("v1", snapshot_id=head)
    repository.create_branch("dev", head)
    reopened = icechunk.Repository.open(storage())
    assert reopened.list_tags() == {"v1"}
    assert reopened.list_branches() == {"main", "dev"}
    assert next(snapshot.message for snapshot in reopened.ancestry(branch="main")) == "create"


def test_a_conflicting_commit_is_refused_then_rebased(storage: Callable[[], icechunk.Storage]) -> None:
    repository = create(storage(), (200, 200), (20, 20))
    first, second = repository.writable_session("main"), repository.writable_session("main")
    array(first)[0:20] = 5
    first.commit("first")
    array(second)[180:] = 6
    with pytest.raises(icechunk.ConflictError):
        second.commit("second")
    second.commit("second", rebase_with=icechunk.ConflictDetector())
    found = np.asarray(array(icechunk.Repository.open(storage()).writable_session("main"))[:])
    assert (found[0, 0], found[100, 0], found[199, 0]) == (5, 0, 6)


def test_no_concurrent_commit_is_lost(storage: Callable[[], icechunk.Storage]) -> None:
    create(storage(), (COMMITTERS, COMMITS_EACH), (1, 1))
    together = threading.Barrier(COMMITTERS)

    def commit_all(row: int) -> None:
        repository = icechunk.Repository.open(storage())
        together.wait()
        for column in range(COMMITS_EACH):
            session = repository.writable_session("main")
            array(session)[row, column] = row * COMMITS_EACH + column + 1
            session.commit(f"{row},{column}", rebase_with=icechunk.ConflictDetector(), rebase_tries=1000)

    with ThreadPoolExecutor(COMMITTERS) as pool:
        list(pool.map(commit_all, range(COMMITTERS)))
    repository = icechunk.Repository.open(storage())
    found = zarr.open_array(repository.readonly_session("main").store, path="a", mode="r")[:]
    expected = np.arange(1, COMMITTERS * COMMITS_EACH + 1).reshape(COMMITTERS, COMMITS_EACH)
    np.testing.assert_array_equal(found, expected)
    messages = [snapshot.message for snapshot in repository.ancestry(branch="main")]
    commits = {f"{row},{column}" for row in range(COMMITTERS) for column in range(COMMITS_EACH)}
    assert commits <= set(messages)
    assert len(messages) == len(set(messages))


def test_expiry_and_garbage_collection_delete_objects(storage: Callable[[], icechunk.Storage]) -> None:
    repository = create(storage(), (10, 1000), (1, 1000))
    values = np.random.default_rng(7).random((3, 10, 1000), dtype="f4")  # chunks too large for a manifest
    for number in range(3):
        session = repository.writable_session("main")
        array(session)[:] = values[number]
        session.commit(str(number))
    head = next(iter(repository.ancestry(branch="main")))
    repository.expire_snapshots(older_than=head.written_at)
    collected = repository.garbage_collect(head.written_at + timedelta(hours=1))  # times of objects are whole seconds
    assert collected.chunks_deleted == 20
    found = zarr.open_array(icechunk.Repository.open(storage()).readonly_session("main").store, path="a", mode="r")[:]
    np.testing.assert_array_equal(found, values[2])


def test_an_untrusted_key_is_refused(guarded_server: Guarded, guarded_bucket: str, tmp_path: Path) -> None:
    stranger = service_account_key(guarded_server.server.endpoint, tmp_path)
    storage = icechunk.gcs_storage(
        bucket=guarded_bucket, prefix="p", service_account_file=str(stranger), config={"allow_http": "true"}
    )
    with pytest.raises(icechunk.IcechunkError, match="401"):
        icechunk.Repository.create(storage)
