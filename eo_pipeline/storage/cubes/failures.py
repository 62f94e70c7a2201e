"""Icechunk's failures in the pipeline's words.

What does not belong here: conflicts between commits, which are retried (`transaction`).
"""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

import icechunk

from eo_pipeline.errors import DiskFullError, StorageError
from eo_pipeline.storage.cubes.address import CubeAddress

_NO_ROOM = tuple(f"(os error {number})" for number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG))


@contextmanager
def storage_failures(address: CubeAddress) -> Iterator[None]:
    """Name the repository when its storage fails.

    Raises:
        DiskFullError: no space, quota or room for a file of that size; the cube's head is what it was.
        StorageError: any other failure to reach, read or write the repository.
    """
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


def first_line(error: icechunk.IcechunkError) -> str:
    """Icechunk's message without its trace."""
    return error.message.partition("\n")[0]
