"""Failures of a cube's storage in the pipeline's words.

What does not belong here: conflicts between commits, which are retried (`transaction`).
"""

import errno
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

import icechunk
from obstore.exceptions import BaseError
from zarr.errors import ContainsArrayError

from eo_pipeline.errors import CubeError, DiskFullError, StorageError
from eo_pipeline.storage.cubes.address import CubeAddress
from eo_pipeline.storage.disk_space import NO_ROOM

_NO_ROOM = tuple(f"(os error {number})" for number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG))


def storage_failures(address: CubeAddress) -> AbstractContextManager[None]:
    """Name the cube when its storage fails.

    Raises:
        CubeError: it is no cube at all, but one array.
        DiskFullError: no space, quota or room for a file of that size; what was being written is not done.
        StorageError: any other failure to reach, read or write the cube.
    """
    return _of_icechunk(address) if address.store == "icechunk" else _of_zarr(address)


@contextmanager
def _of_icechunk(address: CubeAddress) -> Iterator[None]:
    try:
        yield
    except icechunk.StorageError as error:
        if any(text in str(error) for text in _NO_ROOM):
            raise DiskFullError(
                f"Expected room to write the cube {address.uri}, got: {first_line(error)}; free space and run again. "
                "Nothing was committed."
            ) from error
        raise StorageError(
            f"Expected to reach the cube {address.uri}, got: {first_line(error)}; check the address and credentials."
        ) from error


@contextmanager
def _of_zarr(address: CubeAddress) -> Iterator[None]:
    try:
        yield
    except ContainsArrayError as error:
        raise CubeError(
            f"Expected a cube of plain Zarr at {address.uri}, got a single array of somebody else's; choose another "
            "place."
        ) from error
    except (OSError, BaseError) as error:
        if isinstance(error, OSError) and error.errno in NO_ROOM:
            raise DiskFullError(
                f"Expected room to write the cube {address.uri}, got: {error.strerror}; free space and run again: "
                "what was being written is not done."
            ) from error
        raise StorageError(
            f"Expected to reach the cube {address.uri}, got: {str(error).partition(chr(10))[0]}; check the address and "
            "credentials."
        ) from error


def first_line(error: icechunk.IcechunkError) -> str:
    """Icechunk's message without its trace."""
    return error.message.partition("\n")[0]
