"""Pixels on their way into a cube: checked against the band they are for, counted, written.

What does not belong here: where they come from and where they go (`regions`, `shard_writing`).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import zarr
from numpy.typing import NDArray
from zarr.core.buffer import default_buffer_prototype
from zarr.core.sync import sync

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.errors import CubeError
from eo_pipeline.storage.cubes.layout import array_at
from eo_pipeline.storage.cubes.shard_encoding import shard_format

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


def nothing(array: zarr.Array[Any], part: Rectangle) -> NDArray[Any]:
    """What the array reads as where nothing was written, in the size of `part`."""
    return np.full((part.height, part.width), array.fill_value, dtype=array.dtype)


def write_shard(array: zarr.Array[Any], slot: int, shard: Rectangle, pixels: NDArray[Any]) -> None:
    """Write one shard of one slot, whatever it held before; the commit is the caller's.

    Args:
        array: of a band, (time, y, x), open for writing.
        slot: counted from 0.
        shard: its pixels in the cube, one shard of the array, cut where the grid ends.
        pixels: (y, x) of its size and the array's type.
    """
    known = shard_format(array)
    if known is None:
        array[slot, *shard.slices] = pixels
        return
    rows, columns = known.shard
    key = array.metadata.encode_chunk_key((slot, shard.row_start // rows, shard.column_start // columns))
    path, data = f"{array.store_path.path}/{key}", known.encode(pixels)
    store = array.store_path.store
    sync(store.delete(path) if data is None else store.set(path, default_buffer_prototype().buffer.from_bytes(data)))


def clear_pixels(group: zarr.Group, bands: Sequence[BandEncoding], slot: int, region: Rectangle) -> None:
    """Write fill over a region of one slot, whole shards: none of it is stored then; the commit is the caller's."""
    for band in bands:
        array = array_at(group, band.name)
        array[slot, *region.slices] = array.fill_value
