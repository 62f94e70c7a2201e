"""A Cloud Storage bucket: listing, verified downloads, deletion.

What does not belong here: which objects an export should have made (`steps.exports.collect_tiles`), and how bytes
travel (`storage.transfer`).
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import google.api_core.exceptions
from google.cloud import storage
from google.cloud.storage.retry import DEFAULT_RETRY

from eo_pipeline.core.settings import Settings
from eo_pipeline.errors import SettingsError, StorageError
from eo_pipeline.storage.bucket_errors import forbidden, translated
from eo_pipeline.storage.credentials import load_credentials
from eo_pipeline.storage.deletions import evidence_of_deletion
from eo_pipeline.storage.stored import Download
from eo_pipeline.storage.transfer import Limits, Patience, Remote, StoredObject, downloads

_CHECK_SECONDS = 10
_WRITING = "storage.objects.create"
"""The permission that an export needs at least."""
_PATIENCE = DEFAULT_RETRY.with_timeout(_CHECK_SECONDS)


@dataclass(frozen=True)
class Bucket:
    """A bucket that this process can reach.

    Attributes:
        name: without gs://.
        client: the Google client.
        named_by: which setting says the name, for messages.
        limits: how much is downloaded at once.
        patience: with downloads that fail.
    """

    name: str
    client: Any
    named_by: str = "EO_BUCKET or the product's export.bucket"
    limits: Limits = field(default_factory=Limits)
    patience: Patience = field(default_factory=Patience)

    @property
    def address(self) -> str:
        """gs:// address, without a slash at its end."""
        return f"gs://{self.name}"

    def _doing(self, act: str) -> AbstractContextManager[None]:
        """Errors of the client in the project's words."""
        return translated(act, address=str(self.client.api_endpoint), named_by=self.named_by)

    def check(self) -> None:
        """Make sure that the bucket is there and that its objects may be listed; gives up sooner than other requests.

        Raises:
            StorageError: it does not exist, or the account may not.
            CredentialsError: the credentials were refused.
            ServiceUnreachableError: there is no connection.
        """
        with self._doing(f"list gs://{self.name}"):
            first = self.client.list_blobs(self.name, max_results=1, retry=_PATIENCE, timeout=_CHECK_SECONDS)
            next(iter(first), None)

    def check_writable(self) -> None:
        """Make sure that the account may write objects, without writing one.

        Raises:
            StorageError: it may not.
            CredentialsError, ServiceUnreachableError: see `check`.
        """
        with self._doing(f"ask who may write to gs://{self.name}"):
            bucket = self.client.bucket(self.name)
            granted = bucket.test_iam_permissions([_WRITING], retry=_PATIENCE, timeout=_CHECK_SECONDS)
        if _WRITING not in granted:
            raise StorageError(f"could not write to gs://{self.name}: {forbidden(f'it lacks {_WRITING}')}")

    def list(self, prefix: str) -> list[StoredObject]:
        """Every object whose name starts with the prefix, sorted by name, however many pages that takes."""
        with self._doing(f"list gs://{self.name}/{prefix}"):
            blobs = list(self.client.list_blobs(self.name, prefix=prefix))
        return sorted(map(_stored, blobs), key=lambda o: o.name)

    def download(self, objects: Sequence[tuple[StoredObject, Path]]) -> Iterator[Download[StoredObject]]:
        """Download objects to paths, many at once, each yielded when it is done; see `transfer.downloads`.

        Raises:
            DiskFullError: there is no room.
            CredentialsError: the credentials were refused.
            ServiceUnreachableError: there is no connection.
        """
        endpoint = str(self.client.api_endpoint)
        credentials = self.client._credentials
        with self._doing(f"read gs://{self.name}"):
            remote = Remote(endpoint, self.name)
            yield from downloads(remote, credentials, objects, limits=self.limits, patience=self.patience)

    def evidence_of_deletion(self, names: Sequence[str], *, written: datetime | None, now: datetime) -> tuple[str, ...]:
        """See `deletions.evidence_of_deletion`."""
        with self._doing(f"ask what became of objects of gs://{self.name}"):
            return evidence_of_deletion(self.client, self.name, names, written=written, now=now)

    def write(self, name: str, data: bytes) -> None:
        """Write a small object."""
        with self._doing(f"write gs://{self.name}/{name}"):
            self.client.bucket(self.name).blob(name).upload_from_string(data, checksum="crc32c")

    def read(self, name: str) -> bytes:
        """Read a small object."""
        with self._doing(f"read gs://{self.name}/{name}"):
            return bytes(self.client.bucket(self.name).blob(name).download_as_bytes(checksum="crc32c"))

    def has(self, name: str) -> bool:
        """True if there is an object of that name; False also without the bucket."""
        with self._doing(f"find gs://{self.name}/{name}"):
            return bool(self.client.bucket(self.name).blob(name).exists())

    def upload(self, file: Path, name: str) -> None:
        """Send a whole file; the object appears, or is replaced, when all bytes are there and their CRC32C is right."""
        with self._doing(f"write gs://{self.name}/{name}"):
            self.client.bucket(self.name).blob(name).upload_from_filename(str(file), checksum="crc32c")

    def fetch(self, name: str, path: Path) -> None:
        """Download one object; the path appears only when its bytes have the CRC32C of the object.

        Raises:
            StorageError: it is not there, or came damaged.
        """
        with self._doing(f"read gs://{self.name}/{name}"):
            blob = self.client.bucket(self.name).get_blob(name)
        if blob is None:
            raise StorageError(f"expected gs://{self.name}/{name}, found nothing; make it again")
        for done in self.download([(_stored(blob), path)]):
            if done.path is None:
                raise StorageError(f"could not read gs://{self.name}/{name}: {done.problem}; run it again")

    def delete(self, names: Iterable[str]) -> None:
        """Delete objects; those that are gone already do not matter."""
        bucket = self.client.bucket(self.name)
        for name in names:
            with self._doing(f"delete gs://{self.name}/{name}"):
                try:
                    bucket.blob(name).delete()
                except google.api_core.exceptions.NotFound:
                    continue


def open_bucket(settings: Settings, name: str, *, named_by: str = Bucket.named_by) -> Bucket:
    """A bucket under a deployment's address and credentials; no request is made yet.

    Args:
        settings: the deployment.
        name: without gs://.
        named_by: which setting says the name, for messages.

    Raises:
        SettingsError: no name is known.
        CredentialsError: see `load_credentials`.
    """
    if not name:
        raise SettingsError(
            f"expected a Cloud Storage bucket in {named_by}, got none; name one that the account may write to"
        )
    options = {"api_endpoint": settings.storage_url} if settings.storage_url else None
    client = storage.Client(
        project=settings.project or "none", credentials=load_credentials(settings.credentials), client_options=options
    )
    return Bucket(name, client, named_by)


def _stored(blob: Any) -> StoredObject:
    return StoredObject(blob.name, int(blob.size), blob.crc32c, int(blob.generation), blob.time_created)
