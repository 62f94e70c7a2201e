"""A Cloud Storage bucket: listing, verified downloads, deletion.

What does not belong here: which objects an export should have made (`steps.collect_tiles`).
"""

import base64
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import google.api_core.exceptions
import google.auth.exceptions
import google_crc32c
import requests
from google.cloud import storage
from google.cloud.storage.retry import DEFAULT_RETRY

from eo_pipeline.core.settings import Settings
from eo_pipeline.errors import CredentialsError, DiskFullError, ServiceUnreachableError, SettingsError, StorageError
from eo_pipeline.storage.credentials import load_credentials
from eo_pipeline.storage.disk_space import room_for

DOWNLOADS_AT_ONCE = 16
_PIECE = 1 << 20
_SAID = re.compile(r'"message": ?"([^"]+)"')
"""The service's own sentence in a reply that the client quotes whole."""
_CHECK_SECONDS = 10
_PATIENCE = DEFAULT_RETRY.with_timeout(_CHECK_SECONDS)


@dataclass(frozen=True)
class StoredObject:
    """An object as listed.

    Attributes:
        name: full name in the bucket.
        size: bytes.
        crc32c: base64 of the big-endian checksum.
        generation: version of the content.
    """

    name: str
    size: int
    crc32c: str
    generation: int


@dataclass(frozen=True)
class Download:
    """What became of one object: `path` if it is whole, else why not."""

    source: StoredObject
    path: Path | None
    problem: str


@dataclass(frozen=True)
class Bucket:
    """A bucket that this process can reach.

    Attributes:
        name: without gs://.
        client: the Google client.
        named_by: which setting says the name, for messages.
    """

    name: str
    client: Any
    named_by: str = "EO_BUCKET or the product's export.bucket"

    def _doing(self, act: str) -> AbstractContextManager[None]:
        """Errors of the client in the project's words."""
        return _translated(act, address=str(self.client.api_endpoint), named_by=self.named_by)

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

    def list(self, prefix: str) -> list[StoredObject]:
        """Every object whose name starts with the prefix, sorted by name, however many pages that takes."""
        with self._doing(f"list gs://{self.name}/{prefix}"):
            blobs = list(self.client.list_blobs(self.name, prefix=prefix))
        return sorted(map(_stored, blobs), key=lambda o: o.name)

    def download(self, objects: Sequence[tuple[StoredObject, Path]]) -> Iterator[Download]:
        """Download objects to paths, several at once, each yielded when it is done; order is as they finish.

        A path appears only when its bytes have the listed size and CRC32C.
        """
        with ThreadPoolExecutor(DOWNLOADS_AT_ONCE) as pool:
            jobs = [pool.submit(self._download_one, source, path) for source, path in objects]
            for job in as_completed(jobs):
                yield job.result()

    def _download_one(self, source: StoredObject, path: Path) -> Download:
        part = path.with_name(f"{path.name}.part")
        blob = self.client.bucket(self.name).blob(source.name, generation=source.generation)
        try:
            with self._doing(f"read gs://{self.name}/{source.name}"), room_for(path, source.size):
                part.parent.mkdir(parents=True, exist_ok=True)
                blob.download_to_filename(str(part), checksum=None, raw_download=True)
                problem = _difference(source, part)
                if not problem:
                    part.replace(path)
        except DiskFullError:
            raise
        except StorageError as error:
            return Download(source, None, str(error))
        finally:
            part.unlink(missing_ok=True)
        return Download(source, None if problem else path, problem)

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
        source = _stored(blob)
        if problem := self._download_one(source, path).problem:
            raise StorageError(f"could not read gs://{self.name}/{name}: {problem}; run it again")

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


def crc32c_of(path: Path) -> str:
    """Base64 of the big-endian CRC32C of a file's bytes, as Cloud Storage lists it."""
    checksum = google_crc32c.Checksum()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            checksum.update(piece)
    return base64.b64encode(checksum.digest()).decode()


def _stored(blob: Any) -> StoredObject:
    return StoredObject(blob.name, int(blob.size), blob.crc32c, int(blob.generation))


def _difference(source: StoredObject, path: Path) -> str:
    size = path.stat().st_size
    if size != source.size:
        return f"expected {source.size} bytes, got {size}"
    got = crc32c_of(path)
    return "" if got == source.crc32c else f"expected CRC32C {source.crc32c}, got {got}"


@contextmanager
def _translated(act: str, *, address: str, named_by: str) -> Iterator[None]:
    try:
        yield
    except google.api_core.exceptions.NotFound as error:
        raise StorageError(
            f"could not {act}: it does not exist ({_words(error)}); create it, or correct {named_by}"
        ) from error
    except (google.api_core.exceptions.Forbidden, google.api_core.exceptions.Unauthorized) as error:
        raise StorageError(
            f"could not {act}: the account may not ({_words(error)}); grant it Storage Object Admin on the bucket"
        ) from error
    except google.api_core.exceptions.RetryError as error:
        raise _unreachable(act, address, error.cause or error) from error
    except google.api_core.exceptions.GoogleAPIError as error:
        raise StorageError(f"could not {act}: {_words(error)}") from error
    except google.auth.exceptions.RefreshError as error:
        if error.retryable:
            raise _unreachable(act, address, error) from error
        raise CredentialsError(
            f"could not {act}: the credentials were refused; renew them or set EO_CREDENTIALS"
        ) from error
    except (requests.RequestException, google.auth.exceptions.TransportError) as error:
        raise _unreachable(act, address, error) from error


def _unreachable(act: str, address: str, error: Exception) -> ServiceUnreachableError:
    return ServiceUnreachableError(
        f"could not {act}: expected Cloud Storage at {address}, got no connection ({type(error).__name__}); check the "
        "network and EO_STORAGE_URL"
    )


def _words(error: Exception) -> str:
    message = getattr(error, "message", "") or str(error)
    if said := _SAID.search(message):
        return said[1]
    return message.rpartition("prettyPrint=false: ")[2][:300]


Progress = Callable[[str, int, int], None]
"""Called with (what is done, done so far, of how many)."""
