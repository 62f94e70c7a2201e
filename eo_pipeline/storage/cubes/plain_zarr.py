"""A cube as plain Zarr of format 3, for readers that know no Icechunk: the same arrays, ledger and calls.

There are no transactions, so it cannot promise what they do:

- A change is not one step. A writer that is killed leaves some of its shards replaced and others not. It marks the
  area's row as failed first and writes what it made of it last (`unfinished`), so that the ledger never tells of what
  is half written: the area is not done, and is done again.
- Readers see a change while it is made.
- There are no versions: no history, no going back, no releases; what is overwritten is gone.
- Concurrent writers are kept apart by a lock on this machine only. On an object store there is none: one writer at a
  time, or areas and periods that no two writers share, and a time axis that was extended before.

What does not belong here: which store is opened (`stores`), and copying an Icechunk cube into plain Zarr.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import zarr
from zarr.abc.store import Store

from eo_pipeline.core.cubes.cube_template import CubeTemplate
from eo_pipeline.errors import CubeError
from eo_pipeline.storage.cubes.address import CubeAddress
from eo_pipeline.storage.cubes.cube_store import Change
from eo_pipeline.storage.cubes.failures import storage_failures
from eo_pipeline.storage.cubes.lock import sole_committer
from eo_pipeline.storage.cubes.repository import check_template, write_template
from eo_pipeline.storage.cubes.transaction import Commit
from eo_pipeline.storage.cubes.zarr_stores import has_root, open_zarr_store, some_file


@dataclass(frozen=True)
class PlainCube:
    """A folder, or a prefix of an object store, of plain Zarr that fits its template.

    Attributes:
        address: where it is.
        template: what it holds.
        store: Zarr's, open.
    """

    address: CubeAddress
    template: CubeTemplate
    store: Store

    @property
    def atomic(self) -> bool:
        """A change is made bit by bit."""
        return False

    def read(self) -> zarr.Group:
        """The root group; what others change is seen in it, half done, too."""
        with storage_failures(self.address):
            return zarr.open_group(self.store, mode="r", zarr_format=3)

    def snapshot_of(self, group: zarr.Group) -> str:  # noqa: ARG002 - there are none
        """Empty."""
        return ""

    def writable(self) -> zarr.Group:
        """The root group, open for writing; the lock is the caller's."""
        return zarr.open_group(self.store, mode="r+", zarr_format=3)

    def change[T](self, change: Change[T], metadata: Mapping[str, str]) -> tuple[Commit, T]:  # noqa: ARG002 - nowhere to keep it
        """Make a change, bit by bit; its commit has no snapshot."""
        with sole_committer(self.address), storage_failures(self.address):
            changed, result = change(self.writable())
        return Commit("", changed), result


def open_or_create_plain_cube(address: CubeAddress, template: CubeTemplate) -> PlainCube:
    """Open a cube of plain Zarr, or create it without slots and without data.

    Args:
        address: of plain Zarr.
        template: what it holds.

    Raises:
        CubeError: something else is there, which is left as it is.
        DiskFullError: no room.
        StorageError: the storage cannot be reached or written.
    """
    cube = PlainCube(address, template, open_zarr_store(address))
    with storage_failures(address):
        whole = is_whole(cube.store)
    if not whole:  # nobody waits for a writer to look at a cube that is there
        _create(cube)
    with storage_failures(address):
        check_template(cube.read(), address, template)
    return cube


def is_whole(store: Store) -> bool:
    """True if a group is there whose creation was not cut short: its attributes were written last."""
    return has_root(store) and bool(zarr.open_group(store, mode="r", zarr_format=3).attrs.asdict())


def _create(cube: PlainCube) -> None:
    address, template, store = cube.address, cube.template, cube.store
    with sole_committer(address), storage_failures(address):
        if not has_root(store) and (found := some_file(store)) is not None:
            raise CubeError(
                f"Expected an empty place or a cube of plain Zarr at {address.uri}, got other files, such as {found}; "
                "choose another place."
            )
        group = zarr.open_group(store, mode="a", zarr_format=3)
        if _is_unfinished(group, template):
            for name in list(group):
                del group[name]
            write_template(group, template)


def _is_unfinished(group: zarr.Group, template: CubeTemplate) -> bool:
    """True of a blank group, and of what a creation that was cut short leaves: some arrays, and no attributes."""
    ours = {part for array in template.layout().arrays for part in (array.path, array.path.partition("/")[0])}
    return not group.attrs.asdict() and {path for path, _ in group.members(max_depth=None)} <= ours
