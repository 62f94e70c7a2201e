"""What was committed to a cube, and which snapshot a name means.

What does not belong here: changing any of it (`versions`, `garbage`).
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

import icechunk

from eo_pipeline.errors import CubeError
from eo_pipeline.storage.cubes.address import CubeAddress
from eo_pipeline.storage.cubes.failures import first_line, storage_failures
from eo_pipeline.storage.cubes.opening import open_repository
from eo_pipeline.storage.cubes.transaction import BRANCH


@dataclass(frozen=True)
class Version:
    """One commit of a cube.

    Attributes:
        snapshot: its id.
        written_at: when, aware, UTC.
        message: its first line: product and partition, in what this project writes.
        product: name of the product, empty if the commit does not tell.
        partition: what was written, empty if the commit does not tell.
        run_id: of the run that wrote it, empty if the commit does not tell.
        inputs_hash: digest of the inputs, empty if the commit does not tell.
        code_version: of the code that wrote it, empty if the commit does not tell.
        tags: names of releases, sorted.
    """

    snapshot: str
    written_at: datetime
    message: str
    product: str
    partition: str
    run_id: str
    inputs_hash: str
    code_version: str
    tags: tuple[str, ...]


def read_history(address: CubeAddress, *, limit: int | None = None) -> tuple[Version, ...]:
    """The commits of a cube from the newest to the oldest that has not expired.

    Args:
        address: of the repository.
        limit: how many of the newest; None = all.

    Raises:
        CubeError: there is no cube.
        StorageError: the storage cannot be reached.
    """
    repository = open_repository(address)
    with storage_failures(address):
        names = tag_names(repository)
        return tuple(as_version(found, names) for found in islice(repository.ancestry(branch=BRANCH), limit))


def read_releases(address: CubeAddress) -> dict[str, Version]:
    """Every tagged version by its tag, in the order of the tags; rolled back ones, too.

    Raises:
        CubeError: there is no cube.
        StorageError: the storage cannot be reached.
    """
    repository = open_repository(address)
    with storage_failures(address):
        names = tag_names(repository)
        tagged = ((tag, snapshot) for snapshot, tags in names.items() for tag in tags)
        return {tag: as_version(repository.lookup_snapshot(snapshot), names) for tag, snapshot in sorted(tagged)}


def tag_names(repository: icechunk.Repository) -> dict[str, tuple[str, ...]]:
    """The tags of each tagged snapshot, sorted."""
    found: dict[str, list[str]] = defaultdict(list)
    for tag in sorted(repository.list_tags()):
        found[repository.lookup_tag(tag)].append(tag)
    return {snapshot: tuple(tags) for snapshot, tags in found.items()}


def find_version(address: CubeAddress, repository: icechunk.Repository, version: str) -> Version:
    """The commit that a tag or a snapshot's id means.

    Raises:
        CubeError: there is neither.
    """
    names = tag_names(repository)
    snapshot = repository.lookup_tag(version) if version in repository.list_tags() else version
    try:
        return as_version(repository.lookup_snapshot(snapshot), names)
    except (icechunk.NotFoundError, icechunk.InvalidInputError) as error:
        known = ", ".join(_some(repository, names))
        raise CubeError(
            f"Expected a tag or the id of a snapshot of {address.uri}, got {version!r} ({first_line(error)}); "
            f"`eo-pipeline cube history` lists them: {known}."
        ) from error


def _some(repository: icechunk.Repository, names: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    yield from sorted(tag for tags in names.values() for tag in tags)
    yield from (found.id for found in islice(repository.ancestry(branch=BRANCH), 3))


def as_version(found: icechunk.SnapshotInfo, names: Mapping[str, tuple[str, ...]]) -> Version:
    """A snapshot as a version, with its tags."""
    said = {name: str(value) for name, value in found.metadata.items()}
    return Version(
        snapshot=found.id,
        written_at=found.written_at,
        message=found.message.partition("\n")[0],
        product=said.get("product", ""),
        partition=said.get("partition", ""),
        run_id=said.get("run_id", ""),
        inputs_hash=said.get("inputs_hash", ""),
        code_version=said.get("code_version", ""),
        tags=names.get(found.id, ()),
    )
