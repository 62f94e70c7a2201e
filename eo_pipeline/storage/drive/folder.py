"""A person's Google Drive: files found by name wherever they are, verified downloads, deletion.

Earth Engine writes into the folder of a name that was changed last, and a second export leaves a second file of the
same name; so files are found by the beginning of their names in all folders, and of several the newest counts.
What does not belong here: which files an export should have made (`steps.exports.collect_tiles`).
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from eo_pipeline.core.settings import Settings
from eo_pipeline.errors import CredentialsError, DiskFullError, StorageError
from eo_pipeline.storage.checksums import crc32c_of
from eo_pipeline.storage.credentials import DRIVE_ADVICE, load_person
from eo_pipeline.storage.disk_space import room_for
from eo_pipeline.storage.drive.files import DriveFile, newest
from eo_pipeline.storage.drive.refusals import GoneError
from eo_pipeline.storage.drive.requests import DriveRequests, requests_of
from eo_pipeline.storage.stored import Download, Flaw

GOOGLE = "https://www.googleapis.com"
DOWNLOADS_AT_ONCE = 8
"""Fewer than of Cloud Storage: Drive counts a person's requests by the minute."""
_WORDS = re.compile(r"[^A-Za-z0-9]")


@dataclass(frozen=True)
class DriveFolder:
    """A person's drive that this process can reach, and the folder in it that exports name.

    Attributes:
        name: of the folder, as exports name it; files are found in any.
        requests: to the service.
    """

    name: str
    requests: DriveRequests

    @property
    def address(self) -> str:
        """What names of files are appended to, after a slash, for a person."""
        return f"drive:{self.name}"

    def check(self) -> str:
        """Ask for the account, once, without patience; gives its address.

        Raises:
            CredentialsError, ServiceUnreachableError, StorageError: see `refusals.translated`.
        """
        with self.requests.doing(f"ask whose {self.address} is"):
            return self.requests.whose()

    def list(self, prefix: str) -> list[DriveFile]:
        """The newest file of each name that starts with the prefix, sorted by name, however many pages that takes."""
        return newest(self._bodies(prefix))

    def _bodies(self, prefix: str, *, trashed: bool = False) -> Iterator[Any]:
        """Files whose names start with the prefix, of all those that Drive finds by its first word."""
        with self.requests.doing(f"list {self.address}/{prefix}*"):
            for body in self.requests.found(_first_word(prefix), trashed=trashed):
                if body["name"].startswith(prefix):
                    yield body

    def download(self, files: Sequence[tuple[DriveFile, Path]]) -> Iterator[Download[DriveFile]]:
        """Bring files to paths, unless they are there, several at once; each is yielded when it is done.

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
        if path.exists() and source.difference(path) == (None, ""):
            return Download(source, path, crc32c=crc32c_of(path))
        part = path.with_name(f"{path.name}.part")
        try:
            with room_for(path, source.size):
                return self._filled(source, part, path)
        except DiskFullError:
            raise
        except StorageError as error:
            return Download(source, None, str(error), Flaw.MISSING if isinstance(error, GoneError) else Flaw.REFUSED)
        finally:
            part.unlink(missing_ok=True)

    def _filled(self, source: DriveFile, part: Path, path: Path) -> Download[DriveFile]:
        """Bring all bytes, and give them their final name if they are right."""
        part.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            self.requests.receive(source.id, file, act=f"read {self.address}/{source.name}")
        flaw, problem = source.difference(part)
        if flaw:
            return Download(source, None, problem, flaw)
        crc32c = crc32c_of(part)
        part.replace(path)
        return Download(source, path, crc32c=crc32c)

    def delete(self, names: Iterable[str]) -> None:
        """Delete files for good, all of each name; those that are gone already do not matter."""
        wanted = frozenset(names)
        for word in sorted({_first_word(name) for name in wanted}):
            for file in self.list(word):
                if file.name in wanted:
                    with self.requests.doing(f"delete {self.address}/{file.name}"):
                        for file_id in (file.id, *file.older):
                            self.requests.delete(file_id)

    def evidence_of_deletion(
        self,
        names: Sequence[str],
        *,
        written: datetime | None,  # noqa: ARG002  # other stores delete by age, Drive does not
        now: datetime,  # noqa: ARG002  # likewise
    ) -> tuple[str, ...]:
        """Why files that are not listed may have been there and gone, in sentences; none if nothing says so.

        Args:
            names: of the files.
            written: when others of the export were written.
            now: UTC.
        """
        wanted = frozenset(names)
        words = sorted({_first_word(name) for name in wanted})
        binned = {body["name"] for word in words for body in self._bodies(word, trashed=True)} & wanted
        return (f"{len(binned)} of them lie in the drive's trash",) if binned else ()


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
    return DriveFolder(folder, requests_of(credentials, settings.drive_url or GOOGLE))


def _first_word(text: str) -> str:
    """The letters and digits that a name begins with: what Drive's search surely takes for one word."""
    return _WORDS.split(text, maxsplit=1)[0]
