"""One committer at a time on a local repository.

Icechunk's local filesystem storage has no compare-and-swap: of two commits at once one is lost, though both report
success. Object stores have it and take no lock. What does not belong here: retries (`transaction`).
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from eo_pipeline.errors import StorageError
from eo_pipeline.storage.cubes.address import CubeAddress


@contextmanager
def sole_committer(address: CubeAddress) -> Iterator[None]:
    """Wait until no other process or thread commits to a local repository; on an object store do nothing.

    The lock is a file beside the repository (Icechunk creates repositories in clean folders only). The kernel releases
    it when its holder ends, however it ends. All committers must be on one machine: network filesystems may not lock.

    Raises:
        StorageError: the folder of the lock cannot be written.
    """
    if address.local_path is None:
        yield
        return
    with _open_lock(address.local_path) as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _open_lock(repository: Path) -> IO[str]:
    absolute = repository.resolve()
    path = absolute.with_name(f"{absolute.name}.lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("a")
    except OSError as error:
        raise StorageError(
            f"Expected to write {path}, the lock of the cube beside it, got: {error.strerror}; choose a folder that "
            "can be written."
        ) from error
