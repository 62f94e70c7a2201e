"""Writing one partition with many workers: forks of one session, merged, and one commit with the ledger's row.

Workers write chunks that nobody sees; only the commit makes them part of the cube, all of them or none. A worker or a
coordinator that dies leaves chunks that garbage collection finds. What does not belong here: the workers (a `Run`) and
what they do with a shard (`shard_writing`).
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import batched

import icechunk
import zarr

from eo_pipeline.core.cubes.cube_ledger import Provenance, Record
from eo_pipeline.core.cubes.cube_region import check_region
from eo_pipeline.core.periods import Period
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.errors import CubeError
from eo_pipeline.storage.cubes.carrying import carry_over
from eo_pipeline.storage.cubes.failures import storage_failures
from eo_pipeline.storage.cubes.layout import array_at
from eo_pipeline.storage.cubes.ledger import commit_metadata, find_record, write_record
from eo_pipeline.storage.cubes.lock import one_of_the_writers
from eo_pipeline.storage.cubes.partition_work import PartitionWork, check_tasks, shards_in
from eo_pipeline.storage.cubes.pixels import clear_pixels
from eo_pipeline.storage.cubes.regions import RegionCommit
from eo_pipeline.storage.cubes.repository import Cube
from eo_pipeline.storage.cubes.shard_encoding import ShardFormat, shard_format
from eo_pipeline.storage.cubes.shard_writing import ShardBatch, ShardTask, WrittenBatch, write_batch
from eo_pipeline.storage.cubes.time_axis import slot_of
from eo_pipeline.storage.cubes.transaction import BRANCH, Made, transact

type Run = Callable[[Callable[[ShardBatch], WrittenBatch], Sequence[ShardBatch]], Iterable[WrittenBatch]]
"""Calls the function with each batch, anywhere and in any order, and gives the results; raises if one cannot be had. A
batch whose worker died may be given to another."""


def write_partition(
    cube: Cube,
    period: Period,
    region: Rectangle,
    tasks: Sequence[ShardTask],
    run: Run,
    *,
    area_key: str,
    provenance: Provenance,
    batch_size: int = 1,
) -> RegionCommit:
    """Write a partition shard by shard: one commit, or none if the same inputs are there.

    Only shards whose inputs are not those of the ledger are made; the others stay as they are. If another commit gets
    in the way, such as one that extends time, the shards are carried over to the new head, not made again.

    Args:
        cube: open.
        period: has a slot (see `extend_time`).
        region: whole shards of the cube.
        tasks: one for each shard of the region (see `shards_in`), in any order.
        run: calls workers.
        area_key: the area's key.
        provenance: its `inputs_hash` tells whether the whole partition is already there.
        batch_size: shards that a worker gets at once.

    Raises:
        CubeError: the region cuts shards, no slot for the period, shards held by another area, not one task a shard,
            pixels that are not the bands', or batches that are another writing's.
        DiskFullError: no room; the cube's head is what it was.
    """
    check_region(cube.template, region)
    check_tasks(cube.template, region, tasks)
    with storage_failures(cube.address), one_of_the_writers(cube.address):
        begun = _begin(cube, period)
        found = find_record(begun.group, cube.template, begun.slot, area_key=area_key, region=region)
        shards = shards_in(cube.template, region)
        work = PartitionWork(area_key, region, shards, tuple(tasks), provenance, found)
        if found is not None and work.is_held_by(found):
            return RegionCommit(begun.session.snapshot_id, changed=False, slot=begun.slot, record=found)
        return _commit(begun, work, _written(begun, work.to_read, run, batch_size))


@dataclass(frozen=True)
class _Begun:
    """A session that is to be forked, and where in it the period lies; `began` as in `transaction.Made`."""

    cube: Cube
    period: Period
    session: icechunk.Session
    slot: int
    began: float

    @property
    def group(self) -> zarr.Group:
        return zarr.open_group(self.session.store, mode="r+")

    def check(self, batch: WrittenBatch) -> None:
        """Refuse a batch that was not forked from this session for this slot: Icechunk would merge it all the same.

        Its chunks would then be looked for in this cube and not be there, or replace another slot's.
        """
        here, base = self.cube.address.uri, self.session.snapshot_id
        given = (batch.address.uri, batch.slot, batch.session.snapshot_id)
        if given != (here, self.slot, base):
            raise CubeError(
                f"Expected batches of slot {self.slot} of {here}, forked at snapshot {base}, back from the workers of "
                f"{self.period.key}, got one of slot {given[1]} of {given[0]}, forked at {given[2]}; nothing was "
                "committed: give back what the function returned for each of the batches."
            )


def _begin(cube: Cube, period: Period) -> _Begun:
    began, session = time.monotonic(), cube.repository.writable_session(BRANCH)
    slot = slot_of(zarr.open_group(session.store, mode="r+"), cube.template, period)
    return _Begun(cube, period, session, slot, began)


def _written(begun: _Begun, tasks: Sequence[ShardTask], run: Run, batch_size: int) -> list[WrittenBatch]:
    """Have workers make shards."""
    if not tasks:
        return []
    cube, formats = begun.cube, _formats(begun)
    batches = [
        ShardBatch(cube.address, begun.session.fork(), cube.template.bands, formats, begun.slot, some)
        for some in batched(tasks, batch_size)
    ]
    return list(run(write_batch, batches))


def _formats(begun: _Begun) -> dict[str, ShardFormat]:
    """How the bands' shards are encoded, which no worker has to look for then."""
    group = begun.group
    found = {band.name: shard_format(array_at(group, band.name)) for band in begun.cube.template.bands}
    return {name: known for name, known in found.items() if known is not None}


def _commit(begun: _Begun, work: PartitionWork, written: Sequence[WrittenBatch]) -> RegionCommit:
    """Merge the forks and commit them with the row; on a head that is in the way, carry the shards over to it."""
    for batch in written:
        begun.check(batch)
    cube, made = begun.cube, {region: row for batch in written for region, row in batch.rows.items()}
    record = work.record(made)
    begun.session.merge(*(batch.session for batch in written))
    _finish(begun.group, begun, work, work.found, record)

    def change(group: zarr.Group) -> tuple[bool, Record]:
        slot = slot_of(group, cube.template, begun.period)
        found = find_record(group, cube.template, slot, area_key=work.area_key, region=work.region)
        if found is not None and work.is_held_by(found):
            return False, found
        _check_untouched(begun, work, found)
        for batch in written:  # from the forks: a session whose commit was refused may be based on any other snapshot
            carry_over(batch.session.store, group, cube.template, slot, tuple(batch.rows))
        _finish(group, begun, work, found, record)
        return True, record

    commit, record = transact(
        cube.address, cube.repository, change, commit_metadata(work.provenance),
        made=Made(begun.session, record, begun.began),
    )  # fmt: skip
    return RegionCommit(commit.snapshot, commit.changed, begun.slot, record)


def _finish(group: zarr.Group, begun: _Begun, work: PartitionWork, found: Record | None, record: Record) -> None:
    """Clear what nothing was read for, if the group `found` something of the area before, and write the row."""
    for shard in work.nothing if found is not None else ():
        clear_pixels(group, begun.cube.template.bands, begun.slot, shard)
    write_record(group, begun.cube.template, begun.slot, record)


def _check_untouched(begun: _Begun, work: PartitionWork, found: Record | None) -> None:
    """Refuse to lay some shards over another writer's: together they would be neither's."""
    if found != work.found and len(work.stale) < len(work.tasks):
        raise CubeError(
            f"Expected area {work.area_key} of {begun.period.key} to be as it was when its shards were compared, got "
            f"another writer's in {begun.cube.address.uri}; run again."
        )
