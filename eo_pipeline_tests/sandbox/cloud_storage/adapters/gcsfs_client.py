"""gcsfs as the contract sees it: the JSON API through fsspec. Not here: checks."""

from collections.abc import Iterable, Iterator, Mapping
from typing import ClassVar

from gcsfs.core import GCSFileSystem  # the plain class: gcsfs.GCSFileSystem depends on the environment at first import
from gcsfs.retry import HttpError
from google.auth.exceptions import RefreshError

from eo_pipeline_tests.contracts.cloud_storage import MEBIBYTE
from eo_pipeline_tests.contracts.object_client import Access, Description, ObjectClient

_NO_MATCH = "gcsfs sends no precondition but `ifGenerationMatch=0`"


def files(access: Access, *, version_aware: bool = False) -> GCSFileSystem:
    """Without caches; version-aware ones read ``#GENERATION`` at the end of a path, which else belongs to the name."""
    return GCSFileSystem(
        project="sandbox-project",
        token="anon" if access.key is None else str(access.key),
        endpoint_url=access.endpoint,
        use_listings_cache=False,
        skip_instance_cache=True,
        version_aware=version_aware,
    )


class GcsfsClient(ObjectClient):
    """gcsfs."""

    library = "gcsfs"
    missing = (FileNotFoundError,)
    refused = (HttpError, OSError, RefreshError)
    lacks: ClassVar[Mapping[str, str]] = {
        "replaces_only_the_version_it_knows": _NO_MATCH,
        "replaces_once_among_many": _NO_MATCH,
        "refuses_a_corrupted_upload": "gcsfs announces no checksum; it compares afterwards, when asked to",
    }

    def __init__(self, access: Access) -> None:
        super().__init__(access)
        self._files = files(access)
        self._root = access.bucket + "/"

    def write(self, name: str, data: bytes) -> None:
        self._sign_in()
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

    def write_described(self, name: str, data: bytes, description: Description) -> None:
        self._files.pipe_file(
            self._root + name, data, metadata=dict(description.metadata), content_type=description.content_type
        )

    def read(self, name: str) -> bytes:
        self._sign_in()
        return bytes(self._files.cat_file(self._root + name))

    def read_stream(self, name: str) -> Iterator[bytes]:
        with self._files.open(self._root + name, "rb", block_size=4 * MEBIBYTE) as file:
            while block := file.read(MEBIBYTE):
                yield block

    def read_range(self, name: str, start: int, stop: int) -> bytes:
        return bytes(self._files.cat_file(self._root + name, start=start, end=stop))

    def read_last(self, name: str, count: int) -> bytes:
        return bytes(self._files.cat_file(self._root + name, start=-count))

    def names(self, prefix: str) -> list[str]:
        folder, _, rest = prefix.rpartition("/")
        path = (self._root + folder).rstrip("/")
        return [self._name(found) for found in self._files.find(path, prefix=rest)]

    def folder(self, prefix: str) -> tuple[list[str], list[str]]:
        try:
            entries = self._files.ls(self._root + prefix.rstrip("/"), detail=True)
        except FileNotFoundError:  # of a folder without objects
            return [], []
        names = [self._name(entry["name"]) for entry in entries if entry["type"] == "file"]
        return names, [self._name(entry["name"]) + "/" for entry in entries if entry["type"] == "directory"]

    def size_and_checksum(self, name: str) -> tuple[int, str]:
        info = self._files.info(self._root + name)
        return info["size"], f"crc32c={info['crc32c']}"

    def description(self, name: str) -> Description:
        info = self._files.info(self._root + name)
        return Description(info["contentType"], info["metadata"])

    def version(self, name: str) -> str:
        return str(self._files.info(self._root + name)["generation"])

    def read_version(self, name: str, version: str) -> bytes:
        return bytes(files(self.access, version_aware=True).cat_file(f"{self._root}{name}#{version}"))

    def copy(self, source: str, target: str) -> None:
        self._files.cp_file(self._root + source, self._root + target)

    def compose(self, sources: list[str], target: str) -> None:
        self._files.merge(self._root + target, [self._root + name for name in sources])

    def delete(self, name: str) -> None:
        self._files.rm_file(self._root + name)

    def _sign_in(self) -> None:
        """Get a token before the request, which would ask six times, half a minute, for one that is refused."""
        self._files.credentials.maybe_refresh()

    def _name(self, path: str) -> str:
        return path.removeprefix(self._root)
