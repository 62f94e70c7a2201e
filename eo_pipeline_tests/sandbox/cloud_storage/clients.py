"""How client libraries are pointed at an address. Not here: their adapters to the contract (`adapters`), and checks."""

import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from google.auth.credentials import AnonymousCredentials
from google.cloud import storage
from google.oauth2 import service_account
from obstore.store import GCSStore

SCOPE = "https://www.googleapis.com/auth/devstorage.read_write"


def google_client(endpoint: str, key: Path | None) -> storage.Client:
    if key is None:
        credentials: Any = AnonymousCredentials()
    else:
        credentials = service_account.Credentials.from_service_account_file(str(key), scopes=[SCOPE])
    return storage.Client(project="sandbox-project", credentials=credentials, client_options={"api_endpoint": endpoint})


def obstore_key(key: Path, **changes: object) -> str:
    """The text of a key file, as obstore and icechunk take it, with some fields changed."""
    return json.dumps({**json.loads(key.read_text(encoding="utf-8")), **changes})


def object_store_key(endpoint: str, key: Path | None) -> str:
    """The text of a key, as obstore and icechunk take it; without a key one that asks for no token."""
    if key is not None:
        return obstore_key(key)
    nobody = {"client_email": "", "private_key": "", "private_key_id": ""}
    return json.dumps({"gcs_base_url": endpoint, "disable_oauth": True, **nobody})


def gcs_store(bucket: str, key: str, headers: Mapping[str, str] | None = None) -> GCSStore:
    return GCSStore(
        bucket,
        service_account_key=key,
        client_options={"allow_http": True, "default_headers": dict(headers or {})},
        retry_config={"max_retries": 1, "retry_timeout": timedelta(seconds=10)},
    )
