"""Pixels on their way into a cube: checked against the band they are for, counted, written.

What does not belong here: where they come from and where they go (`regions`, `shard_writing`).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import zarr
from icechunk import IcechunkStore
from numpy.typing import NDArray
from zarr.abc.store import Store
from zarr.core.buffer import default_buffer_prototype
from zarr.core.sync import sync
from zarr.storage import LocalStore

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.errors import CubeError
from eo_pipeline.storage.cubes.layout import array_at
from eo_pipeline.storage.cubes.shard_encoding import ShardFormat, shard_format

_ROWS = 64
_KEPT = 64 * 1024
"""Bytes up to which a repository may hold what is stored in its manifests; Icechunk's own limit is 512."""


def judged(bands: Sequence[BandEncoding]) -> tuple[BandEncoding, ...]:
    """The bands whose usable share is counted: all but counts, or all where there is nothing else."""
    return tuple(band for band in bands if band.kind != "count") or tuple(bands)


def checked(pixels: NDArray[Any], band: BandEncoding, part: Rectangle) -> NDArray[Any]:
    """The same pixels, if they are those of a band in the size of `part`.

    Raises:
        CubeError: another shape or dtype.
    """
    if pixels.shape != (part.height, part.width) or pixels.dtype != np.dtype(band.dtype):
        raise CubeError(
            f"Expected {part.height} x {part.width} pixels of {band.dtype} for {band.name}, got "
            f"{' x '.join(map(str, pixels.shape))} of {pixels.dtype}; encode the band as the cube's template says."
        )
    return pixels


def count_valid(pixels: NDArray[Any], band: BandEncoding) -> int:
    """How many of (y, x) are usable, some rows at a time: what is made on the way stays in the processor's cache."""
    parts = (pixels[start : start + _ROWS] for start in range(0, len(pixels), _ROWS))
    return sum(int(np.count_nonzero(band.is_valid(part))) for part in parts)


def nothing(array: zarr.Array[Any], part: Rectangle) -> NDArray[Any]:
    """What the array reads as where nothing was written, in the size of `part`."""
    return np.full((part.height, part.width), array.fill_value, dtype=array.dtype)


def write_shard(array: zarr.Array[Any], slot: int, shard: Rectangle, pixels: NDArray[Any], band: BandEncoding) -> int:
    """Write one shard of one slot, whatever it held before; the commit is the caller's.

    Args:
        array: of the band, (time, y, x), open for writing.
        slot: counted from 0.
        shard: its pixels in the cube, one shard of the array, cut where the grid ends.
        pixels: (y, x) of its size and the array's type.
        band: tells which pixels are usable.

    Returns:
        How many are.
    """
    known = shard_format(array)
    if known is None:
        array[slot, *shard.slices] = pixels
        return count_valid(pixels, band)
    return write_encoded(array.store_path.store, known.key(slot, shard), known, pixels, band)


def write_encoded(store: Store, key: str, known: ShardFormat, pixels: NDArray[Any], band: BandEncoding) -> int:
    """As `write_shard`, to a shard's key in a store, in a format that is known: nothing is read."""
    counts: list[int] = []
    _store(store, key, known.encode(pixels, lambda part: counts.append(int(np.count_nonzero(band.is_valid(part))))))
    return sum(counts)


def _store(store: Store, key: str, data: memoryview | None) -> None:
    """Store bytes that change when the next shard is encoded, or nothing.

    Small ones are kept by Icechunk in its session as they are given, all by stores in memory: those get a copy.
    """
    if data is None:
        sync(store.delete(key))
        return
    is_written = isinstance(store, IcechunkStore | LocalStore) and len(data) > _KEPT
    buffer = default_buffer_prototype().buffer
    sync(store.set(key, buffer.from_array_like(np.frombuffer(data if is_written else bytes(data), np.uint8))))


def clear_pixels(group: zarr.Group, bands: Sequence[BandEncoding], slot: int, region: Rectangle) -> None:
    """Write fill over a region of one slot, whole shards: none of it is stored then; the commit is the caller's."""
    for band in bands:
        array = array_at(group, band.name)
        array[slot, *region.slices] = array.fill_value
