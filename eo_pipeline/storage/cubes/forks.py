"""A partition of an Icechunk cube that many workers write: forks of one session, merged, one commit with its row.

Workers write chunks that nobody sees; only the commit makes them part of the cube, all of them or none. A worker or a
coordinator that dies leaves chunks that garbage collection finds. What does not belong here: what is common to all
stores (`partitions`).
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import icechunk
import zarr
from icechunk import ForkSession

from eo_pipeline.core.cubes.cube_ledger import Record
from eo_pipeline.core.periods import Period
from eo_pipeline.errors import CubeError
from eo_pipeline.storage.cubes.carrying import carry_over
from eo_pipeline.storage.cubes.failures import storage_failures
from eo_pipeline.storage.cubes.ledger import commit_metadata, find_record, write_record
from eo_pipeline.storage.cubes.lock import one_of_the_writers
from eo_pipeline.storage.cubes.partition_work import PartitionWork
from eo_pipeline.storage.cubes.pixels import clear_pixels
from eo_pipeline.storage.cubes.region_commit import RegionCommit
from eo_pipeline.storage.cubes.repository import Cube
from eo_pipeline.storage.cubes.shard_writing import WrittenBatch
from eo_pipeline.storage.cubes.time_axis import slot_of
from eo_pipeline.storage.cubes.transaction import BRANCH, Made, transact


@contextmanager
def forked(cube: Cube, period: Period) -> Iterator["_Forked"]:
    """Begin to write a partition on the head as it is now; garbage of a local cube is not collected meanwhile.

    Raises:
        CubeError: no slot for the period.
        StorageError: the storage cannot be reached.
    """
    with one_of_the_writers(cube.address):
        with storage_failures(cube.address):
            began, session = time.monotonic(), cube.repository.writable_session(BRANCH)
            slot = slot_of(zarr.open_group(session.store, mode="r+"), cube.template, period)
        yield _Forked(cube, period, session, slot, began)


@dataclass(frozen=True)
class _Forked:
    """A session that is to be forked, and where in it the period lies (see `partitions.Writing`).

    `began` is as in `transaction.Made`.
    """

    cube: Cube
    period: Period
    session: icechunk.Session
    slot: int
    began: float

    @property
    def group(self) -> zarr.Group:
        """The root group of the session."""
        return zarr.open_group(self.session.store, mode="r+")

    @property
    def snapshot(self) -> str:
        """Id of the snapshot that the session is based on."""
        return self.session.snapshot_id

    def begin(self, work: PartitionWork) -> None:
        """Nobody sees anything before the commit."""

    def fork(self) -> ForkSession:
        """What the workers of one batch write into."""
        return self.session.fork()

    def check(self, batch: WrittenBatch) -> None:
        """Refuse a batch that was not forked from this session for this slot: Icechunk would merge it all the same.

        Its chunks would then be looked for in this cube and not be there, or replace another slot's.
        """
        here, base = self.cube.address.uri, self.session.snapshot_id
        given = (batch.address.uri, batch.slot, _session(batch).snapshot_id)
        if given != (here, self.slot, base):
            raise CubeError(
                f"Expected batches of slot {self.slot} of {here}, forked at snapshot {base}, back from the workers of "
                f"{self.period.key}, got one of slot {given[1]} of {given[0]}, forked at {given[2]}; nothing was "
                "committed: give back what the function returned for each of the batches."
            )

    def commit(self, work: PartitionWork, written: Sequence[WrittenBatch]) -> RegionCommit:
        """Merge the forks and commit them with the row; on a head that is in the way, carry the shards over to it."""
        return _commit(self, work, written)


def _session(batch: WrittenBatch) -> ForkSession:
    """The fork that a batch was written into.

    Raises:
        CubeError: it was written into plain Zarr.
    """
    if batch.session is None:
        raise CubeError(f"Expected a batch that was written into a fork, got one of {batch.address.uri} without any.")
    return batch.session


def _commit(begun: _Forked, work: PartitionWork, written: Sequence[WrittenBatch]) -> RegionCommit:
    cube, made = begun.cube, {region: row for batch in written for region, row in batch.rows.items()}
    record = work.record(made)
    begun.session.merge(*(_session(batch) for batch in written))
    _finish(begun.group, begun, work, work.found, record)

    def change(group: zarr.Group) -> tuple[bool, Record]:
        slot = slot_of(group, cube.template, begun.period)
        found = find_record(group, cube.template, slot, area_key=work.area_key, region=work.region)
        if found is not None and work.is_held_by(found):
            return False, found
        _check_untouched(begun, work, found)
        for batch in written:  # from the forks: a session whose commit was refused may be based on any other snapshot
            carry_over(_session(batch).store, group, cube.template, slot, tuple(batch.rows))
        _finish(group, begun, work, found, record)
        return True, record

    commit, record = transact(
        cube.address, cube.repository, change, commit_metadata(work.provenance),
        made=Made(begun.session, record, begun.began),
    )  # fmt: skip
    return RegionCommit(commit.snapshot, commit.changed, begun.slot, record)


def _finish(group: zarr.Group, begun: _Forked, work: PartitionWork, found: Record | None, record: Record) -> None:
    """Clear what nothing was read for, if the group `found` something of the area before, and write the row."""
    for shard in work.nothing if found is not None else ():
        clear_pixels(group, begun.cube.template.bands, begun.slot, shard)
    write_record(group, begun.cube.template, begun.slot, record)


def _check_untouched(begun: _Forked, work: PartitionWork, found: Record | None) -> None:
    """Refuse to lay some shards over another writer's: together they would be neither's."""
    if found != work.found and len(work.stale) < len(work.tasks):
        raise CubeError(
            f"Expected area {work.area_key} of {begun.period.key} to be as it was when its shards were compared, got "
            f"another writer's in {begun.cube.address.uri}; run again."
        )
