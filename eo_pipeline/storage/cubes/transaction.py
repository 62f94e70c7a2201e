"""Read, change, commit: one step that loses nothing, whoever else commits.

On a local repository one committer at a time holds a lock from opening the session until the commit. On an object
store a commit is rebased on those made meanwhile; where they touched the same chunk or the time axis, the change is
made again on the new head. What does not belong here: what is changed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import icechunk
import zarr

from eo_pipeline.errors import CubeError
from eo_pipeline.storage.cubes.address import CubeAddress
from eo_pipeline.storage.cubes.lock import sole_committer

BRANCH = "main"
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


def transact[T](
    address: CubeAddress,
    repository: icechunk.Repository,
    change: Callable[[zarr.Group], tuple[bool, T]],
    metadata: Mapping[str, str],
) -> tuple[Commit, T]:
    """Make `change` on the head and commit it.

    Args:
        address: of the repository, for the lock and messages.
        repository: open.
        change: gets the root group of a writable session and returns whether it changed anything, and a result. It is
            called again after a conflict: it must look at the group it is given, nothing else. So a commit that
            succeeded while its reply was lost is found, not repeated.
        metadata: of the commit; `product` and `partition` also make its message.

    Raises:
        CubeError: other writers changed the same chunks at each of many attempts.
    """
    for _ in range(_ATTEMPTS):
        with sole_committer(address):
            session = repository.writable_session(BRANCH)
            changed, result = change(zarr.open_group(session.store, mode="a"))
            if not changed:
                return Commit(session.snapshot_id, changed=False), result
            try:
                snapshot = session.commit(
                    f"{metadata['product']} {metadata['partition']}",
                    metadata=dict(metadata),
                    rebase_with=icechunk.ConflictDetector(),
                )
            except icechunk.ConflictError:
                continue
            return Commit(snapshot, changed=True), result
    raise CubeError(
        f"Expected to commit {metadata['partition']} to {address.uri}, got a conflict {_ATTEMPTS} times; "
        "another writer keeps changing the same region or the time axis: stop it, or write fewer at once."
    )
