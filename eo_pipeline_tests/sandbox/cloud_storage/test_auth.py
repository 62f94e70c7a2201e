"""Who may do what: credentials wanted, wrong, expired; buckets that are read-only or forbidden."""

import json
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import obstore
import pytest
import urllib3
from google.api_core.exceptions import Forbidden
from google.auth.exceptions import InvalidOperation, RefreshError

from eo_pipeline.sandbox.cloud_storage.keys import trusted_key, write_service_account
from eo_pipeline.sandbox.cloud_storage.settings import CloudStorageSettings
from eo_pipeline_tests.sandbox.cloud_storage.clients import gcs_store, google_client
from eo_pipeline_tests.sandbox.cloud_storage.conftest import Guarded
from eo_pipeline_tests.sandbox.cloud_storage.server import Running, make_key, running, service_account_key


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.shown = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.shown


def put(server: Running, bucket: str, token: str | None) -> urllib3.BaseHTTPResponse:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    url = f"{server.endpoint}/upload/storage/v1/b/{bucket}/o?uploadType=media&name=x"
    return urllib3.request("POST", url, body=b"1", headers=headers)


def refresh_token(server: Running) -> str:
    answer = urllib3.request("POST", f"{server.endpoint}/token", body=b"grant_type=refresh_token&refresh_token=r")
    return str(answer.json()["access_token"])


def test_anonymous_callers_are_refused_where_credentials_are_required(
    guarded_server: Guarded, guarded_bucket: str
) -> None:
    refused = put(guarded_server.server, guarded_bucket, None)
    expected = "Anonymous caller does not have storage.objects.create access to the Google Cloud Storage object."
    assert refused.status == 401
    assert refused.json()["error"]["message"].startswith(expected)
    bucket = google_client(guarded_server.server.endpoint, None).bucket(guarded_bucket)
    with pytest.raises(InvalidOperation, match="Anonymous credentials cannot be refreshed"):
        bucket.blob("x").upload_from_string(b"1")
    xml = urllib3.request("GET", f"{guarded_server.server.endpoint}/{guarded_bucket}/x")
    assert xml.status == 401
    assert b"<Code>AuthenticationRequired</Code>" in xml.data


def test_a_key_that_is_not_trusted_gets_no_token(guarded_server: Guarded, guarded_bucket: str, tmp_path: Path) -> None:
    stranger = service_account_key(guarded_server.server.endpoint, tmp_path)
    with pytest.raises(RefreshError, match="Invalid JWT Signature"):
        google_client(guarded_server.server.endpoint, stranger).bucket(guarded_bucket).blob("x").exists()


def test_a_key_signed_under_anothers_id_gets_no_token(guarded_server: Guarded, tmp_path: Path) -> None:
    honest = json.loads(guarded_server.key.read_text(encoding="utf-8"))
    endpoint = guarded_server.server.endpoint
    forged = make_key(endpoint, tmp_path, private_key_id=honest["private_key_id"])
    with pytest.raises(RefreshError, match="Invalid JWT Signature"):
        google_client(endpoint, forged.path).bucket("any").exists()


@pytest.mark.parametrize("token", ["ya29.e30.0", "ya29.", "a.b.c", "nonsense"])
def test_wrong_tokens_are_refused_even_where_none_is_needed(open_server: Running, bucket: str, token: str) -> None:
    answer = put(open_server, bucket, token)
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert answer.json()["error"]["errors"][0]["reason"] == "authError"


def test_tokens_expire_and_clients_fetch_another(tmp_path: Path) -> None:
    clock = Clock()
    settings = CloudStorageSettings(authentication="required", token_seconds=600)
    with running(tmp_path / "store", settings, clock) as server:
        server.store.create_bucket("bucket")
        token = refresh_token(server)
        assert put(server, "bucket", token).status == 200
        client = google_client(server.endpoint, service_account_key(server.endpoint, tmp_path))
        client.bucket("bucket").blob("a").upload_from_string(b"1")
        clock.shown += timedelta(seconds=601)
        expired = put(server, "bucket", token)
        assert (expired.status, expired.json()["error"]["message"]) == (
            401,
            "Invalid Credentials: the token has expired",
        )
        client.bucket("bucket").blob("b").upload_from_string(b"2")
        assert server.store.read("bucket", "b") == b"2"


def test_tokens_outlive_a_restart(tmp_path: Path) -> None:
    settings = CloudStorageSettings(authentication="required")
    with running(tmp_path, settings) as server:
        server.store.create_bucket("bucket")
        token = refresh_token(server)
    with running(tmp_path, settings) as server:
        assert put(server, "bucket", token).status == 200
    assert stat.S_IMODE((tmp_path / "token_secret").stat().st_mode) == 0o600


def test_the_token_endpoint_names_what_it_expects(open_server: Running) -> None:
    answer = urllib3.request("POST", f"{open_server.endpoint}/token", body=b"grant_type=password")
    assert answer.status == 400
    assert answer.json()["error"] == "invalid_grant"
    assert "got password" in answer.json()["error_description"]


def test_read_only_and_forbidden_buckets(tmp_path: Path) -> None:
    settings = CloudStorageSettings(
        read_only_buckets=frozenset({"read-only"}), forbidden_buckets=frozenset({"forbidden"})
    )
    with running(tmp_path / "store", settings) as server:
        for name in ("read-only", "forbidden"):
            server.store.create_bucket(name)
            server.store.write(name, "x", b"kept")
        client = google_client(server.endpoint, service_account_key(server.endpoint, tmp_path))
        blob = client.bucket("read-only").blob("x")
        assert blob.download_as_bytes() == b"kept"
        denied = "tester@sandbox-project.iam.gserviceaccount.com does not have storage.objects.create access"
        with pytest.raises(Forbidden, match=denied):
            blob.upload_from_string(b"2")
        with pytest.raises(Forbidden, match=r"storage\.objects\.delete"):
            blob.delete()
        with pytest.raises(Forbidden, match=r"storage\.objects\.get"):
            client.bucket("forbidden").blob("x").download_as_bytes()
        with pytest.raises(Forbidden, match=r"storage\.objects\.list"):
            list(client.list_blobs("forbidden"))
        with pytest.raises(Forbidden, match=r"storage\.objects\.get"):
            client.bucket("read-only").copy_blob(client.bucket("forbidden").blob("x"), client.bucket("read-only"))
        asked = ["storage.objects.get", "storage.objects.create"]
        assert client.bucket("read-only").test_iam_permissions(asked) == ["storage.objects.get"]
        assert client.bucket("forbidden").test_iam_permissions(asked) == []
        assert server.store.read("read-only", "x") == b"kept"


def test_the_sandboxs_own_key_serves_google_and_obstore(tmp_path: Path) -> None:
    with running(tmp_path / "store") as server:
        server.store.create_bucket("bucket")
        path = write_service_account(server.endpoint + "/", tmp_path)
        server.settings = CloudStorageSettings(authentication="required", trusted_keys=trusted_key(path))
        google_client(server.endpoint, path).bucket("bucket").blob("a").upload_from_string(b"1")
        obstore.put(gcs_store("bucket", path.read_text(encoding="utf-8")), "b", b"2")
        assert [meta.name for meta in server.store.list("bucket")] == ["a", "b"]
    assert path == tmp_path / "credentials.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
