"""A part of a cube's slot, small enough for a picture. What does not belong here: drawing it, and writing cubes."""

import math

import numpy as np

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.pictures import Values
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.storage.cubes import StoredSlots

MAX_PX = 320
"""Longest side of the picture."""


def look_at_region(
    slots: StoredSlots, slot: int, region: Rectangle, band: BandEncoding, *, side: int = MAX_PX
) -> Values:
    """Physical values (y, x) of a band, every n-th pixel, masked where there is none. Memory holds one shard.

    Args:
        slots: of the cube.
        slot: counted from 0.
        region: pixels of the cube.
        band: of the cube.
        side: longest side in pixels.

    Raises:
        StorageError: the storage cannot be reached.
    """
    step = max(1, math.ceil(max(region.height, region.width) / side))
    shape = (math.ceil(region.height / step), math.ceil(region.width / step))
    seen = np.ma.masked_all(shape, np.float64)
    for shard in slots.written(slot):
        part = shard.intersection(region)
        if part is None:
            continue
        top, left = (
            -(-start // step) for start in (part.row_start - region.row_start, part.column_start - region.column_start)
        )
        stored = slots.read(band.name, slot, part)
        taken = stored[
            top * step - (part.row_start - region.row_start) :: step,
            left * step - (part.column_start - region.column_start) :: step,
        ]
        physical = taken.astype(np.float64) * band.scale + band.offset
        rows, columns = slice(top, top + taken.shape[0]), slice(left, left + taken.shape[1])
        seen[rows, columns] = np.ma.MaskedArray(physical, mask=~band.is_valid(taken))
    return seen
