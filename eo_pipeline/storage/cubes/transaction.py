"""Read, change, commit: one step that loses nothing, whoever else commits.

On a local repository one committer at a time holds a lock from opening the session until the commit. On an object
store a commit is rebased on those made meanwhile; where they touched the same chunk or the time axis, the change is
made again on the new head. A commit whose reply was lost is looked for before anything is done about it. What does
not belong here: what is changed.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

import icechunk
import zarr

from eo_pipeline.errors import CubeError
from eo_pipeline.storage.cubes.address import CubeAddress
from eo_pipeline.storage.cubes.lock import sole_committer

BRANCH = "main"
WRITE_LIMIT = timedelta(hours=24)
"""Longest time from the first byte of a change to its commit on an object store: garbage collection (`garbage`) leaves
younger objects alone, and nothing else tells it of a writer on another machine."""

_ATTEMPTS = 20


@dataclass(frozen=True)
class Commit:
    """What a change came to.

    Attributes:
        snapshot: id of the snapshot that holds the change.
        changed: False if the cube already held it, and nothing was committed.
    """

    snapshot: str
    changed: bool


@dataclass(frozen=True)
class Made[T]:
    """A change that was made in a session of its own and waits for its commit.

    Attributes:
        session: writable, with the change in it.
        result: of the change.
        began: when its first byte was written, by `time.monotonic`, in seconds.
    """

    session: icechunk.Session
    result: T
    began: float


def transact[T](
    address: CubeAddress,
    repository: icechunk.Repository,
    change: Callable[[zarr.Group], tuple[bool, T]],
    metadata: Mapping[str, str],
    *,
    made: Made[T] | None = None,
) -> tuple[Commit, T]:
    """Make `change` on the head and commit it.

    Args:
        address: of the repository, for the lock and messages.
        repository: open.
        change: gets the root group of a writable session and returns whether it changed anything, and a result. It is
            called again after a conflict: it must look at the group it is given, nothing else. So a change that
            somebody else has made meanwhile is found, not repeated.
        metadata: of the commit; `product` and `partition` also make its message.
        made: the change as it was made already; `change` is called only if that conflicts with another commit.

    Raises:
        CubeError: other writers changed the same chunks at each of many attempts, or the change took too long.
    """
    for attempt in range(_ATTEMPTS):
        with sole_committer(address):
            if made is not None and attempt == 0:
                session, changed, result, began = made.session, True, made.result, made.began
            else:
                session, began = repository.writable_session(BRANCH), time.monotonic()
                changed, result = change(zarr.open_group(session.store, mode="a"))
            if not changed:
                return Commit(session.snapshot_id, changed=False), result
            _check_in_time(address, began, metadata)
            try:
                return Commit(_commit(repository, session, metadata), changed=True), result
            except icechunk.ConflictError:
                continue
    raise CubeError(
        f"Expected to commit {metadata['partition']} to {address.uri}, got a conflict {_ATTEMPTS} times; "
        "another writer keeps changing the same region or the time axis: stop it, or write fewer at once."
    )


def _commit(repository: icechunk.Repository, session: icechunk.Session, metadata: Mapping[str, str]) -> str:
    base = session.snapshot_id
    try:
        return session.commit(
            f"{metadata['product']} {metadata['partition']}",
            metadata=dict(metadata),
            rebase_with=icechunk.ConflictDetector(),
        )
    except icechunk.StorageError:
        found = _landed(repository, base, metadata)
        if found is None:
            raise
        return found


def _landed(repository: icechunk.Repository, base: str, metadata: Mapping[str, str]) -> str | None:
    """The commit with this metadata among those since the snapshot `base`, if there is one."""
    for snapshot in repository.ancestry(branch=BRANCH):
        if snapshot.id == base:
            return None
        if metadata.items() <= snapshot.metadata.items():
            return snapshot.id
    return None


def _check_in_time(address: CubeAddress, began: float, metadata: Mapping[str, str]) -> None:
    took = time.monotonic() - began
    if address.local_path is None and took > WRITE_LIMIT.total_seconds():
        raise CubeError(
            f"Expected {metadata['partition']} to be written to {address.uri} within {WRITE_LIMIT}, got "
            f"{timedelta(seconds=round(took))}; what it wrote first may have been collected as garbage: cut it into "
            "smaller areas, and run again."
        )
