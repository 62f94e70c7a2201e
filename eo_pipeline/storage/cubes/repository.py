"""Opening a cube: an Icechunk repository that holds what a template says.

What does not belong here: the template itself (`core.cubes.cube_template`) and changing a cube (`time_axis`,
`partitions`).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import icechunk
import zarr

from eo_pipeline.core.cubes.cube_arrays import TIME, differences
from eo_pipeline.core.cubes.cube_template import CubeTemplate
from eo_pipeline.errors import CubeError
from eo_pipeline.storage.cubes.address import CubeAddress
from eo_pipeline.storage.cubes.cube_store import Change
from eo_pipeline.storage.cubes.failures import storage_failures
from eo_pipeline.storage.cubes.layout import array_at, create_arrays, describe
from eo_pipeline.storage.cubes.opening import is_blank, open_or_create_repository, patient
from eo_pipeline.storage.cubes.transaction import BRANCH, Commit, transact

_CHUNKS_IN_A_MANIFEST = 512
"""A commit writes the manifests anew that it changes, about 20 bytes for each of their chunks, and lists all manifests
of every array, 35 bytes each. Of N chunks twice the root of N in a manifest is least in all; cubes have a thousand to a
million chunks a band, for which this is never far from it (docs/performance.md, "Cube writes")."""

_UPDATES_TOLD = 50
"""Of Icechunk's log of operations, in a file that each commit writes anew; older ones stay in the files before it."""
_ZSTD_LEVEL = 1
"""Of manifests and the list of commits: as small as at Icechunk's 3, and written in two thirds of the time."""


@dataclass(frozen=True)
class Cube:
    """An open repository that fits its template.

    Attributes:
        address: where it is.
        template: what it holds.
        repository: Icechunk's, open.
    """

    address: CubeAddress
    template: CubeTemplate
    repository: icechunk.Repository

    @property
    def atomic(self) -> bool:
        """A change is a commit."""
        return True

    def read(self) -> zarr.Group:
        """The root group at the head as it is now; what others commit later is not seen in it."""
        with storage_failures(self.address):
            return zarr.open_group(self.repository.readonly_session(BRANCH).store, mode="r")

    def snapshot_of(self, group: zarr.Group) -> str:
        """Id of the snapshot that a group of `read` is of."""
        return cast(icechunk.IcechunkStore, group.store).session.snapshot_id

    def change[T](self, change: Change[T], metadata: Mapping[str, str]) -> tuple[Commit, T]:
        """Make a change and commit it (see `transaction.transact`)."""
        with storage_failures(self.address):
            return transact(self.address, self.repository, change, metadata)


def open_or_create_icechunk_cube(address: CubeAddress, template: CubeTemplate) -> Cube:
    """Open the cube, or create it without slots and without data.

    Raises:
        CubeError: the repository holds something else; it is left as it is, and the message names the differences.
        StorageError: the storage cannot be reached.
    """
    with storage_failures(address):
        repository = patient(address, open_or_create_repository(address, _config(template)))
        if is_blank(zarr.open_group(repository.writable_session(BRANCH).store, mode="a")):
            metadata = {"product": template.product, "partition": "template"}
            transact(address, repository, lambda group: (write_template(group, template), None), metadata)
    cube = Cube(address, template, repository)
    check_template(cube.read(), address, template)
    return cube


def _config(template: CubeTemplate) -> icechunk.RepositoryConfig:
    """Split manifests, so that a commit rewrites the references of some slots, not of all; large slots in squares."""
    rows, columns = template.shard_grid
    across = min(columns, max(math.isqrt(_CHUNKS_IN_A_MANIFEST), _CHUNKS_IN_A_MANIFEST // rows))
    down = min(rows, _CHUNKS_IN_A_MANIFEST // across)
    slots = _CHUNKS_IN_A_MANIFEST // (down * across)
    named = icechunk.ManifestSplitDimCondition.DimensionName
    splitting = icechunk.ManifestSplittingConfig.from_dict(
        {
            icechunk.ManifestSplitCondition.AnyArray(): {
                named(TIME): slots,
                named("^(shard_)?y$"): down,
                named("^(shard_)?x$"): across,
            }
        }
    )
    config = icechunk.RepositoryConfig.default()
    config.manifest = icechunk.ManifestConfig(splitting=splitting)
    config.num_updates_per_repo_info_file = _UPDATES_TOLD
    config.compression = icechunk.CompressionConfig(level=_ZSTD_LEVEL)
    return config


def write_template(group: zarr.Group, template: CubeTemplate) -> bool:
    """Write a template's arrays, coordinates and attributes into a blank group; False if something is there already.

    Attributes come last: where there is no transaction, a group that has some is whole.
    """
    if not is_blank(group):
        return False  # another process wrote it meanwhile
    layout = template.layout()
    create_arrays(group, layout.arrays)
    for axis in ("x", "y"):
        array_at(group, axis)[:] = template.coordinates(axis)
    group.attrs.update(dict(layout.attributes))
    return True


def check_template(group: zarr.Group, address: CubeAddress, template: CubeTemplate) -> None:
    """Refuse a group that holds something else than the template; an older cube may lack the ledger's last states.

    Raises:
        CubeError: names every difference.
    """
    if lines := differences(template.layout(), describe(group)):
        raise CubeError(
            f"Expected the cube {address.uri} to fit the product {template.product}, got differences:\n  "
            + "\n  ".join(lines)
            + "\nUndo the product's change, or write to a new repository; this one is left as it is."
        )
