"""Naming a version of a cube, and going back to an earlier one.

What does not belong here: listing versions (`history`), and freeing what old ones hold (`garbage`).
"""

from dataclasses import dataclass

import icechunk

from eo_pipeline.errors import CubeError
from eo_pipeline.storage.cubes.address import CubeAddress
from eo_pipeline.storage.cubes.failures import first_line, storage_failures
from eo_pipeline.storage.cubes.history import Version, as_version, find_version, tag_names
from eo_pipeline.storage.cubes.lock import sole_committer
from eo_pipeline.storage.cubes.opening import open_repository
from eo_pipeline.storage.cubes.transaction import BRANCH


@dataclass(frozen=True)
class RolledBack:
    """What going back came to.

    Attributes:
        head: the version that the cube is now.
        before: the version that it was; it can be gone back to until it is collected as garbage.
        undone: the versions that are no longer part of the cube, the newest first; empty if nothing changed.
    """

    head: Version
    before: Version
    undone: tuple[Version, ...]


def tag_release(address: CubeAddress, name: str, version: str | None = None) -> Version:
    """Give a version a name that stays, and that keeps it from expiring.

    Args:
        address: of the repository.
        name: of the release; once used, a name is never free again.
        version: a snapshot's id or another tag; None = the head.

    Returns:
        The tagged version.

    Raises:
        CubeError: there is no cube or no such version, or the name is taken or not allowed.
        StorageError: the storage cannot be reached.
    """
    repository = open_repository(address)
    with storage_failures(address), sole_committer(address):
        found = find_version(address, repository, version or repository.lookup_branch(BRANCH))
        if name in found.tags:
            return found
        try:
            repository.create_tag(name, found.snapshot)
        except (icechunk.AlreadyExistsError, icechunk.InvalidInputError) as error:
            raise CubeError(
                f"Expected a new name for a release of {address.uri}, got {name!r} ({first_line(error)}); a name "
                "means one version for ever: choose another."
            ) from error
        return find_version(address, repository, name)


def roll_back(address: CubeAddress, version: str, *, dry_run: bool = False, seen: str | None = None) -> RolledBack:
    """Make an earlier version the head again; what was committed since is no longer part of the cube.

    Its ledger is that version's, too: partitions written since are asked for again when they are made the next time. A
    writer that began before lands on the new head. Nothing is deleted: `before` stays readable, and rolling back to
    it is undoing, until garbage is collected.

    Args:
        address: of the repository.
        version: a snapshot's id or a tag.
        dry_run: only tell.
        seen: id of the head that was looked at; None = whichever it is.

    Raises:
        CubeError: there is no cube, or no such version; or somebody committed since the head was looked at.
        StorageError: the storage cannot be reached.
    """
    repository = open_repository(address)
    with storage_failures(address), sole_committer(address):
        before = find_version(address, repository, repository.lookup_branch(BRANCH))
        head = find_version(address, repository, version)
        rolled = RolledBack(head, before, _since(repository, head.snapshot))
        if seen not in (None, before.snapshot):
            raise CubeError(
                f"Expected the head of {address.uri} to be {seen} as before, got {before.snapshot} "
                f"({before.message}); look at the history again before going back."
            )
        if not dry_run:
            _reset(address, repository, rolled)
    return rolled


def _reset(address: CubeAddress, repository: icechunk.Repository, rolled: RolledBack) -> None:
    try:
        repository.reset_branch(BRANCH, rolled.head.snapshot, from_snapshot_id=rolled.before.snapshot)
    except icechunk.ConflictError as error:
        raise CubeError(
            f"Expected nobody to commit to {address.uri} meanwhile, got: {first_line(error)}; look at the history "
            "again before going back."
        ) from error


def _since(repository: icechunk.Repository, snapshot: str) -> tuple[Version, ...]:
    """The versions of the cube that are not in the ancestry of a snapshot, the newest first."""
    kept, names = {found.id for found in repository.ancestry(snapshot_id=snapshot)}, tag_names(repository)
    return tuple(as_version(found, names) for found in repository.ancestry(branch=BRANCH) if found.id not in kept)
