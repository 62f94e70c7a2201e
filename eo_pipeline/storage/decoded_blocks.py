"""Windows of a GeoTIFF from its compressed blocks, without GDAL: faster in threads, and checksums of deflate count.

GDAL takes damaged deflate for pixels where enough bytes come out of it. Does not belong here: files whose blocks are
laid out in other ways, which GDAL reads (see raster_handles).
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.storage.cogs.encoding import Encoding
from eo_pipeline.storage.cogs.raw_blocks import BlockFormat, RawBlocks
from eo_pipeline.storage.scratch import Scratch

_PREDICTORS = {"u": (1, 2), "i": (1, 2), "f": (1, 3)}
"""TIFF's numbers of those that are undone here, by the kind of pixels."""


def read_blocks(
    blocks: RawBlocks, rectangle: Rectangle, bands: Sequence[int], into: NDArray[Any], scratch: Scratch
) -> bool:
    """Read stored numbers of a rectangle that lies inside the raster, if its blocks are all there in a known format.

    Args:
        blocks: of the file.
        rectangle: its own rows and columns.
        bands: numbers counted from 1.
        into: (band, y, x) of the rectangle's size.
        scratch: memory for a block.

    Returns:
        Whether it was read; if not, `into` may hold anything.

    Raises:
        StorageError: a block is damaged.
    """
    encoding = _encoding(blocks.format, into.dtype)
    if encoding is None:
        return False
    whole = tuple(bands) == tuple(range(1, encoding.shape[2] + 1))
    for block in _blocks(rectangle, encoding.shape[0]):
        there = block.intersection(Rectangle(0, 0, *blocks.shape))
        data = None if there is None else blocks.read(there)
        shared = block.intersection(rectangle)
        if data is None or shared is None:
            return False
        inside = shared.shifted(rows=-block.row_start, columns=-block.column_start)
        target = shared.shifted(rows=-rectangle.row_start, columns=-rectangle.column_start)
        pixels = encoding.decode(data, scratch)
        if whole:
            into[:, *target.slices] = pixels[:, *inside.slices]
            continue
        for band, number in zip(into, bands, strict=True):
            band[target.slices] = pixels[number - 1][inside.slices]
    return True


def _encoding(block_format: BlockFormat | None, dtype: np.dtype[Any]) -> Encoding | None:
    if block_format is None or block_format.dtype != dtype.name:
        return None
    if block_format.predictor not in _PREDICTORS[dtype.kind]:
        return None
    shape = (block_format.block, block_format.block, block_format.bands)
    return Encoding(block_format.compression, 0, block_format.predictor, dtype.newbyteorder("<"), shape)


def _blocks(rectangle: Rectangle, size: int) -> Iterator[Rectangle]:
    """Whole blocks that a rectangle touches; those at the raster's edge reach beyond it."""
    for row in range(rectangle.row_start // size * size, rectangle.row_stop, size):
        for column in range(rectangle.column_start // size * size, rectangle.column_stop, size):
            yield Rectangle(row, column, row + size, column + size)
