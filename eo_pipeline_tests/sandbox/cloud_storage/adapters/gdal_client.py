"""GDAL's /vsigs/ as the contract sees it: the XML API, multipart uploads, a cache that is emptied before each call.

Not here: rasters and tables on /vsigs/ (`test_gdal`), and checks.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import ClassVar

from eo_pipeline_tests.contracts.cloud_storage import MEBIBYTE
from eo_pipeline_tests.contracts.object_client import Access, Description, ObjectClient
from eo_pipeline_tests.sandbox.cloud_storage.adapters import gdal_library as gdal

_NO_CONDITION = "/vsigs/ sends no precondition"
_METADATA = "x-goog-meta-"


class GdalClient(ObjectClient):
    """GDAL's /vsigs/; options hold for one bucket, and no two clients of the tests share a bucket and a key."""

    library = "GDAL: /vsigs/"
    missing = (FileNotFoundError,)
    refused = (gdal.GdalError, FileNotFoundError)
    lacks: ClassVar[Mapping[str, str]] = {
        "creates_once": _NO_CONDITION,
        "creates_once_among_many": _NO_CONDITION,
        "replaces_only_the_version_it_knows": _NO_CONDITION,
        "replaces_once_among_many": _NO_CONDITION,
        "reads_the_version_asked_for": "/vsigs/ asks for no generation",
        "composes": "/vsigs/ has no call that joins objects",
    }

    def __init__(self, access: Access) -> None:
        super().__init__(access)
        self._bucket = f"/vsigs/{access.bucket}"
        self._root = self._bucket + "/"
        gdal.set_option(self._bucket, "CPL_GS_ENDPOINT", access.endpoint + "/")
        gdal.set_option(self._bucket, "VSIGS_CHUNK_SIZE", "5")

    def write(self, name: str, data: bytes) -> None:
        self._write(name, [data])

    def write_stream(self, name: str, blocks: Iterable[bytes]) -> None:
        self._write(name, blocks)

    def write_announced(self, name: str, data: bytes, crc32c: str) -> None:
        gdal.set_option(self._root + name, "GDAL_HTTP_HEADERS", f"x-goog-hash: crc32c={crc32c}")
        self._write(name, [data])

    def write_described(self, name: str, data: bytes, description: Description) -> None:
        own = [f"{_METADATA}{key}={value}" for key, value in description.metadata.items()]
        self._write(name, [data], [f"Content-Type={description.content_type}", *own])

    def read(self, name: str) -> bytes:
        return b"".join(self.read_stream(name))

    def read_stream(self, name: str) -> Iterator[bytes]:
        with self._calling(), self._found(name) as file:
            for start in range(0, gdal.size(file), MEBIBYTE):
                yield gdal.read(file, start, MEBIBYTE)

    def read_range(self, name: str, start: int, stop: int) -> bytes:
        with self._calling(), self._found(name) as file:
            return gdal.read(file, start, stop - start)

    def read_last(self, name: str, count: int) -> bytes:
        with self._calling(), self._found(name) as file:
            return gdal.read(file, gdal.size(file) - count, count)

    def names(self, prefix: str) -> list[str]:
        folder = prefix.rpartition("/")[0]
        with self._calling():
            found = gdal.entries(self._root + folder, deep=True)
        paths = [f"{folder}/{path}".lstrip("/") for path in found if not path.endswith("/")]
        return [path for path in paths if path.startswith(prefix)]

    def folder(self, prefix: str) -> tuple[list[str], list[str]]:
        with self._calling():
            found = [prefix + path for path in gdal.entries(self._root + prefix.rstrip("/"), deep=False)]
        return [path for path in found if path[-1] != "/"], [path for path in found if path[-1] == "/"]

    def size_and_checksum(self, name: str) -> tuple[int, str]:
        with self._calling(), self._found(name) as file:
            size = gdal.size(file)
        return size, f"md5={self._headers(name)['etag'].strip(chr(34))}"

    def description(self, name: str) -> Description:
        found = self._headers(name)
        own = {key.removeprefix(_METADATA): value for key, value in found.items() if key.startswith(_METADATA)}
        return Description(found["content-type"], own)

    def version(self, name: str) -> str:
        return self._headers(name)["x-goog-generation"]

    def copy(self, source: str, target: str) -> None:
        with self._calling():
            gdal.copy(self._root + source, self._root + target)

    def delete(self, name: str) -> None:
        with self._calling():
            gdal.unlink(self._root + name)

    def _calling(self) -> AbstractContextManager[None]:
        """Before each call, because another client of the bucket may have signed in otherwise."""
        key = self.access.key
        gdal.set_option(self._bucket, "GS_NO_SIGN_REQUEST", "YES" if key is None else "NO")
        gdal.set_option(self._bucket, "GOOGLE_APPLICATION_CREDENTIALS", "" if key is None else str(key))
        gdal.forget(self._root)
        return gdal.calling(self.access.endpoint + "/token")

    def _found(self, name: str) -> AbstractContextManager[int]:
        if not gdal.exists(self._root + name):
            raise FileNotFoundError(name)
        return gdal.opened(self._root + name, "rb")

    def _write(self, name: str, blocks: Iterable[bytes], options: Sequence[str] = ()) -> None:
        with self._calling(), gdal.opened(self._root + name, "wb", options) as file:
            for block in blocks:
                gdal.write(file, block)

    def _headers(self, name: str) -> dict[str, str]:
        with self._calling():
            return gdal.headers(self._root + name)
