"""The contract of Cloud Storage on three unmodified clients, with and without credentials."""

from collections.abc import Callable

import pytest

from eo_pipeline_tests.contracts.cloud_storage import CHECKS, ObjectClient
from eo_pipeline_tests.sandbox.cloud_storage.clients import (
    GcsfsClient,
    GoogleClient,
    ObstoreClient,
    gcs_store,
    obstore_key,
)
from eo_pipeline_tests.sandbox.cloud_storage.conftest import Guarded
from eo_pipeline_tests.sandbox.cloud_storage.server import Running


@pytest.fixture(
    params=[
        "google-anonymous",
        "google-key",
        "gcsfs-anonymous",
        "gcsfs-key",
        "obstore-no-oauth",
        "obstore-key",
    ]
)
def client(
    request: pytest.FixtureRequest, open_server: Running, guarded_server: Guarded, bucket: str, guarded_bucket: str
) -> ObjectClient:
    guarded, key = guarded_server.server.endpoint, guarded_server.key
    here = open_server.endpoint
    makers: dict[str, Callable[[], ObjectClient]] = {
        "google-anonymous": lambda: GoogleClient(here, bucket, None),
        "google-key": lambda: GoogleClient(guarded, guarded_bucket, key),
        "gcsfs-anonymous": lambda: GcsfsClient(here, bucket, None),
        "gcsfs-key": lambda: GcsfsClient(guarded, guarded_bucket, key),
        "obstore-no-oauth": lambda: ObstoreClient(
            gcs_store(bucket, obstore_key(key, gcs_base_url=here, disable_oauth=True))
        ),
        "obstore-key": lambda: ObstoreClient(gcs_store(guarded_bucket, obstore_key(key))),
    }
    return makers[str(request.param)]()


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_contract(client: ObjectClient, check: Callable[[ObjectClient], None]) -> None:
    check(client)
