"""Whether a failed write means a full disk, and the error that says how much was to be written where.

Does not belong here: what is written.
"""

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from upath import UPath

from eo_pipeline.errors import DiskFullError, StorageError

ROOM = 512 * 512
"""Bytes below which a disk counts as full."""

NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""The disk is full, the account's quota is used up, or the file is larger than the system allows."""

_FORBIDDEN = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
_WORDS = ("No space left", "File too large", "quota exceeded")


@contextmanager
def temporary_folder(folder: Path) -> Iterator[Path]:
    """Make a folder, with its parents, that is removed afterwards with all it holds."""
    with room_for(folder, 0):
        folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def unfinished_folder(folder: Path) -> Iterator[Path]:
    """Make a folder, with its parents, unless it is there; it is removed, with all it holds, if the body ends well."""
    with room_for(folder, 0):
        folder.mkdir(parents=True, exist_ok=True)
    yield folder
    shutil.rmtree(folder)


@contextmanager
def room_for(path: Path | UPath, size: int) -> Iterator[None]:
    """Write `size` bytes at `path` inside; whoever does removes what is unfinished.

    Raises:
        DiskFullError: there is no room.
        StorageError: the account may not write there.
    """
    try:
        yield
    except OSError as error:
        if error.errno in NO_ROOM:
            raise DiskFullError(
                f"expected room for {size / 1e6:.3f} MB at {path}, got: {error.strerror}{_left(path)}; free some space "
                "or set EO_ROOT to another disk. Nothing unfinished was left behind"
            ) from error
        if error.errno in _FORBIDDEN:
            raise StorageError(
                f"expected to write {path}, got: {error.strerror}; let this account write there or set EO_ROOT to "
                "another folder"
            ) from error
        raise


def _left(path: Path | UPath) -> str:
    """How much room the path's disk has; empty if it is not of this machine."""
    if isinstance(path, UPath) and path.protocol not in ("", "file", "local"):
        return ""
    folder = next((parent for parent in Path(str(path)).parents if parent.is_dir()), Path())
    return f" ({shutil.disk_usage(folder).free / 1e6:.3f} MB are free)"


def is_disk_full(error: BaseException, folder: Path) -> bool:
    """Whether the error or a cause of it says so, or there is no room for the parts in `folder` once more.

    GDAL may only log the failed write, delete its unfinished file and report a later symptom.

    Args:
        error: what was raised, with its causes.
        folder: holds the parts written so far and nothing else.
    """
    causes = [error]
    while (cause := causes[-1].__cause__ or causes[-1].__context__) is not None:
        causes.append(cause)
    if any(getattr(cause, "errno", None) in NO_ROOM or any(w in str(cause) for w in _WORDS) for cause in causes):
        return True
    parts = sum(part.stat().st_size for part in folder.iterdir())
    return shutil.disk_usage(folder).free < max(ROOM, parts * 3 // 2)
