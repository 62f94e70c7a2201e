"""Writing shards of one slot, in a worker: read, check, write into a fork or straight into the store, count the usable.

All here can be pickled. What does not belong here: starting workers, merging and committing (`partitions`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import zarr
from icechunk import ForkSession
from numpy.typing import NDArray
from zarr.abc.store import Store

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.cubes.cube_ledger import ShardRow, State
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.errors import CubeError
from eo_pipeline.storage.cubes.address import CubeAddress
from eo_pipeline.storage.cubes.failures import storage_failures
from eo_pipeline.storage.cubes.layout import array_at
from eo_pipeline.storage.cubes.pixels import checked, clear_pixels, judged, write_encoded, write_shard
from eo_pipeline.storage.cubes.shard_encoding import ShardFormat
from eo_pipeline.storage.cubes.write_behind import WriteBehind
from eo_pipeline.storage.cubes.zarr_stores import open_zarr_store

type ShardReader = Callable[[Rectangle], Mapping[str, NDArray[Any]] | None]
"""Gives the stored numbers (y, x) of every band of a shard, in the bands' dtypes, by name; None = there are no images.
It is called in a worker with the shard's pixels in the cube: a top-level function, or a `functools.partial` of one."""


@dataclass(frozen=True)
class ShardTask:
    """One shard of a partition.

    Attributes:
        region: its pixels in the cube, cut where the grid ends.
        inputs_hash: digest of everything that decides its pixels.
        read: gives them; None = nothing has to be read to know that it holds nothing.
        without: what it is recorded as if `read` is None: NO_IMAGES or OCEAN.
    """

    region: Rectangle
    inputs_hash: str
    read: ShardReader | None
    without: State = State.NO_IMAGES


@dataclass(frozen=True)
class ShardBatch:
    """What one worker gets.

    Attributes:
        address: of the cube.
        session: a fork; what is written into it is seen by nobody until it is merged and committed. None = shards are
            written straight into the plain Zarr at the address.
        bands: of the cube, in order.
        formats: of the bands whose shards are encoded here, by name; Zarr encodes the others.
        slot: of the period, counted from 0.
        tasks: in the order in which they are worked on.
    """

    address: CubeAddress
    session: ForkSession | None
    bands: tuple[BandEncoding, ...]
    formats: Mapping[str, ShardFormat]
    slot: int
    tasks: tuple[ShardTask, ...]


@dataclass(frozen=True)
class WrittenBatch:
    """What one worker gives back.

    Attributes:
        address: of the cube.
        session: the fork with its shards, None in plain Zarr.
        slot: that they lie in, counted from 0.
        rows: what became of each of them, by its pixels in the cube.
    """

    address: CubeAddress
    session: ForkSession | None
    slot: int
    rows: Mapping[Rectangle, ShardRow]


def write_batch(batch: ShardBatch) -> WrittenBatch:
    """Write every shard of a batch into its fork, or straight into the store. Memory holds one shard of all bands.

    Raises:
        CubeError: a reader left a band out, or gave another shape or dtype.
        DiskFullError: no room; nothing is committed.
    """
    with storage_failures(batch.address):
        store = open_zarr_store(batch.address) if batch.session is None else batch.session.store
    rows = {task.region: _write_shard(store, batch, task) for task in batch.tasks}
    return WrittenBatch(batch.address, batch.session, batch.slot, rows)


def _write_shard(store: Store, batch: ShardBatch, task: ShardTask) -> ShardRow:
    pixels = None if task.read is None else task.read(task.region)
    if pixels is None:
        with storage_failures(batch.address):
            clear_pixels(_group(store), batch.bands, batch.slot, task.region)
        return ShardRow(task.without, 0.0, task.inputs_hash)
    if missing := [band.name for band in batch.bands if band.name not in pixels]:
        raise CubeError(
            f"Expected every band of the cube for the shard at {task.region}, got none of {', '.join(missing)}; "
            "give each band, as nodata where there is nothing."
        )
    stored = {band.name: checked(pixels[band.name], band, task.region) for band in batch.bands}
    with storage_failures(batch.address), WriteBehind(store) as behind:
        valid = {band.name: _write_band(behind, batch, task.region, stored[band.name], band) for band in batch.bands}
    counted = judged(batch.bands)
    share = sum(valid[band.name] for band in counted) / (task.region.pixels * len(counted))
    return ShardRow(State.WRITTEN if share else State.EMPTY, share, task.inputs_hash)


def _write_band(
    behind: WriteBehind, batch: ShardBatch, shard: Rectangle, stored: NDArray[Any], band: BandEncoding
) -> int:
    known = batch.formats.get(band.name)
    if known is None:
        return write_shard(array_at(_group(behind.store), band.name), batch.slot, shard, stored, band)
    return write_encoded(behind, known.key(batch.slot, shard), known, stored, band)


def _group(store: Store) -> zarr.Group:
    return zarr.open_group(store, mode="r+", zarr_format=3)
