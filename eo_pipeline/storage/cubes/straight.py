"""A partition of plain Zarr that many workers write: straight into the store, and the ledger's row last.

Nobody else on this machine writes to a local cube meanwhile; on an object store nobody is kept away (`plain_zarr`).
What does not belong here: what is common to all stores (`partitions`).
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import zarr

from eo_pipeline.core.cubes.cube_ledger import Record, State
from eo_pipeline.core.periods import Period
from eo_pipeline.errors import CubeError
from eo_pipeline.storage.cubes.failures import storage_failures
from eo_pipeline.storage.cubes.lock import sole_committer
from eo_pipeline.storage.cubes.partition_work import PartitionWork
from eo_pipeline.storage.cubes.pixels import clear_pixels
from eo_pipeline.storage.cubes.plain_zarr import PlainCube
from eo_pipeline.storage.cubes.region_commit import RegionCommit
from eo_pipeline.storage.cubes.shard_writing import WrittenBatch
from eo_pipeline.storage.cubes.time_axis import slot_of
from eo_pipeline.storage.cubes.unfinished import begin_row, end_row


@contextmanager
def straight(cube: PlainCube, period: Period) -> Iterator["_Straight"]:
    """Begin to write a partition; nobody else on this machine changes a local cube until it ends.

    Raises:
        CubeError: no slot for the period.
        StorageError: the storage cannot be reached.
    """
    with sole_committer(cube.address):
        with storage_failures(cube.address):
            group = cube.writable()
            writing = _Straight(cube, group, slot_of(group, cube.template, period), period)
        yield writing


@dataclass(frozen=True)
class _Straight:
    """A partition that is being written, and where in the cube its period lies (see `partitions.Writing`)."""

    cube: PlainCube
    group: zarr.Group
    slot: int
    period: Period

    @property
    def snapshot(self) -> str:
        """Empty."""
        return ""

    def begin(self, work: PartitionWork) -> None:
        """From now on the ledger tells of nothing of the area."""
        row = Record(work.area_key, work.region, State.FAILED, 0.0, work.provenance)
        begin_row(self.cube, self.group, self.slot, row)

    def fork(self) -> None:
        """Workers write straight into the store."""

    def check(self, batch: WrittenBatch) -> None:
        """Refuse a batch of another cube or slot."""
        here, given = (self.cube.address.uri, self.slot), (batch.address.uri, batch.slot)
        if given != here:
            raise CubeError(
                f"Expected batches of slot {self.slot} of {here[0]} back from the workers of {self.period.key}, got "
                f"one of slot {given[1]} of {given[0]}; the area is not done: give back what the function returned "
                "for each of the batches."
            )

    def commit(self, work: PartitionWork, written: Sequence[WrittenBatch]) -> RegionCommit:
        """Clear what nothing was read for, and write the row."""
        record = work.record({region: row for batch in written for region, row in batch.rows.items()})
        for shard in work.nothing if work.found is not None else ():
            clear_pixels(self.group, self.cube.template.bands, self.slot, shard)
        end_row(self.cube, self.group, self.slot, record)
        return RegionCommit("", changed=True, slot=self.slot, record=record)
