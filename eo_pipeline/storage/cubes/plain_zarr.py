"""A cube as plain Zarr of format 3, for readers that know no Icechunk: the same arrays, ledger and calls.

`extend_time`, `write_region`, `record_failure`, `record_discarded`, `clear_region`, `holds_region` and `read_ledger`
take a `PlainCube` as they take a `Cube`. There are no transactions, so it cannot promise what they do:

- A change is not one step. A writer that is killed leaves some of its shards replaced and others not. It takes the
  area's row out of the ledger first and writes it last, so that the ledger never tells of what is half written: the
  area is simply not done, and is done again.
- Readers see a change while it is made.
- There are no versions: no history, no going back, no releases; what is overwritten is gone.
- Concurrent writers are kept apart by a lock on this machine only. On an object store there is none: one writer at a
  time, or areas and periods that no two writers share, and a time axis that was extended before.

What does not belong here: copying an Icechunk cube into plain Zarr.
"""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import zarr
from zarr.abc.store import Store
from zarr.storage import LocalStore

from eo_pipeline.core.cubes.cube_template import CubeTemplate
from eo_pipeline.errors import CubeError, DiskFullError, StorageError
from eo_pipeline.storage.cubes.address import CubeAddress
from eo_pipeline.storage.cubes.cube_store import Change
from eo_pipeline.storage.cubes.lock import sole_committer
from eo_pipeline.storage.cubes.opening import is_blank
from eo_pipeline.storage.cubes.repository import check_template, write_template
from eo_pipeline.storage.cubes.transaction import Commit
from eo_pipeline.storage.disk_space import NO_ROOM


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

    def read(self) -> zarr.Group:
        """The root group; what others change is seen in it, half done, too."""
        with _failures(self.address):
            return zarr.open_group(self.store, mode="r", zarr_format=3)

    def change[T](self, change: Change[T], metadata: Mapping[str, str]) -> tuple[Commit, T]:  # noqa: ARG002 - nowhere to keep it
        """Make a change, bit by bit; its commit has no snapshot."""
        with sole_committer(self.address), _failures(self.address):
            changed, result = change(zarr.open_group(self.store, mode="r+", zarr_format=3))
        return Commit("", changed), result


def open_or_create_plain_cube(address: CubeAddress, template: CubeTemplate, store: Store | None = None) -> PlainCube:
    """Open a cube of plain Zarr, or create it without slots and without data.

    Args:
        address: a local path, or what messages call the store.
        template: what it holds.
        store: Zarr's, of an object store; None on a local path.

    Raises:
        CubeError: something else is there, which is left as it is, or no store was given for an address elsewhere.
        DiskFullError: no room.
        StorageError: the folder cannot be written.
    """
    folder = address.local_path
    if store is None and folder is None:
        raise CubeError(f"Expected a Zarr store for {address.uri}, got none; open one, for instance with obstore.")
    with sole_committer(address), _failures(address):
        if store is None and folder is not None:
            _create_folder(folder, template)
        cube = PlainCube(address, template, store or LocalStore(str(folder)))
        if is_blank(zarr.open_group(cube.store, mode="a", zarr_format=3)):
            write_template(zarr.open_group(cube.store, mode="a", zarr_format=3), template)
    check_template(cube.read(), address, template)
    return cube


def _create_folder(folder: Path, template: CubeTemplate) -> None:
    """Write the template into a new folder, which gets its name when it is whole; one that is there stays."""
    if folder.exists():
        return
    unfinished = folder.with_name(f".{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    write_template(zarr.open_group(unfinished, mode="a", zarr_format=3), template)
    unfinished.rename(folder)


@contextmanager
def _failures(address: CubeAddress) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in NO_ROOM:
            raise DiskFullError(
                f"Expected room to write the cube {address.uri}, got: {error.strerror}; free space and run again: "
                "what was being written is not done."
            ) from error
        raise StorageError(
            f"Expected to reach the cube {address.uri}, got: {error}; check the address and who may write there."
        ) from error
