"""google-cloud-storage as the contract sees it: the JSON API, resumable uploads. Not here: checks."""

from collections.abc import Iterable, Iterator, Mapping
from typing import ClassVar

from google.api_core.exceptions import (
    BadRequest,
    Forbidden,
    NotFound,
    PreconditionFailed,
    RequestRangeNotSatisfiable,
    Unauthorized,
)
from google.auth.exceptions import InvalidOperation, RefreshError

from eo_pipeline_tests.contracts.cloud_storage import MEBIBYTE
from eo_pipeline_tests.contracts.object_client import Access, Description, ObjectClient
from eo_pipeline_tests.sandbox.cloud_storage.clients import google_client


class GoogleClient(ObjectClient):
    """google-cloud-storage."""

    library = "google-cloud-storage"
    missing = (NotFound,)
    refused = (BadRequest, Unauthorized, Forbidden, RequestRangeNotSatisfiable, RefreshError, InvalidOperation)
    lacks: ClassVar[Mapping[str, str]] = {}

    def __init__(self, access: Access) -> None:
        super().__init__(access)
        self._client = google_client(access.endpoint, access.key)
        self._bucket = self._client.bucket(access.bucket)

    def write(self, name: str, data: bytes) -> None:
        self._bucket.blob(name).upload_from_string(data)

    def create(self, name: str, data: bytes) -> bool:
        return self.replace_version(name, data, "0")

    def write_stream(self, name: str, blocks: Iterable[bytes]) -> None:
        with self._bucket.blob(name, chunk_size=4 * MEBIBYTE).open("wb") as file:
            for block in blocks:
                file.write(block)

    def write_announced(self, name: str, data: bytes, crc32c: str) -> None:
        blob = self._bucket.blob(name)
        blob.crc32c = crc32c
        blob.upload_from_string(data, checksum=None)

    def write_described(self, name: str, data: bytes, description: Description) -> None:
        blob = self._bucket.blob(name)
        blob.metadata = dict(description.metadata)
        blob.upload_from_string(data, content_type=description.content_type)

    def read(self, name: str) -> bytes:
        return bytes(self._bucket.blob(name).download_as_bytes())

    def read_stream(self, name: str) -> Iterator[bytes]:
        with self._bucket.blob(name).open("rb", chunk_size=4 * MEBIBYTE) as file:
            while block := file.read(MEBIBYTE):
                yield block

    def read_range(self, name: str, start: int, stop: int) -> bytes:
        return bytes(self._bucket.blob(name).download_as_bytes(start=start, end=stop - 1))

    def read_last(self, name: str, count: int) -> bytes:
        return bytes(self._bucket.blob(name).download_as_bytes(start=-count))

    def names(self, prefix: str) -> list[str]:
        return [blob.name for blob in self._client.list_blobs(self._bucket, prefix=prefix)]

    def folder(self, prefix: str) -> tuple[list[str], list[str]]:
        found = self._client.list_blobs(self._bucket, prefix=prefix, delimiter="/")
        return [blob.name for blob in found], list(found.prefixes)

    def size_and_checksum(self, name: str) -> tuple[int, str]:
        blob = self._bucket.get_blob(name)
        return blob.size, f"crc32c={blob.crc32c}"

    def description(self, name: str) -> Description:
        blob = self._bucket.get_blob(name)
        return Description(blob.content_type, blob.metadata or {})

    def version(self, name: str) -> str:
        return str(self._bucket.get_blob(name).generation)

    def read_version(self, name: str, version: str) -> bytes:
        return bytes(self._bucket.blob(name, generation=int(version)).download_as_bytes())

    def replace_version(self, name: str, data: bytes, version: str) -> bool:
        try:
            self._bucket.blob(name).upload_from_string(data, if_generation_match=int(version))
        except PreconditionFailed:
            return False
        return True

    def copy(self, source: str, target: str) -> None:
        self._bucket.copy_blob(self._bucket.blob(source), self._bucket, target)

    def compose(self, sources: list[str], target: str) -> None:
        self._bucket.blob(target).compose([self._bucket.blob(name) for name in sources])

    def delete(self, name: str) -> None:
        self._bucket.blob(name).delete()
