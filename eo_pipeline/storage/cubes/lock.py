"""Who may do what at once on a local repository: one committer at a time, and no garbage collection beside writers.

Icechunk's local filesystem storage has no compare-and-swap: of two commits at once one is lost, though both report
success. Object stores have it and take no lock. What does not belong here: retries (`transaction`).
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from eo_pipeline.errors import CubeError, StorageError
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
    with _open_lock(address.local_path, "lock") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@contextmanager
def one_of_the_writers(address: CubeAddress) -> Iterator[None]:
    """Tell that chunks are being written which no commit holds yet; any number of writers may do so at once.

    Raises:
        StorageError: the folder of the lock cannot be written.
    """
    if address.local_path is None:
        yield
        return
    with _open_lock(address.local_path, "writers") as handle:
        fcntl.flock(handle, fcntl.LOCK_SH)
        yield


@contextmanager
def nobody_writes(address: CubeAddress) -> Iterator[None]:
    """Keep writers and committers out of a local repository; on an object store do nothing.

    Raises:
        CubeError: somebody writes.
        StorageError: the folder of the lock cannot be written.
    """
    if address.local_path is None:
        yield
        return
    with _open_lock(address.local_path, "writers") as handle, sole_committer(address):
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise CubeError(
                f"Expected nobody to write to the cube {address.uri}, got a writer; what it has written so far would "
                "look like garbage: run again when it has ended."
            ) from error
        yield


def _open_lock(repository: Path, kind: str) -> IO[str]:
    absolute = repository.resolve()
    path = absolute.with_name(f"{absolute.name}.{kind}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("a")
    except OSError as error:
        raise StorageError(
            f"Expected to write {path}, the lock of the cube beside it, got: {error.strerror}; choose a folder that "
            "can be written."
        ) from error
