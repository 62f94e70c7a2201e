"""Pixels on their way into a cube: checked against the band they are for, counted, written.

What does not belong here: where they come from and where they go (`shard_writing`).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import zarr
from numpy.typing import NDArray

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.errors import CubeError
from eo_pipeline.storage.cubes.layout import array_at
from eo_pipeline.storage.cubes.shard_encoding import ShardFormat, shard_format
from eo_pipeline.storage.cubes.write_behind import WriteBehind, put

_ROWS = 64


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
    data, valid = _encoded(known, pixels, band, "shard")
    put(array.store_path.store, known.key(slot, shard), data)
    return valid


def write_encoded(behind: WriteBehind, key: str, known: ShardFormat, pixels: NDArray[Any], band: BandEncoding) -> int:
    """As `write_shard`, to a shard's key, in a format that is known: nothing is read, and it is stored meanwhile."""
    data, valid = _encoded(known, pixels, band, behind.room)
    behind.put(key, data)
    return valid


def _encoded(known: ShardFormat, pixels: NDArray[Any], band: BandEncoding, room: str) -> tuple[memoryview | None, int]:
    """A shard's bytes in a named piece of scratch memory, and how many pixels are usable."""
    counts: list[int] = []
    data = known.encode(pixels, room, lambda part: counts.append(int(np.count_nonzero(band.is_valid(part)))))
    return data, sum(counts)


def clear_pixels(group: zarr.Group, bands: Sequence[BandEncoding], slot: int, region: Rectangle) -> None:
    """Write fill over a region of one slot, whole shards: none of it is stored then; the commit is the caller's."""
    for band in bands:
        array = array_at(group, band.name)
        array[slot, *region.slices] = array.fill_value
