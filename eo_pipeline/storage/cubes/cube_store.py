"""What every store of a cube can do: be read, and be changed in one step.

Two exist: an Icechunk repository (`repository.Cube`), where a step is a commit, and plain Zarr
(`plain_zarr.PlainCube`), where it is not. What does not belong here: the changes themselves (`time_axis`, `ledger`,
`clearing`), and partitions (`partitions`).
"""

from collections.abc import Callable, Mapping
from typing import Protocol

import zarr

from eo_pipeline.core.cubes.cube_template import CubeTemplate
from eo_pipeline.storage.cubes.address import CubeAddress
from eo_pipeline.storage.cubes.transaction import Commit

type Change[T] = Callable[[zarr.Group], tuple[bool, T]]
"""Gets the root group, open for writing, and returns whether it changed anything, and a result. It may be called again
on a newer state: it must look at the group it is given, nothing else."""


class CubeStore(Protocol):
    """An open cube that fits its template."""

    @property
    def address(self) -> CubeAddress:
        """Where it is."""
        ...

    @property
    def template(self) -> CubeTemplate:
        """What it holds."""
        ...

    @property
    def atomic(self) -> bool:
        """True if a change is there whole or not at all; else half of one may be, which the ledger must not tell of."""
        ...

    def read(self) -> zarr.Group:
        """The root group as it is now, for reading.

        Raises:
            StorageError: the storage cannot be reached.
        """
        ...

    def snapshot_of(self, group: zarr.Group) -> str:
        """Id of the snapshot that a group, given by `read`, is of; empty if the store has none."""
        ...

    def change[T](self, change: Change[T], metadata: Mapping[str, str]) -> tuple[Commit, T]:
        """Make a change in one step.

        Args:
            change: makes it.
            metadata: `product` and `partition`, and what else is to be known of the step.

        Raises:
            CubeError: other writers changed the same chunks at each of many attempts.
            DiskFullError: no room.
            StorageError: the storage cannot be reached.
        """
        ...
