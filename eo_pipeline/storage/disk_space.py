"""Whether a failed write means a full disk.

Does not belong here: what to do about it.
"""

import errno
import shutil
from pathlib import Path

ROOM = 512 * 512
"""Bytes below which a disk counts as full."""


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
    if any(getattr(cause, "errno", None) == errno.ENOSPC or "No space left" in str(cause) for cause in causes):
        return True
    parts = sum(part.stat().st_size for part in folder.iterdir())
    return shutil.disk_usage(folder).free < max(ROOM, parts * 3 // 2)
