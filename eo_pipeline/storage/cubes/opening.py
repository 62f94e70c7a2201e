"""Opening an Icechunk repository, or creating it empty, whoever else does the same.

What does not belong here: what it holds (`repository`, `storage.chips.chip_store`).
"""

import time

import icechunk
import zarr

from eo_pipeline.errors import CubeError
from eo_pipeline.storage.cubes.address import CubeAddress
from eo_pipeline.storage.cubes.failures import first_line, storage_failures
from eo_pipeline.storage.cubes.lock import sole_committer

_CREATION_ATTEMPTS = 10
_CREATION_PAUSE_SECONDS = 0.3
"""On an object store another process may be half way through creating the same repository."""

_PATIENCE = icechunk.StorageRetriesSettings(max_tries=15, initial_backoff_ms=500, max_backoff_ms=5000)
"""Half a minute to a minute; by itself Icechunk gives up a Cloud Storage that is away for two seconds."""

_WRITTEN_FIRST = {"snapshots", "transactions", "config.yaml"}


def open_or_create_repository(
    address: CubeAddress, config: icechunk.RepositoryConfig | None = None
) -> icechunk.Repository:
    """The repository at an address.

    Args:
        address: where it is.
        config: of a new one; Icechunk's own if None.

    Raises:
        CubeError: something else is there.
    """
    storage, reason = address.storage(), ""
    attempts = _CREATION_ATTEMPTS if address.local_path is None else 2
    for attempt in range(attempts):
        with sole_committer(address):
            if icechunk.Repository.exists(storage):
                return icechunk.Repository.open(storage)
            abandoned = attempt == attempts - 1 and _is_abandoned(storage)
            try:
                return icechunk.Repository.create(storage, config=config, check_clean_root=not abandoned)
            except (icechunk.ConflictError, icechunk.InvalidInputError) as error:
                reason = first_line(error)
        if address.local_path is None:
            time.sleep(_CREATION_PAUSE_SECONDS)
    raise CubeError(f"Expected an empty folder or a cube at {address.uri}, got: {reason}; choose another place.")


def patient(address: CubeAddress, repository: icechunk.Repository) -> icechunk.Repository:
    """The same repository for writers: its requests outlast a store that is away for some seconds.

    What a partition's workers have made costs more than waiting. Opening is not patient: a wrong address is told soon.
    """
    config = repository.config
    config.storage = icechunk.StorageSettings(retries=_PATIENCE)
    return icechunk.Repository.open(address.storage(), config=config)  # `reopen` would keep the old settings


def _is_abandoned(storage: icechunk.Storage) -> bool:
    """True if all that is there is what a creation that was cut short leaves: a first snapshot, and no repository."""
    rooms = [entry.key.partition("/")[0] for entry in storage.list_objects_metadata()]
    return set(rooms) <= _WRITTEN_FIRST and rooms.count("snapshots") <= 1


def open_repository(address: CubeAddress) -> icechunk.Repository:
    """The repository at an address, whatever it holds.

    Raises:
        CubeError: there is none; plain Zarr is none.
        StorageError: the storage cannot be reached.
    """
    if address.store == "zarr":
        raise without_versions(address)
    with storage_failures(address):
        try:
            return icechunk.Repository.open(address.storage())
        except (icechunk.NotFoundError, icechunk.InvalidInputError) as error:
            raise CubeError(
                f"Expected a cube at {address.uri}, got: {first_line(error)}; check the address."
            ) from error


def without_versions(address: CubeAddress) -> CubeError:
    """The refusal of whatever needs versions where there are none."""
    return CubeError(
        f"Expected a cube with versions, got plain Zarr at {address.uri}, which has none: no snapshots, history, way "
        "back, releases or garbage. A cube in Icechunk has them: declare store: icechunk with another repository."
    )


def is_blank(group: zarr.Group) -> bool:
    """True if nothing was ever written to the root group."""
    return not group.attrs.asdict() and not any(True for _ in group.members())
