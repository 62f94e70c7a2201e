"""obstore as the contract sees it: the XML API, multipart uploads. Not here: checks."""

from collections.abc import Iterable, Iterator, Mapping
from typing import ClassVar

import obstore
from obstore.exceptions import (
    AlreadyExistsError,
    GenericError,
    PermissionDeniedError,
    PreconditionError,
    UnauthenticatedError,
)

from eo_pipeline_tests.contracts.cloud_storage import MEBIBYTE
from eo_pipeline_tests.contracts.object_client import Access, Description, ObjectClient
from eo_pipeline_tests.sandbox.cloud_storage.clients import gcs_store, object_store_key


class ObstoreClient(ObjectClient):
    """obstore."""

    library = "obstore"
    missing = (FileNotFoundError,)
    refused = (GenericError, PermissionDeniedError, UnauthenticatedError)
    lacks: ClassVar[Mapping[str, str]] = {"composes": "obstore has no call that joins objects"}

    def __init__(self, access: Access) -> None:
        super().__init__(access)
        self._key = object_store_key(access.endpoint, access.key)
        self._store = gcs_store(access.bucket, self._key)

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

    def write_announced(self, name: str, data: bytes, crc32c: str) -> None:
        obstore.put(gcs_store(self.access.bucket, self._key, {"x-goog-hash": f"crc32c={crc32c}"}), name, data)

    def write_described(self, name: str, data: bytes, description: Description) -> None:
        attributes = {"Content-Type": description.content_type, **description.metadata}
        obstore.put(self._store, name, data, attributes=attributes)

    def read(self, name: str) -> bytes:
        return bytes(obstore.get(self._store, name).bytes())

    def read_stream(self, name: str) -> Iterator[bytes]:
        for block in obstore.get(self._store, name).stream(min_chunk_size=MEBIBYTE):
            yield bytes(block)

    def read_range(self, name: str, start: int, stop: int) -> bytes:
        return bytes(obstore.get_range(self._store, name, start=start, end=stop))

    def read_last(self, name: str, count: int) -> bytes:
        return bytes(obstore.get(self._store, name, options={"range": {"suffix": count}}).bytes())

    def names(self, prefix: str) -> list[str]:
        found = [entry["path"] for page in obstore.list(self._store, prefix=prefix or None) for entry in page]
        return [name for name in found if name.startswith(prefix)]

    def folder(self, prefix: str) -> tuple[list[str], list[str]]:
        found = obstore.list_with_delimiter(self._store, prefix)
        return [entry["path"] for entry in found["objects"]], [path + "/" for path in found["common_prefixes"]]

    def size_and_checksum(self, name: str) -> tuple[int, str]:
        head = obstore.head(self._store, name)
        return head["size"], f"md5={(head['e_tag'] or '').strip(chr(34))}"

    def description(self, name: str) -> Description:
        found = {str(key): str(value) for key, value in obstore.get(self._store, name).attributes.items()}
        return Description(found.pop("Content-Type"), found)

    def version(self, name: str) -> str:
        return str(obstore.head(self._store, name)["version"])

    def read_version(self, name: str, version: str) -> bytes:
        return bytes(obstore.get(self._store, name, options={"version": version}).bytes())

    def replace_version(self, name: str, data: bytes, version: str) -> bool:
        try:
            obstore.put(self._store, name, data, mode={"version": version})
        except PreconditionError:
            return False
        return True

    def copy(self, source: str, target: str) -> None:
        obstore.copy(self._store, source, target)

    def delete(self, name: str) -> None:
        obstore.delete(self._store, name)
