"""Opening an Icechunk repository, or creating it empty, whoever else does the same.

What does not belong here: what it holds (`repository`, `storage.chips.chip_store`).
"""

import time

import icechunk
import zarr

from eo_pipeline.errors import CubeError
from eo_pipeline.storage.cubes.address import CubeAddress
from eo_pipeline.storage.cubes.failures import first_line
from eo_pipeline.storage.cubes.lock import sole_committer

_CREATION_ATTEMPTS = 10
_CREATION_PAUSE_SECONDS = 0.3
"""On an object store another process may be half way through creating the same repository."""


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
    for _ in range(_CREATION_ATTEMPTS):
        with sole_committer(address):
            if icechunk.Repository.exists(storage):
                return icechunk.Repository.open(storage)
            try:
                return icechunk.Repository.create(storage, config=config)
            except (icechunk.ConflictError, icechunk.InvalidInputError) as error:
                reason = first_line(error)
        if address.local_path is not None:
            break  # under the lock nobody else can be creating it: the folder holds something else
        time.sleep(_CREATION_PAUSE_SECONDS)
    raise CubeError(f"Expected an empty folder or a cube at {address.uri}, got: {reason}; choose another place.")


def is_blank(group: zarr.Group) -> bool:
    """True if nothing was ever written to the root group."""
    return not group.attrs.asdict() and not any(True for _ in group.members())
