"""Everybody's files and folders on disk, for many threads of one process. Not here: HTTP, credentials, sessions.

Under the root: `index.sqlite` (records) and the folders of `cloud_storage.files.Files` (bytes).
"""

import base64
import hashlib
import secrets
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from eo_pipeline.sandbox.cloud_storage.files import Files
from eo_pipeline.sandbox.cloud_storage.objects import measure
from eo_pipeline.sandbox.drive.errors import (
    NO_SERVICE_ACCOUNT_QUOTA,
    DriveError,
    bad_request,
    not_found,
    not_permitted,
    quota_exceeded,
)
from eo_pipeline.sandbox.drive.index import Index
from eo_pipeline.sandbox.drive.records import FOLDER, WRITING, DriveFile, rfc3339
from eo_pipeline.sandbox.drive.settings import DriveSettings, is_service_account

_EPOCH = "1970-01-01T00:00:00.000Z"


class DriveStore:
    """Drives of all people under one folder.

    Args:
        root: The folder; FolderInUseError when another store has it.
        clock: Gives times of creation and change.
        settings: Gives the settings in force.
    """

    def __init__(
        self, root: Path, clock: Callable[[], datetime], settings: Callable[[], DriveSettings] = DriveSettings
    ) -> None:
        self.root = root
        self._clock = clock
        self._settings = settings
        self._files = Files(root)
        self._index = Index(root / "index.sqlite")
        self._lock = threading.RLock()
        self._files.remove_all_but({file.content for file in self._index.all() if file.content is not None})

    def close(self) -> None:
        """Close the index; the folder may then be opened again."""
        with self._lock:
            self._index.close()
            self._files.close()

    def staged(self) -> AbstractContextManager[Path]:
        """A path to fill with bytes and hand to `create` or `change`; removed on leaving unless it was kept."""
        return self._files.staged()

    # Reading

    def get(self, who: str, file_id: str) -> DriveFile:
        """A file the caller may see, by id or by `root`; DriveError 404 for any other."""
        with self._lock:
            file = self._root_of(who) if file_id in {"root", root_id(who)} else self._index.get(file_id)
            if file is None or not self.role(who, file):
                raise not_found(file_id)
            return self._shown(file)

    def visible(self, who: str) -> list[DriveFile]:
        """Every file the caller may see, in no order; the root is none of them."""
        with self._lock:
            return [self._shown(file) for file in self._index.all() if self.role(who, file)]

    def role(self, who: str, file: DriveFile) -> str:
        """The caller's strongest role, by the file or a folder around it: owner, writer, reader, or empty."""
        if file.owner == who:
            return "owner"
        roles = {given.role for given in file.permissions if given.email in {who, "anyone"}}
        around = [found for parent in file.parents if (found := self._index.get(parent)) is not None]
        roles |= {self.role(who, folder) for folder in around} - {""}
        return "writer" if roles & WRITING else next(iter(roles), "")

    def open(self, who: str, file_id: str) -> tuple[DriveFile, BinaryIO]:
        """Record and open file; DriveError 404, or 403 for a folder."""
        with self._lock:
            file = self.get(who, file_id)
            if file.content is None:
                message = "Only files with binary content can be downloaded. Use Export with Docs Editors files."
                raise DriveError(403, message, "fileNotDownloadable", location="alt")
            return file, self._files.open(file.content)

    def used_bytes(self, owner: str) -> int:
        """Bytes of all files of a person."""
        with self._lock:
            return sum(file.size for file in self._index.all() if file.owner == owner)

    # Writing

    def create(self, who: str, draft: DriveFile, staged: Path | None) -> DriveFile:
        """Add a file or folder.

        Args:
            who: Becomes the owner.
            draft: From `new_file`, changed by what the client said.
            staged: The whole bytes; None for a folder or an empty file.

        Raises:
            DriveError: 404 for a parent out of sight, 403 without room or permission, 409 for an id in use.
        """
        with self._lock:
            if self._index.get(draft.id) is not None:
                raise DriveError(409, "A file already exists with the provided ID.", "fileIdInUse")
            self._check_parents(who, draft.parents)
            return self._put(draft, staged)

    def change(self, who: str, before: DriveFile, after: DriveFile, staged: Path | None = None) -> DriveFile:
        """Replace a file's record, and its bytes if some are given.

        Raises:
            DriveError: 404 for a parent out of sight, 403 without room or permission, 400 for a folder in itself.
        """
        with self._lock:
            self._check_writer(who, before)
            self._check_parents(who, tuple(set(after.parents) - set(before.parents)))
            if any(self._lies_in(parent, before.id) for parent in after.parents):
                raise bad_request("A folder cannot be moved into itself.")
            stored = self._index.get(before.id)
            trashed = after.trashed if stored is None or after.trashed != before.trashed else stored.trashed
            moved = replace(after, version=before.version + 1, trashed=trashed)
            return self._put(moved, staged) if staged is not None else self._saved(moved)

    def copy(self, who: str, source: DriveFile, draft: DriveFile) -> DriveFile:
        """Add a file with the bytes of another one."""
        with self._files.staged() as path:
            if source.content is None:
                raise DriveError(403, "This file cannot be copied by the user.", "cannotCopyFile")
            self._files.link(source.content, path)
            return self.create(who, draft, path)

    def delete(self, who: str, file_id: str) -> None:
        """Delete a file, or a folder with all that lies in it, past the trash; DriveError 404, or 403 to others."""
        with self._lock:
            file = self.get(who, file_id)
            if file.owner != who or not file.parents:
                raise not_permitted(file_id)
            for lost in [file, *self._inside(file.id)]:
                self._index.remove(lost)
                if lost.content is not None:
                    self._files.remove(lost.content)

    def new_file(self, owner: str, *, file_id: str | None = None) -> DriveFile:
        """A draft of a file in the owner's root, as a client gets it that says nothing."""
        now = self.now()
        return DriveFile(file_id or new_id(), "Untitled", "", (root_id(owner),), owner, now, now)

    def now(self) -> str:
        """The clock's time as the API writes it."""
        return rfc3339(self._clock())

    def _shown(self, file: DriveFile) -> DriveFile:
        """The file, in the trash if a folder around it is."""
        around = [found for parent in file.parents if (found := self._index.get(parent)) is not None]
        return replace(file, trashed=file.trashed or any(self._shown(folder).trashed for folder in around))

    def _root_of(self, owner: str) -> DriveFile:
        return DriveFile(root_id(owner), "My Drive", FOLDER, (), owner, _EPOCH, _EPOCH)

    def _put(self, file: DriveFile, staged: Path | None) -> DriveFile:
        if file.is_folder:
            return self._saved(file)
        with self._files.staged() as empty:
            if staged is None:
                empty.touch()
            path = empty if staged is None else staged
            size = path.stat().st_size
            self._check_room(file, size)
            md5 = base64.b64decode(measure(path).md5 or "").hex()
            before = self._index.get(file.id)
            saved = self._saved(replace(file, size=size, md5=md5, content=self._files.keep(path)))
        if before is not None and before.content is not None:
            self._files.remove(before.content)
        return saved

    def _saved(self, file: DriveFile) -> DriveFile:
        self._index.save(file)
        return file

    def _check_room(self, file: DriveFile, size: int) -> None:
        before = self._index.get(file.id)
        if is_service_account(file.owner):
            raise quota_exceeded(NO_SERVICE_ACCOUNT_QUOTA)
        used = self.used_bytes(file.owner) - (before.size if before is not None else 0)
        if used + size > self._settings().quota_bytes:
            raise quota_exceeded()

    def _check_parents(self, who: str, parents: tuple[str, ...]) -> None:
        for parent in parents:
            folder = self.get(who, parent)
            if not folder.is_folder:
                raise DriveError(403, "The specified parent is not a folder.", "parentNotAFolder")
            self._check_writer(who, folder)

    def _check_writer(self, who: str, file: DriveFile) -> None:
        if self.role(who, file) not in WRITING:
            raise not_permitted(file.id)

    def _lies_in(self, file_id: str, folder_id: str) -> bool:
        if file_id == folder_id:
            return True
        file = self._index.get(file_id)
        return file is not None and any(self._lies_in(parent, folder_id) for parent in file.parents)

    def _inside(self, folder_id: str) -> list[DriveFile]:
        children = [file for file in self._index.all() if folder_id in file.parents]
        return [found for child in children for found in (child, *self._inside(child.id))]


def new_id() -> str:
    """A new file id: 33 characters."""
    return "1" + secrets.token_urlsafe(24)


def root_id(owner: str) -> str:
    """The id of a person's My Drive: 19 characters, always the same."""
    digest = hashlib.sha256(owner.encode()).digest()[:10]
    return f"0A{base64.urlsafe_b64encode(digest).decode().rstrip('=')}PVA"
