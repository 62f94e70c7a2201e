"""A person's Google Drive: files found by name wherever they are, verified downloads, deletion.

Earth Engine writes into the folder of a name that was changed last, and a second export leaves a second file of the
same name; so files are found by the beginning of their names in all folders, and of several the newest counts.
What does not belong here: which files an export should have made (`steps.collect_tiles`).
"""

import hashlib
import http.client
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any, BinaryIO

import google_auth_httplib2  # type: ignore[import-untyped]  # has no stubs
from googleapiclient.discovery import build  # type: ignore[import-untyped]  # has no stubs
from googleapiclient.errors import HttpError  # type: ignore[import-untyped]  # has no stubs
from googleapiclient.http import MediaIoBaseDownload, build_http  # type: ignore[import-untyped]  # has no stubs

from eo_pipeline.core.settings import Settings
from eo_pipeline.errors import CredentialsError, DiskFullError, StorageError
from eo_pipeline.storage.credentials import DRIVE_ADVICE, load_person
from eo_pipeline.storage.disk_space import room_for
from eo_pipeline.storage.drive.refusals import translated
from eo_pipeline.storage.stored import Download

GOOGLE = "https://www.googleapis.com"
DOWNLOADS_AT_ONCE = 8
"""Fewer than of Cloud Storage: Drive counts a person's requests by the minute."""
_PIECE = 8 << 20
_TRIES = 5
_CHECK_SECONDS = 10
_PAGE = 1000
_WORDS = re.compile(r"[^A-Za-z0-9]")
_FIELDS = "nextPageToken,files(id,name,size,md5Checksum,createdTime)"
_OURS = "mimeType != 'application/vnd.google-apps.folder' and trashed = false and 'me' in owners"


@dataclass(frozen=True)
class DriveFile:
    """The newest file of a name.

    Attributes:
        name: without folders.
        size: bytes.
        md5: hexadecimal.
        id: Drive's, of this file alone.
        older: ids of earlier files of the same name, anywhere in the drive.
    """

    name: str
    size: int
    md5: str
    id: str
    older: tuple[str, ...] = ()

    def verify(self, path: Path) -> str:
        """What is wrong with a file that should hold the same bytes; empty if nothing is."""
        size = path.stat().st_size
        if size != self.size:
            return f"expected {self.size} bytes, got {size}"
        with path.open("rb") as file:
            got = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
        return "" if got == self.md5 else f"expected MD5 {self.md5}, got {got}"


@dataclass(frozen=True)
class DriveFolder:
    """A drive that this process can reach, and the folder that exports name.

    Attributes:
        name: of the folder, as exports name it; files are found in any.
        client: Google's, for requests of one thread at a time.
        connect: makes a connection for one thread.
        address: of the service, for messages.
    """

    name: str
    client: Any = field(repr=False)
    connect: Callable[[], Any] = field(repr=False)
    address: str = GOOGLE

    def check(self) -> str:
        """Ask for the account, once, without patience; gives its address.

        Raises:
            CredentialsError, ServiceUnreachableError, StorageError: see `refusals.translated`.
        """
        with self._doing("ask whose it is"), closing(self.connect()) as connection:
            connection.http.timeout = _CHECK_SECONDS
            about = self.client.about().get(fields="user(emailAddress)").execute(http=connection)
        return str(about["user"]["emailAddress"])

    def list(self, prefix: str) -> list[DriveFile]:
        """The newest file of each name that starts with the prefix, sorted by name, however many pages that takes."""
        with self._doing(f"list {prefix}*"):
            found = [body for body in self._bodies(prefix) if body["name"].startswith(prefix) and "md5Checksum" in body]
        found.sort(key=lambda body: (body["name"], body["createdTime"], body["id"]))
        return [_newest(list(same)) for _, same in groupby(found, key=lambda body: str(body["name"]))]

    def _bodies(self, prefix: str) -> Iterator[Any]:
        """Files in whose names a word begins with the first word of the prefix; more than those with the prefix."""
        word = _first_word(prefix)
        query = f"{_OURS} and name contains '{word}'" if word else _OURS
        files = self.client.files()
        request = files.list(q=query, pageSize=_PAGE, fields=_FIELDS, spaces="drive")
        with closing(self.connect()) as connection:
            while request is not None:
                answer = request.execute(http=connection, num_retries=_TRIES)
                yield from answer.get("files", [])
                request = files.list_next(request, answer)

    def download(self, files: Sequence[tuple[DriveFile, Path]]) -> Iterator[Download[DriveFile]]:
        """Download files to paths, several at once, each yielded when it is done; order is as they finish.

        A path appears only when its bytes have the listed size and MD5.

        Raises:
            DiskFullError: there is no room for one.
            CredentialsError, ServiceUnreachableError: see `refusals.translated`; no more are begun then.
        """
        with ThreadPoolExecutor(DOWNLOADS_AT_ONCE) as pool:
            jobs = [pool.submit(self._download_one, source, path) for source, path in files]
            try:
                for job in as_completed(jobs):
                    yield job.result()
            finally:
                pool.shutdown(cancel_futures=True)

    def _download_one(self, source: DriveFile, path: Path) -> Download[DriveFile]:
        part = path.with_name(f"{path.name}.part")
        try:
            with room_for(path, source.size):
                part.parent.mkdir(parents=True, exist_ok=True)
                with part.open("wb") as file:
                    self._receive(source, file)
                problem = source.verify(part)
                if not problem:
                    part.replace(path)
        except DiskFullError:
            raise
        except StorageError as error:
            return Download(source, None, str(error))
        finally:
            part.unlink(missing_ok=True)
        return Download(source, None if problem else path, problem)

    def _receive(self, source: DriveFile, file: BinaryIO) -> None:
        """Write a file's bytes, a range at a time."""
        piece, done = io.BytesIO(), False
        request = self.client.files().get_media(fileId=source.id)
        loader = MediaIoBaseDownload(piece, request, chunksize=_PIECE)
        while not done:
            done = self._next_piece(loader, request, source.name)
            file.write(piece.getvalue())
            piece.seek(0)
            piece.truncate()

    def _next_piece(self, loader: Any, request: Any, name: str) -> bool:
        """Read the next range, again if the connection breaks within; True if it was the last."""
        broken = 0
        with self._doing(f"read {name}"):
            while True:
                with closing(self.connect()) as request.http:
                    try:
                        return bool(loader.next_chunk(num_retries=_TRIES)[1])
                    except http.client.IncompleteRead:
                        broken += 1
                        if broken > _TRIES:
                            raise

    def delete(self, names: Iterable[str]) -> None:
        """Delete files for good, all of each name; those that are gone already do not matter."""
        wanted = frozenset(names)
        for word in sorted({_first_word(name) for name in wanted}):
            for file in self.list(word):
                if file.name in wanted:
                    self._delete_all((file.id, *file.older), file.name)

    def _delete_all(self, ids: Iterable[str], name: str) -> None:
        for file_id in ids:
            with self._doing(f"delete {name}"), closing(self.connect()) as connection:
                try:
                    self.client.files().delete(fileId=file_id).execute(http=connection, num_retries=_TRIES)
                except HttpError as error:
                    if error.status_code != http.client.NOT_FOUND:
                        raise

    def _doing(self, act: str) -> AbstractContextManager[None]:
        return translated(f"{act} in Google Drive", address=self.address)


def open_drive(settings: Settings, folder: str) -> DriveFolder:
    """The drive of whoever the credentials belong to; no request is made yet.

    Args:
        settings: the deployment.
        folder: name of the folder that exports go to.

    Raises:
        CredentialsError: there are none, or they are no person's: see `load_person`.
    """
    credentials = load_person(settings.credentials)
    if settings.credentials == "anonymous" and not settings.drive_url:
        raise CredentialsError(f"Google Drive: expected a person's credentials, got anonymous ones; {DRIVE_ADVICE}")
    address = settings.drive_url or GOOGLE

    def connect() -> Any:
        return google_auth_httplib2.AuthorizedHttp(credentials, http=build_http())

    options = {"api_endpoint": f"{address}/drive/v3/"}
    client = build("drive", "v3", http=connect(), static_discovery=True, client_options=options)
    return DriveFolder(folder, client, connect, address)


def _first_word(text: str) -> str:
    """The letters and digits that a name begins with: what Drive's search surely takes for one word."""
    return _WORDS.split(text, maxsplit=1)[0]


def _newest(bodies: Sequence[Any]) -> DriveFile:
    """The last of the files of one name, which are in the order of their creation."""
    *older, last = bodies
    ids = tuple(str(body["id"]) for body in older)
    return DriveFile(str(last["name"]), int(last["size"]), str(last["md5Checksum"]), str(last["id"]), ids)
