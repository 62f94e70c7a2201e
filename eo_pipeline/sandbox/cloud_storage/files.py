"""Files of bytes under random identities: staged while they grow, then kept whole. Not here: which object owns which.

No text of a request becomes part of a path.
"""

import fcntl
import shutil
import uuid
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


class FolderInUseError(Exception):
    """Another store has the folder; it would empty the other's staging."""


class Files:
    """``staging/`` (emptied on start) and ``content/`` under one folder of one file system, claimed until `close`.

    Raises:
        FolderInUseError: Another process or object has claimed the folder.
    """

    def __init__(self, root: Path) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self._claim = _claimed(root)
        self._content = root / "content"
        self._staging = root / "staging"
        shutil.rmtree(self._staging, ignore_errors=True)
        for folder in (self._content, self._staging):
            folder.mkdir(parents=True, exist_ok=True)

    def close(self) -> None:
        """Give the folder free."""
        self._claim.close()

    @contextmanager
    def staged(self) -> Iterator[Path]:
        """A path to fill with bytes and hand to `keep`; removed on leaving unless it was kept."""
        path = self._staging / uuid.uuid4().hex
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)

    def keep(self, staged: Path) -> str:
        """Move a whole file among the contents and return its identity."""
        content = uuid.uuid4().hex
        path = self._path(content)
        path.parent.mkdir(exist_ok=True)
        staged.replace(path)
        return content

    def open(self, content: str) -> BinaryIO:
        """A content file, open for reading."""
        return self._path(content).open("rb")

    def link(self, content: str, staged: Path) -> None:
        """Make `staged` another name of a content file, which is never written to again."""
        staged.hardlink_to(self._path(content))

    def remove(self, content: str) -> None:
        """Delete a content file; those who have it open can read on."""
        self._path(content).unlink(missing_ok=True)

    def remove_all_but(self, contents: AbstractSet[str]) -> None:
        """Delete what a stopped process left between keeping a file and recording it."""
        for path in self._content.glob("*/*"):
            if path.name not in contents:
                path.unlink()

    def _path(self, content: str) -> Path:
        return self._content / content[:2] / content


def _claimed(root: Path) -> BinaryIO:
    """An open file whose lock marks the folder as in use; the system frees it when the process ends."""
    file = (root / "lock").open("ab")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        file.close()
        raise FolderInUseError(
            f"Expected a folder no other sandbox uses, got {root}; stop the other one or choose another folder."
        ) from error
    return file
