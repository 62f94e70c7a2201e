"""A folder of a Cloud Storage bucket.

Bytes travel through Google's own client, which sends a checksum along and retries; downloads are verified. Work in
progress is local. What does not belong here: the bucket's requests and their failures (`storage.objects`).
"""

import hashlib
import tempfile
import uuid
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import override
from urllib.parse import quote

from upath import UPath

from eo_pipeline.storage.disk_space import temporary_folder, unfinished_folder
from eo_pipeline.storage.objects import Bucket
from eo_pipeline.storage.places.place import Place

BROWSER_DOWNLOADS = "https://storage.cloud.google.com"
"""Google's address of objects for a person's browser, which signs them in."""

_UPLOADS = 8
"""Files that are sent at once."""


class BucketPlace(Place):
    """A `gs://` folder; an object is whole as soon as it has a name.

    Attributes:
        bucket: that the root is in.
        downloads: address in front of `/bucket/name` where a browser downloads an object.
    """

    def __init__(self, root: UPath, bucket: Bucket, *, scratch: str = "", downloads: str = BROWSER_DOWNLOADS) -> None:
        """Bind a root to its bucket; `scratch` is a local folder for work in progress, the system's if empty."""
        super().__init__(root)
        self.bucket = bucket
        self.downloads = downloads
        self._scratch = Path(scratch or tempfile.gettempdir())

    def _name(self, file: UPath) -> str:
        return file.path.removeprefix(f"{self.bucket.name}/")

    @property
    @override
    def address(self) -> str:
        return str(self.root).rstrip("/")

    @override
    def workspace(self) -> AbstractContextManager[Path]:
        return temporary_folder(self._scratch / f"eo-{uuid.uuid4().hex}")

    @override
    def unfinished(self, name: str) -> AbstractContextManager[Path]:
        return unfinished_folder(self._scratch / f"eo-unfinished-{_digits(f'{self.address}/{name}')}")

    @override
    @contextmanager
    def folder_to_fill(self, folder: str) -> Iterator[Path]:
        with self.workspace() as local:
            yield local
            for file in sorted(local.iterdir()):
                self.publish(file, self.path(folder, file.name))

    @override
    @contextmanager
    def folder_to_resume(self, folder: str) -> Iterator[Path]:
        with self.unfinished(folder) as local:
            yield local
            files = sorted(file for file in local.iterdir() if not file.name.startswith("."))
            with ThreadPoolExecutor(_UPLOADS) as pool:
                for sent in [pool.submit(self._send, file, self.path(folder, file.name)) for file in files]:
                    sent.result()

    def _send(self, file: Path, target: UPath) -> None:
        self.bucket.upload(file, self._name(target))

    @override
    def publish(self, file: Path, target: UPath) -> None:
        self._send(file, target)
        file.unlink()

    @override
    @contextmanager
    def local_copy(self, file: UPath) -> Iterator[Path]:
        with self.workspace() as folder:
            copy = folder / file.name
            self.bucket.fetch(self._name(file), copy)
            yield copy

    @override
    def read(self, file: UPath) -> bytes | None:
        name = self._name(file)
        return self.bucket.read(name) if self.bucket.has(name) else None

    @override
    def names(self, folder: UPath) -> frozenset[str]:
        prefix = f"{self._name(folder)}/"
        below = [stored.name.removeprefix(prefix) for stored in self.bucket.list(prefix)]
        return frozenset(name for name in below if "/" not in name)

    @override
    def sizes(self, folder: UPath, start: str) -> Mapping[str, int]:
        prefix = f"{self._name(folder)}/"
        return {stored.name.removeprefix(prefix): stored.size for stored in self.bucket.list(f"{prefix}{start}")}

    @override
    def remove(self, file: UPath) -> None:
        name = self._name(file)
        self.bucket.delete([name, *(stored.name for stored in self.bucket.list(f"{name}/"))])

    @override
    def download_url(self, file: UPath) -> str | None:
        return f"{self.downloads}/{self.bucket.name}/{quote(self._name(file))}"


def _digits(text: str) -> str:
    """Sixteen hexadecimal digits that differ between folders."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]
