"""Which chips a store holds of a partition. What does not belong here: writing them (`chip_store`)."""

from collections.abc import Mapping
from dataclasses import dataclass

import icechunk
import numpy as np
import zarr

from eo_pipeline.core.chips.store_template import PARTITION
from eo_pipeline.storage.cubes.address import CubeAddress
from eo_pipeline.storage.cubes.failures import storage_failures
from eo_pipeline.storage.cubes.layout import array_at
from eo_pipeline.storage.cubes.opening import is_blank
from eo_pipeline.storage.cubes.stores import cube_exists
from eo_pipeline.storage.cubes.transaction import BRANCH


@dataclass(frozen=True)
class HeldChip:
    """A chip of a store.

    Attributes:
        slot: along the first axis.
        crc32c: of its pixels, as the store says.
    """

    slot: int
    crc32c: str


def held_chips(address: CubeAddress) -> Mapping[tuple[str, str], HeldChip]:
    """Chips of a store's head by partition and id; none if there is no store.

    Raises:
        StorageError: the storage cannot be reached.
    """
    if not cube_exists(address):
        return {}
    with storage_failures(address):
        repository = icechunk.Repository.open(address.storage())
        group = zarr.open_group(repository.readonly_session(BRANCH).store, mode="r")
        if is_blank(group):
            return {}
        ids, partitions, sums = (np.asarray(array_at(group, name)[:]) for name in ("id", PARTITION, "crc32c"))
    return {
        (str(partitions[slot]), str(ids[slot])): HeldChip(int(slot), str(sums[slot]))
        for slot in np.flatnonzero(partitions != "")
    }
