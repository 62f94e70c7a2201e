"""What each client reports when its write happened and the reply was lost: what the pipeline must be ready for."""

from collections.abc import Iterator

import icechunk
import numpy as np
import obstore
import pytest
import zarr
from google.api_core.exceptions import PreconditionFailed
from obstore.exceptions import AlreadyExistsError

from eo_pipeline_tests.contracts.object_client import Access
from eo_pipeline_tests.sandbox.cloud_storage.adapters.gcsfs_client import GcsfsClient
from eo_pipeline_tests.sandbox.cloud_storage.clients import gcs_store, google_client, obstore_key
from eo_pipeline_tests.sandbox.cloud_storage.conftest import Guarded
from eo_pipeline_tests.sandbox.cloud_storage.proxy import LossyProxy, lossy
from eo_pipeline_tests.sandbox.cloud_storage.server import Running


@pytest.fixture
def proxy(open_server: Running) -> Iterator[LossyProxy]:
    with lossy(open_server.endpoint) as running:
        yield running


@pytest.fixture
def key(proxy: LossyProxy, guarded_server: Guarded) -> str:
    return obstore_key(guarded_server.key, gcs_base_url=proxy.endpoint, disable_oauth=True)


def test_google_reports_its_own_conditional_write_as_a_conflict(
    proxy: LossyProxy, open_server: Running, bucket: str
) -> None:
    proxy.patterns.append("POST /upload")
    blob = google_client(proxy.endpoint, None).bucket(bucket).blob("x")
    with pytest.raises(PreconditionFailed):
        blob.upload_from_string(b"mine", if_generation_match=0)
    assert len(proxy.lost) == 1
    assert open_server.store.read(bucket, "x") == b"mine"


def test_gcsfs_reports_its_own_exclusive_write_as_a_conflict(
    proxy: LossyProxy, open_server: Running, bucket: str
) -> None:
    proxy.patterns.append("POST /upload")
    assert not GcsfsClient(Access(proxy.endpoint, bucket, key=None, guard=None)).create("x", b"mine")
    assert len(proxy.lost) == 1
    assert open_server.store.read(bucket, "x") == b"mine"


def test_obstore_reports_its_own_exclusive_write_as_a_conflict(
    proxy: LossyProxy, open_server: Running, bucket: str, key: str
) -> None:
    proxy.patterns.append("PUT /")
    with pytest.raises(AlreadyExistsError):
        obstore.put(gcs_store(bucket, key), "x", b"mine", mode="create")
    assert len(proxy.lost) == 1
    assert open_server.store.read(bucket, "x") == b"mine"


def test_icechunk_makes_its_commit_exactly_once(proxy: LossyProxy, bucket: str, key: str) -> None:
    storage = icechunk.gcs_storage(bucket=bucket, prefix="cube", service_account_key=key, config={"allow_http": "true"})
    repository = icechunk.Repository.create(storage)
    session = repository.writable_session("main")
    zarr.create_array(session.store, name="a", shape=(10,), chunks=(5,), dtype="f4")
    proxy.patterns.append(r"PUT /[^ ]*(/|%2F)repo ")
    session.commit("once", rebase_with=icechunk.ConflictDetector())
    assert len(proxy.lost) == 1
    reopened = icechunk.Repository.open(storage)
    messages = [snapshot.message for snapshot in reopened.ancestry(branch="main")]
    assert messages == ["once", "Repository initialized"]
    found = zarr.open_array(reopened.readonly_session("main").store, path="a", mode="r")[:]
    np.testing.assert_array_equal(found, np.zeros(10))
