"""What can be done with a place. What does not belong here: how (`local`, `remote`)."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path

from upath import UPath


class Place(ABC):
    """The root of all products' files. A file appears under its final name only when it is whole."""

    def __init__(self, root: UPath) -> None:
        self.root = root

    @property
    @abstractmethod
    def address(self) -> str:
        """The root as an absolute path or a gs:// address."""

    def path(self, *parts: str) -> UPath:
        """A path below the root."""
        return self.root.joinpath(*parts)

    @abstractmethod
    def workspace(self) -> AbstractContextManager[Path]:
        """A local folder for work in progress, removed afterwards."""

    @abstractmethod
    def unfinished(self, name: str) -> AbstractContextManager[Path]:
        """A local folder of that name for long work: removed if the body ends well, else there again the next time."""

    @abstractmethod
    def folder_to_fill(self, folder: str) -> AbstractContextManager[Path]:
        """A local folder whose files end up in `folder` below the root: that folder itself, or one sent there later.

        Whoever fills it makes each file appear under its final name only when it is whole.
        """

    @abstractmethod
    def folder_to_resume(self, folder: str) -> AbstractContextManager[Path]:
        """The same for long work that makes many files: what an earlier, unfinished call left is still there.

        Nothing is sent if the body raises. Names that begin with a dot are never sent.
        """

    @abstractmethod
    def publish(self, file: Path, target: UPath) -> None:
        """Move a whole local file to its final name below the root, atomically.

        Raises:
            DiskFullError: there is no space for it.
            StorageError: it may not be written there.
        """

    @abstractmethod
    def local_copy(self, file: UPath) -> AbstractContextManager[Path]:
        """The file as a local path: itself, or a verified copy that is removed afterwards."""

    @abstractmethod
    def read(self, file: UPath) -> bytes | None:
        """The bytes of a small file, or None if it is not there."""

    @abstractmethod
    def names(self, folder: UPath) -> frozenset[str]:
        """Names of the files right in a folder; none if it is not there."""

    @abstractmethod
    def sizes(self, folder: UPath, start: str) -> Mapping[str, int]:
        """Bytes of each file in or below a folder whose path in it begins with a text, by that path."""

    @abstractmethod
    def remove(self, file: UPath) -> None:
        """Delete a file or a folder with all it holds, if it is there."""

    @abstractmethod
    def download_url(self, file: UPath) -> str | None:
        """Where a browser can download the file, or None if it is on this machine."""
