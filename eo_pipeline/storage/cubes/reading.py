"""Reading a cube with xarray.

What does not belong here: the ledger's table (`ledger`), and pixels slot by slot (`slots`).
"""

import icechunk
import xarray as xr
from zarr.abc.store import Store

from eo_pipeline.errors import CubeError
from eo_pipeline.storage.cubes.address import CubeAddress
from eo_pipeline.storage.cubes.failures import first_line, storage_failures
from eo_pipeline.storage.cubes.opening import open_repository, without_versions
from eo_pipeline.storage.cubes.transaction import BRANCH
from eo_pipeline.storage.cubes.zarr_stores import has_root, open_zarr_store


def open_cube(address: CubeAddress, *, snapshot: str | None = None) -> xr.Dataset:
    """Open a cube read-only and lazily, decoded by CF: physical values, NaN where there is none, dates.

    Args:
        address: of the cube.
        snapshot: id of the snapshot to read; None = the head. Plain Zarr has none.

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


def readonly_store(address: CubeAddress, snapshot: str | None = None) -> Store:
    """The Zarr store of a cube's snapshot, or of the head as it is now.

    Raises:
        CubeError: there is no cube, or no such snapshot.
    """
    return _of_icechunk(address, snapshot) if address.store == "icechunk" else _of_zarr(address, snapshot)


def _of_zarr(address: CubeAddress, snapshot: str | None) -> Store:
    if snapshot:
        raise without_versions(address)
    store = open_zarr_store(address, read_only=True)
    if not has_root(store):
        raise CubeError(f"Expected a cube of plain Zarr of format 3 at {address.uri}, got none; check the address.")
    return store


def _of_icechunk(address: CubeAddress, snapshot: str | None) -> Store:
    repository = open_repository(address)
    try:
        branch = BRANCH if snapshot is None else None
        return repository.readonly_session(branch=branch, snapshot_id=snapshot).store
    except (icechunk.NotFoundError, icechunk.InvalidInputError) as error:
        raise CubeError(
            f"Expected snapshot {snapshot} of a cube at {address.uri}, got: {first_line(error)}; check the address."
        ) from error
