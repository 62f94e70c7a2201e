"""Writing one partition with many workers, shard by shard, whichever store the cube is in.

What does not belong here: what workers write into and how it becomes part of the cube (`forks`, `straight`), workers
themselves (a `Run`), and what they do with a shard (`shard_writing`).
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from itertools import batched
from typing import Protocol

import zarr
from icechunk import ForkSession

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.cubes.cube_ledger import Provenance
from eo_pipeline.core.cubes.cube_region import check_region
from eo_pipeline.core.periods import Period
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.errors import CubeError
from eo_pipeline.storage.cubes.cube_store import CubeStore
from eo_pipeline.storage.cubes.failures import storage_failures
from eo_pipeline.storage.cubes.forks import forked
from eo_pipeline.storage.cubes.layout import array_at
from eo_pipeline.storage.cubes.ledger import find_record
from eo_pipeline.storage.cubes.partition_work import PartitionWork, check_tasks, shards_in
from eo_pipeline.storage.cubes.plain_zarr import PlainCube
from eo_pipeline.storage.cubes.region_commit import RegionCommit
from eo_pipeline.storage.cubes.repository import Cube
from eo_pipeline.storage.cubes.shard_encoding import ShardFormat, shard_format
from eo_pipeline.storage.cubes.shard_writing import ShardBatch, ShardTask, WrittenBatch, write_batch
from eo_pipeline.storage.cubes.straight import straight

type Run = Callable[[Callable[[ShardBatch], WrittenBatch], Sequence[ShardBatch]], Iterable[WrittenBatch]]
"""Calls the function with each batch, anywhere and in any order, and gives the results; raises if one cannot be had. A
batch whose worker died may be given to another."""


class Writing(Protocol):
    """A partition that is being written to one of the stores."""

    @property
    def group(self) -> zarr.Group:
        """The root group as it was when the writing began."""
        ...

    @property
    def slot(self) -> int:
        """Of the period, counted from 0."""
        ...

    @property
    def snapshot(self) -> str:
        """Id of the snapshot that `group` is of; empty if the store has none."""
        ...

    def begin(self, work: PartitionWork) -> None:
        """Before workers write."""
        ...

    def fork(self) -> ForkSession | None:
        """What the workers of one batch write into; None = straight into the store at the cube's address."""
        ...

    def check(self, batch: WrittenBatch) -> None:
        """Refuse a batch that is another writing's.

        Raises:
            CubeError: it is.
        """
        ...

    def commit(self, work: PartitionWork, written: Sequence[WrittenBatch]) -> RegionCommit:
        """Make what workers wrote part of the cube, and write the row."""
        ...


def write_partition(
    cube: CubeStore,
    period: Period,
    region: Rectangle,
    tasks: Sequence[ShardTask],
    run: Run,
    *,
    area_key: str,
    provenance: Provenance,
    batch_size: int = 1,
) -> RegionCommit:
    """Write a partition shard by shard, or do nothing if the same inputs are there.

    Only shards whose inputs are not those of the ledger are made; the others stay as they are. In Icechunk that is one
    commit, or none; if another gets in the way, such as one that extends time, the shards are carried over to the new
    head, not made again. In plain Zarr shards are seen as they are written, and the row, last, makes them count.

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
        DiskFullError: no room; the cube's head is what it was, or in plain Zarr the partition is not done.
    """
    check_region(cube.template, region)
    check_tasks(cube.template, region, tasks)
    with _writing(cube, period) as writing:
        with storage_failures(cube.address):
            found = find_record(writing.group, cube.template, writing.slot, area_key=area_key, region=region)
            shards = shards_in(cube.template, region)
            work = PartitionWork(area_key, region, shards, tuple(tasks), provenance, found)
            if found is not None and work.is_held_by(found):
                return RegionCommit(writing.snapshot, changed=False, slot=writing.slot, record=found)
            writing.begin(work)
        written = _written(cube, writing, work.to_read, run, batch_size)
        with storage_failures(cube.address):
            for batch in written:
                writing.check(batch)
            return writing.commit(work, written)


def _writing(cube: CubeStore, period: Period) -> AbstractContextManager[Writing]:
    match cube:
        case Cube():
            return forked(cube, period)
        case PlainCube():
            return straight(cube, period)
    raise CubeError(f"Expected a cube of open_or_create_cube, got {type(cube).__name__}; open it so.")


def _written(
    cube: CubeStore, writing: Writing, tasks: Sequence[ShardTask], run: Run, batch_size: int
) -> list[WrittenBatch]:
    """Have workers make shards."""
    if not tasks:
        return []
    bands, slot = cube.template.bands, writing.slot
    with storage_failures(cube.address):
        formats = _formats(writing.group, bands)
    batches = [
        ShardBatch(cube.address, writing.fork(), bands, formats, slot, some) for some in batched(tasks, batch_size)
    ]
    return list(run(write_batch, batches))


def _formats(group: zarr.Group, bands: Sequence[BandEncoding]) -> dict[str, ShardFormat]:
    """How the bands' shards are encoded, which no worker has to look for then."""
    found = {band.name: shard_format(array_at(group, band.name)) for band in bands}
    return {name: known for name, known in found.items() if known is not None}
