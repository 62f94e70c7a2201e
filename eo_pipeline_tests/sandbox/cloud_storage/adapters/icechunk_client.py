"""icechunk as the contract sees it: each name is a repository of its own, whose one chunk holds the bytes.

So names, bytes, ranges and conditions reach the service as icechunk sends them: through the XML API, with some more
objects (snapshots, manifests) beside. Not here: arrays, branches and tags (`test_icechunk`), and checks.
"""

import asyncio
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import ClassVar
from urllib.parse import unquote

import icechunk
import zarr
from zarr.abc.store import ByteRequest, RangeByteRequest, SuffixByteRequest
from zarr.core.buffer import default_buffer_prototype

from eo_pipeline_tests.contracts.object_client import Access, NoCallError, ObjectClient
from eo_pipeline_tests.sandbox.cloud_storage.clients import object_store_key

_CHUNK = "object/c/0"
_LISTING = """
import sys
import icechunk
bucket, key, folder = sys.argv[1:]
place = icechunk.gcs_storage(bucket=bucket, prefix=None, service_account_key=key, config={"allow_http": "true"})
for entry in place.list_objects_metadata(prefix=folder):
    print(entry.key)
"""
_NO_STREAM = "icechunk writes a chunk whole, in one request"
_NO_DELIMITER = "icechunk lists without a delimiter"
_NO_METADATA = "icechunk sets no metadata of objects"


class IcechunkClient(ObjectClient):
    """icechunk."""

    library = "icechunk"
    missing = (icechunk.RepositoryNotFoundError, FileNotFoundError)
    refused = (icechunk.StorageError,)
    lacks: ClassVar[Mapping[str, str]] = {
        "keeps_an_empty_object": "a chunk has at least one byte",
        "reads_up_to_the_end_and_not_beyond": "icechunk knows a chunk's size and asks for no byte beyond",
        "lists_one_folder": _NO_DELIMITER,
        "lists_beyond_one_page": _NO_DELIMITER,
        "streams_a_large_object": _NO_STREAM,
        "streams_end_at_any_byte": _NO_STREAM,
        "reads_the_version_asked_for": "icechunk asks for no generation: each of its objects is written once",
        "reports_size_and_checksum": "icechunk tells no checksum",
        "refuses_a_corrupted_upload": "icechunk announces no checksum",
        "keeps_metadata": _NO_METADATA,
        "forgets_the_metadata_of_what_it_replaces": _NO_METADATA,
        "copies": "icechunk has no call that copies objects",
        "composes": "icechunk has no call that joins objects",
    }

    def __init__(self, access: Access) -> None:
        super().__init__(access)
        self._sessions: dict[str, icechunk.Session] = {}

    def write(self, name: str, data: bytes) -> None:
        self._commit(icechunk.Repository.open_or_create(self._storage(name), config=_CONFIG), data)

    def create(self, name: str, data: bytes) -> bool:
        """Without a listing beforehand, so that the service's precondition alone decides."""
        try:
            repository = icechunk.Repository.create(self._storage(name), config=_CONFIG, check_clean_root=False)
        except icechunk.ConflictError:
            return False
        self._commit(repository, data)
        return True

    def read(self, name: str) -> bytes:
        return self._read(name, None)

    def read_range(self, name: str, start: int, stop: int) -> bytes:
        try:
            return self._read(name, RangeByteRequest(start, stop))
        except icechunk.InvalidInputError as error:
            raise NoCallError from error

    def read_last(self, name: str, count: int) -> bytes:
        return self._read(name, SuffixByteRequest(count))

    def names(self, prefix: str) -> list[str]:
        """By a process of its own: icechunk holds Python's lock while it lists, and the service may be in this one."""
        key = object_store_key(self.access.endpoint, self.access.key)
        folder = prefix.rpartition("/")[0]
        command = [sys.executable, "-c", _LISTING, self.access.bucket, key, folder]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
        paths = [unquote(f"{folder}/{path}").lstrip("/") for path in done.stdout.splitlines()]
        chunks = {path.rpartition("/chunks/")[0] for path in paths if "/chunks/" in path}
        return [name for name in chunks if name.startswith(prefix)]

    def version(self, name: str) -> str:
        session = icechunk.Repository.open(self._storage(name)).writable_session("main")
        self._sessions[session.snapshot_id] = session
        return str(session.snapshot_id)

    def replace_version(self, name: str, data: bytes, version: str) -> bool:
        """By a session begun at that version; one that begins now may find another."""
        session = self._sessions.pop(version, None)
        if session is None:
            session = icechunk.Repository.open(self._storage(name)).writable_session("main")
        if session.snapshot_id != version:
            return False
        try:
            _put(session, data)
            session.commit("replace")
        except icechunk.ConflictError:
            return False
        return True

    def delete(self, name: str) -> None:
        """Commit that there is no chunk; forget the history; collect the garbage."""
        repository = icechunk.Repository.open(self._storage(name))
        session = repository.writable_session("main")
        asyncio.run(session.store.delete(_CHUNK))
        session.commit("delete")
        now = datetime.now(UTC)
        repository.expire_snapshots(older_than=now)
        repository.garbage_collect(now)

    def _storage(self, name: str) -> icechunk.Storage:
        key = object_store_key(self.access.endpoint, self.access.key)
        return icechunk.gcs_storage(
            bucket=self.access.bucket, prefix=name, service_account_key=key, config={"allow_http": "true"}
        )

    def _commit(self, repository: icechunk.Repository, data: bytes) -> None:
        session = repository.writable_session("main")
        _put(session, data)
        session.commit("write")

    def _read(self, name: str, selected: ByteRequest | None) -> bytes:
        store = icechunk.Repository.open(self._storage(name), config=_CONFIG).readonly_session("main").store
        found = asyncio.run(store.get(_CHUNK, default_buffer_prototype(), selected))
        if found is None:
            raise FileNotFoundError(name)
        return found.to_bytes()


def _put(session: icechunk.Session, data: bytes) -> None:
    """Make the array anew, as long as the bytes, and write its one chunk."""
    if not data:
        raise NoCallError
    zarr.create_array(
        session.store, name="object", shape=(len(data),), chunks=(len(data),), dtype="u1", compressors=None,
        overwrite=True,
    )  # fmt: skip
    asyncio.run(session.store.set(_CHUNK, default_buffer_prototype().buffer.from_bytes(data)))


_CONFIG = icechunk.RepositoryConfig(
    inline_chunk_threshold_bytes=0,
    storage=icechunk.StorageSettings(retries=icechunk.StorageRetriesSettings(max_tries=2)),
)
"""Every chunk is an object; refusals are not tried ten times."""
