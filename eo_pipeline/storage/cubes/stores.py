"""Which of its stores a cube is in, and opening it there: what reads and writes cubes need not know which it is.

What does not belong here: what the stores can do (`repository`, `plain_zarr`).
"""

from dataclasses import replace

import icechunk

from eo_pipeline.core.cubes.cube_template import CubeTemplate
from eo_pipeline.storage.cubes.address import CubeAddress
from eo_pipeline.storage.cubes.cube_store import CubeStore
from eo_pipeline.storage.cubes.failures import storage_failures
from eo_pipeline.storage.cubes.plain_zarr import is_whole, open_or_create_plain_cube
from eo_pipeline.storage.cubes.repository import open_or_create_icechunk_cube
from eo_pipeline.storage.cubes.zarr_stores import has_root, open_zarr_store


def open_or_create_cube(address: CubeAddress, template: CubeTemplate) -> CubeStore:
    """Open the cube in the store that its address names, or create it there without slots and without data.

    Raises:
        CubeError: something else is there; it is left as it is, and the message names the differences.
        DiskFullError: no room.
        StorageError: the storage cannot be reached.
    """
    if address.store == "zarr":
        return open_or_create_plain_cube(address, template)
    return open_or_create_icechunk_cube(address, template)


def cube_exists(address: CubeAddress) -> bool:
    """True if there is a cube at the address, in the store that it names.

    Raises:
        StorageError: the storage cannot be reached.
    """
    with storage_failures(address):
        if address.store == "icechunk":
            return bool(icechunk.Repository.exists(address.storage()))
        return is_whole(open_zarr_store(address, read_only=True))


def in_its_store(address: CubeAddress) -> CubeAddress:
    """The address of whatever is there: of plain Zarr where no Icechunk repository is, but a Zarr group.

    Raises:
        StorageError: the storage cannot be reached.
    """
    plain, repository = (replace(address, store=store) for store in ("zarr", "icechunk"))
    if cube_exists(repository):
        return repository
    with storage_failures(plain):
        return plain if has_root(open_zarr_store(plain, read_only=True)) else repository
