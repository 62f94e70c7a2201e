"""Exports' way into the sandbox's Drive. What does not belong here: the store itself.

Folders are found by name; of several the one changed last is taken [documented], and a missing one is made in the root.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from eo_pipeline.sandbox.drive.errors import DriveError
from eo_pipeline.sandbox.drive.records import FOLDER, DriveFile
from eo_pipeline.sandbox.drive.settings import is_service_account
from eo_pipeline.sandbox.drive.store import DriveStore, root_id
from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.frame.request_fields import text
from eo_pipeline.sandbox.settings import LiveSettings
from eo_pipeline.sandbox.tasks.destinations import Opener, Target


@dataclass(frozen=True)
class DriveFolder:
    """The destination of one export: a folder of a person's drive."""

    store: DriveStore
    settings: LiveSettings
    owner: str
    """Address of the person."""
    name: str | None
    """Of the folder; None: the root."""
    making: threading.Lock
    """Held while a folder is found or made, so that two exports at once share one."""

    def check(self) -> None:
        """Make sure that the caller has storage.

        Raises:
            ServiceError: A service account started the export.
        """
        if is_service_account(self.owner):
            raise ServiceError(self.settings.now.drive_without_person)

    def write(self, name: str, source: Path, content_type: str) -> Mapping[str, object]:
        """Add a copy of a file to the folder; a file of that name stays beside it.

        Raises:
            ServiceError: There is no room.
        """
        try:
            with self.store.staged() as path:
                path.hardlink_to(source)
                draft = replace(self.store.new_file(self.owner), name=name, mime_type=content_type)
                file = self.store.create(self.owner, replace(draft, parents=(self._folder(),)), path)
        except DriveError as error:
            raise ServiceError(error.message) from error
        return {"drive": self.owner, "folder": file.parents[0], "file": file.id, "name": name}

    def uris(self) -> tuple[str, ...]:
        """The address of the folder."""
        return (self.settings.now.drive_destination_uri.replace("{folder}", self._folder()),)

    def _folder(self) -> str:
        """The folder's id; made if there is none of the name."""
        if not self.name:
            return root_id(self.owner)
        with self.making:
            return self._found_or_made(self.name)

    def _found_or_made(self, name: str) -> str:
        found = [file for file in self.store.visible(self.owner) if self._is_meant(file)]
        if found:
            return max(found, key=lambda file: (file.modified, file.id)).id
        draft = replace(self.store.new_file(self.owner), name=name, mime_type=FOLDER)
        return self.store.create(self.owner, draft, None).id

    def _is_meant(self, file: DriveFile) -> bool:
        return file.is_folder and file.name == self.name and file.owner == self.owner and not file.trashed


def drive_opener(store: DriveStore, settings: LiveSettings, nobody: str) -> Opener:
    """Makes destinations of `driveDestination`.

    Args:
        store: Holds the drives.
        settings: Give the texts.
        nobody: Whose drive is meant where nobody said who they are.
    """
    making = threading.Lock()

    def open_folder(target: Target) -> DriveFolder:
        return DriveFolder(store, settings, target.caller or nobody, text(target.fields, "folder"), making)

    return open_folder
