"""Adapters of three client libraries to the contract, and how each is pointed at an address. Not here: checks."""

import json
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import obstore
from gcsfs.core import GCSFileSystem  # the plain class: gcsfs.GCSFileSystem depends on the environment at first import
from google.api_core.exceptions import NotFound, PreconditionFailed
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage
from google.oauth2 import service_account
from obstore.exceptions import AlreadyExistsError
from obstore.store import GCSStore

from eo_pipeline_tests.contracts.cloud_storage import MEBIBYTE

SCOPE = "https://www.googleapis.com/auth/devstorage.read_write"


def google_client(endpoint: str, key: Path | None) -> storage.Client:
    if key is None:
        credentials: Any = AnonymousCredentials()  # type: ignore[no-untyped-call]  # google-auth ships no types
    else:
        credentials = service_account.Credentials.from_service_account_file(str(key), scopes=[SCOPE])  # type: ignore[no-untyped-call]  # as above
    return storage.Client(project="sandbox-project", credentials=credentials, client_options={"api_endpoint": endpoint})


class GoogleClient:
    """google-cloud-storage."""

    missing: type[Exception] = NotFound

    def __init__(self, endpoint: str, bucket: str, key: Path | None) -> None:
        self._client = google_client(endpoint, key)
        self._bucket = self._client.bucket(bucket)

    def write(self, name: str, data: bytes) -> None:
        self._bucket.blob(name).upload_from_string(data)

    def create(self, name: str, data: bytes) -> bool:
        try:
            self._bucket.blob(name).upload_from_string(data, if_generation_match=0)
        except PreconditionFailed:
            return False
        return True

    def write_stream(self, name: str, blocks: Iterable[bytes]) -> None:
        with self._bucket.blob(name, chunk_size=4 * MEBIBYTE).open("wb") as file:
            for block in blocks:
                file.write(block)

    def read(self, name: str) -> bytes:
        return bytes(self._bucket.blob(name).download_as_bytes())

    def read_stream(self, name: str) -> Iterator[bytes]:
        with self._bucket.blob(name).open("rb", chunk_size=4 * MEBIBYTE) as file:
            while block := file.read(MEBIBYTE):
                yield block

    def read_range(self, name: str, start: int, stop: int) -> bytes:
        return bytes(self._bucket.blob(name).download_as_bytes(start=start, end=stop - 1))

    def names(self, prefix: str) -> list[str]:
        return [blob.name for blob in self._client.list_blobs(self._bucket, prefix=prefix)]

    def folder(self, prefix: str) -> tuple[list[str], list[str]]:
        found = self._client.list_blobs(self._bucket, prefix=prefix, delimiter="/")
        return [blob.name for blob in found], list(found.prefixes)

    def size_and_checksum(self, name: str) -> tuple[int, str]:
        blob = self._bucket.get_blob(name)
        return blob.size, f"crc32c={blob.crc32c}"

    def delete(self, name: str) -> None:
        self._bucket.blob(name).delete()


class GcsfsClient:
    """gcsfs."""

    missing: type[Exception] = FileNotFoundError

    def __init__(self, endpoint: str, bucket: str, key: Path | None) -> None:
        token = "anon" if key is None else str(key)  # gcsfs's word for "no credentials"
        self._files = GCSFileSystem(
            project="sandbox-project",
            token=token,
            endpoint_url=endpoint,
            use_listings_cache=False,
            skip_instance_cache=True,
        )
        self._root = bucket + "/"

    def write(self, name: str, data: bytes) -> None:
        self._files.pipe_file(self._root + name, data)

    def create(self, name: str, data: bytes) -> bool:
        try:
            self._files.pipe_file(self._root + name, data, mode="create")
        except FileExistsError:
            return False
        return True

    def write_stream(self, name: str, blocks: Iterable[bytes]) -> None:
        with self._files.open(self._root + name, "wb", block_size=4 * MEBIBYTE) as file:
            for block in blocks:
                file.write(block)

    def read(self, name: str) -> bytes:
        return bytes(self._files.cat_file(self._root + name))

    def read_stream(self, name: str) -> Iterator[bytes]:
        with self._files.open(self._root + name, "rb", block_size=4 * MEBIBYTE) as file:
            while block := file.read(MEBIBYTE):
                yield block

    def read_range(self, name: str, start: int, stop: int) -> bytes:
        return bytes(self._files.cat_file(self._root + name, start=start, end=stop))

    def names(self, prefix: str) -> list[str]:
        folder, _, rest = prefix.rpartition("/")
        path = (self._root + folder).rstrip("/")
        return [self._name(found) for found in self._files.find(path, prefix=rest)]

    def folder(self, prefix: str) -> tuple[list[str], list[str]]:
        entries = self._files.ls(self._root + prefix.rstrip("/"), detail=True)
        names = [self._name(entry["name"]) for entry in entries if entry["type"] == "file"]
        return names, [self._name(entry["name"]) + "/" for entry in entries if entry["type"] == "directory"]

    def size_and_checksum(self, name: str) -> tuple[int, str]:
        info = self._files.info(self._root + name)
        return info["size"], f"crc32c={info['crc32c']}"

    def delete(self, name: str) -> None:
        self._files.rm_file(self._root + name)

    def _name(self, path: str) -> str:
        return path.removeprefix(self._root)


def obstore_key(key: Path, **changes: object) -> str:
    """The text of a key file, as obstore and icechunk take it, with some fields changed."""
    return json.dumps({**json.loads(key.read_text(encoding="utf-8")), **changes})


def gcs_store(bucket: str, key: str) -> GCSStore:
    return GCSStore(
        bucket,
        service_account_key=key,
        client_options={"allow_http": True},
        retry_config={"max_retries": 1, "retry_timeout": timedelta(seconds=10)},
    )


class ObstoreClient:
    """obstore."""

    missing: type[Exception] = FileNotFoundError

    def __init__(self, store: GCSStore) -> None:
        self._store = store

    def write(self, name: str, data: bytes) -> None:
        obstore.put(self._store, name, data)

    def create(self, name: str, data: bytes) -> bool:
        try:
            obstore.put(self._store, name, data, mode="create")
        except AlreadyExistsError:
            return False
        return True

    def write_stream(self, name: str, blocks: Iterable[bytes]) -> None:
        with obstore.open_writer(self._store, name, buffer_size=5 * MEBIBYTE) as file:
            for block in blocks:
                file.write(block)

    def read(self, name: str) -> bytes:
        return bytes(obstore.get(self._store, name).bytes())

    def read_stream(self, name: str) -> Iterator[bytes]:
        for block in obstore.get(self._store, name).stream(min_chunk_size=MEBIBYTE):
            yield bytes(block)

    def read_range(self, name: str, start: int, stop: int) -> bytes:
        return bytes(obstore.get_range(self._store, name, start=start, end=stop))

    def names(self, prefix: str) -> list[str]:
        found = [entry["path"] for page in obstore.list(self._store, prefix=prefix or None) for entry in page]
        return [name for name in found if name.startswith(prefix)]

    def folder(self, prefix: str) -> tuple[list[str], list[str]]:
        found = obstore.list_with_delimiter(self._store, prefix)
        return [entry["path"] for entry in found["objects"]], [path + "/" for path in found["common_prefixes"]]

    def size_and_checksum(self, name: str) -> tuple[int, str]:
        head = obstore.head(self._store, name)
        return head["size"], f"md5={(head['e_tag'] or '').strip(chr(34))}"

    def delete(self, name: str) -> None:
        obstore.delete(self._store, name)
