"""One committer at a time on a local repository.

Icechunk's local filesystem storage has no compare-and-swap: of two commits at once one is lost, though both report
success. Object stores have it and take no lock. What does not belong here: retries (`transaction`).
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from eo_pipeline.storage.cubes.address import CubeAddress


@contextmanager
def sole_committer(address: CubeAddress) -> Iterator[None]:
    """Wait until no other process or thread commits to a local repository; on an object store do nothing.

    The lock is a file beside the repository (Icechunk creates repositories in clean folders only). The kernel releases
    it when its holder ends, however it ends. All committers must be on one machine: network filesystems may not lock.
    """
    if address.local_path is None:
        yield
        return
    path = _lock_path(address.local_path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _lock_path(repository: Path) -> Path:
    absolute = repository.resolve()
    return absolute.with_name(f"{absolute.name}.lock")
