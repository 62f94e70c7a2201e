"""Reading a cube with xarray.

What does not belong here: the ledger's table (`ledger`), and pixels slot by slot (`slots`).
"""

import icechunk
import xarray as xr

from eo_pipeline.errors import CubeError
from eo_pipeline.storage.cubes.address import CubeAddress
from eo_pipeline.storage.cubes.failures import first_line, storage_failures
from eo_pipeline.storage.cubes.opening import open_repository
from eo_pipeline.storage.cubes.transaction import BRANCH


def open_cube(address: CubeAddress, *, snapshot: str | None = None) -> xr.Dataset:
    """Open a cube read-only and lazily, decoded by CF: physical values, NaN where there is none, dates.

    Args:
        address: of the repository.
        snapshot: id of the snapshot to read; None = the head.

    Returns:
        One variable a band over (time, y, x); classes and counts keep their dtype.

    Raises:
        CubeError: there is no cube, or no such snapshot.
        StorageError: the storage cannot be reached.
    """
    with storage_failures(address):
        cube: xr.Dataset = xr.open_zarr(
            readonly_store(address, snapshot), consolidated=False, zarr_format=3, chunks=None, decode_coords="all"
        )
        return cube


def readonly_store(address: CubeAddress, snapshot: str | None = None) -> icechunk.IcechunkStore:
    """The Zarr store of a cube's snapshot, or of the head as it is now.

    Raises:
        CubeError: there is no cube, or no such snapshot.
    """
    repository = open_repository(address)
    try:
        branch = BRANCH if snapshot is None else None
        return repository.readonly_session(branch=branch, snapshot_id=snapshot).store
    except (icechunk.NotFoundError, icechunk.InvalidInputError) as error:
        raise CubeError(
            f"Expected snapshot {snapshot} of a cube at {address.uri}, got: {first_line(error)}; check the address."
        ) from error
