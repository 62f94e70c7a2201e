"""Writing one partition into a cube: pixels and ledger row in one change, shard by shard.

What does not belong here: where the pixels come from (a `PixelReader`) and where the area lies
(`core.cubes.cube_region`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import zarr
from numpy.typing import NDArray

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.cubes.cube_ledger import Provenance, Record, State
from eo_pipeline.core.cubes.cube_region import check_region
from eo_pipeline.core.cubes.cube_template import CubeTemplate
from eo_pipeline.core.periods import Period
from eo_pipeline.core.rectangles import Rectangle, windows
from eo_pipeline.storage.cubes.cube_store import CubeStore
from eo_pipeline.storage.cubes.layout import array_at
from eo_pipeline.storage.cubes.ledger import commit_metadata, find_record
from eo_pipeline.storage.cubes.pixels import checked, judged, nothing, write_shard
from eo_pipeline.storage.cubes.time_axis import slot_of
from eo_pipeline.storage.cubes.unfinished import begin_row, end_row

type Progress = Callable[[int, int], None]
"""Called with the shards written so far and in all."""


class PixelReader(Protocol):
    """Where a region's pixels come from."""

    def __call__(self, band: str, rows: slice, columns: slice, /) -> NDArray[Any]:
        """Stored numbers (y, x) of a band in the band's dtype; rows and columns count from the region's upper left."""
        ...


@dataclass(frozen=True)
class RegionCommit:
    """What writing a region came to.

    Attributes:
        snapshot: id of the snapshot that holds the region: the commit's, or the head where nothing changed; empty in
            plain Zarr.
        changed: False if the ledger held the same inputs, and nothing was read or written.
        slot: of the period, counted from 0.
        record: the ledger's row.
    """

    snapshot: str
    changed: bool
    slot: int
    record: Record


def write_region(
    cube: CubeStore,
    period: Period,
    region: Rectangle,
    read: PixelReader | None,
    *,
    area_key: str,
    provenance: Provenance,
    progress: Progress | None = None,
) -> RegionCommit:
    """Write a partition: one commit with its pixels and its ledger row, or none if the same inputs are there.

    What the region held before is replaced, also where the new pixels are nodata. Memory holds one shard of one band.

    Args:
        cube: open.
        period: has a slot (see `extend_time`).
        region: whole shards of the cube (see `core.cubes.cube_region.region_of`).
        read: gives the pixels; None = the source has no images, and the region becomes nodata.
        area_key: the area's key.
        provenance: its `inputs_hash` decides whether the partition is already there.
        progress: told after each shard of each band.

    Raises:
        CubeError: the region cuts shards, no slot for the period, shards held by another area, pixels of another
            shape or dtype.
        DiskFullError: no room; the cube's head is what it was, or in plain Zarr the partition is not done.
    """
    check_region(cube.template, region)

    def change(group: zarr.Group) -> tuple[bool, tuple[int, Record]]:
        slot = slot_of(group, cube.template, period)
        found = find_record(group, cube.template, slot, area_key=area_key, region=region)
        if found is not None and _is_current(found, provenance, has_images=read is not None):
            return False, (slot, found)
        begin_row(cube, group, slot, Record(area_key, region, State.FAILED, 0.0, provenance))
        share = _write_pixels(_Target(group, cube.template, slot, region), read, progress)
        record = Record(area_key, region, _state(read, share), share, provenance)
        end_row(cube, group, slot, record)
        return True, (slot, record)

    commit, (slot, record) = cube.change(change, commit_metadata(provenance))
    return RegionCommit(commit.snapshot, commit.changed, slot, record)


def _is_current(found: Record, provenance: Provenance, *, has_images: bool) -> bool:
    states = (State.WRITTEN, State.EMPTY) if has_images else (State.NO_IMAGES,)
    return found.state in states and found.provenance.inputs_hash == provenance.inputs_hash


def _state(read: PixelReader | None, valid_share: float) -> State:
    if read is None:
        return State.NO_IMAGES
    return State.WRITTEN if valid_share > 0 else State.EMPTY


@dataclass(frozen=True)
class _Target:
    """A region of one slot in a writable session; `parts` are its shards, counted from the region's upper left."""

    group: zarr.Group
    template: CubeTemplate
    slot: int
    region: Rectangle

    @property
    def parts(self) -> tuple[Rectangle, ...]:
        rows, columns = self.template.shard_shape
        return tuple(windows(height=self.region.height, width=self.region.width, rows=rows, columns=columns))

    def write(self, array: zarr.Array[Any], part: Rectangle, pixels: NDArray[Any], band: BandEncoding) -> int:
        place = part.shifted(rows=self.region.row_start, columns=self.region.column_start)
        return write_shard(array, self.slot, place, pixels, band)


def _write_pixels(target: _Target, read: PixelReader | None, progress: Progress | None) -> float:
    """Write every band, shard by shard; return the usable share of the values."""
    bands, parts = target.template.bands, target.parts
    counted, valid, done = judged(bands), 0, 0
    for band in bands:
        array = array_at(target.group, band.name)
        for part in parts:
            pixels = nothing(array, part) if read is None else checked(read(band.name, *part.slices), band, part)
            usable = target.write(array, part, pixels, band)
            if read is not None and band in counted:
                valid += usable
            done += 1
            if progress is not None:
                progress(done, len(parts) * len(bands))
    return valid / (target.region.pixels * len(counted))
