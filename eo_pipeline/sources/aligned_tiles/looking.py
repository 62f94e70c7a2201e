"""Tiles as a coarse grid shows them: a few of their pixels, read decimated. Not here: copying (`shards`)."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rasterio.windows import Window

from eo_pipeline.core.mosaics.plan import Placement
from eo_pipeline.core.scenes.scene import SceneBand
from eo_pipeline.storage.scenes.scene_files import opened


def look_at_tile(
    href: str, numbers: tuple[int, ...], placement: Placement, times: int, options: Mapping[str, str]
) -> tuple[slice, slice, NDArray[Any]]:
    """Stored numbers of a tile in pixels so many times larger, each one of the pixels near its middle.

    GDAL takes them from the overview that is fine enough, if the file has any.

    Args:
        href: of the tile.
        numbers: of bands, from 1.
        placement: of the tile's pixels on the fine grid.
        times: fine pixels along a coarse one.
        options: GDAL's.

    Returns:
        Rows and columns of the coarse grid whose middle lies in the tile, none perhaps, and (band, y, x) of them.

    Raises:
        UnreadableError: the tile cannot be read.
    """
    source, place = placement.source, placement.destination
    rows = _middles(place.row_start, place.row_stop, times)
    columns = _middles(place.column_start, place.column_stop, times)
    height, width = -(-source.height // times), -(-source.width // times)
    window = Window(source.column_start, source.row_start, source.width, source.height)
    with opened(SceneBand(href, max(numbers)), options) as dataset:
        read = dataset.read(list(numbers), window=window, out_shape=(len(numbers), height, width))
    down = _nearest(rows, place.row_start, times, size=source.height, count=height)
    across = _nearest(columns, place.column_start, times, size=source.width, count=width)
    return rows, columns, read[:, down][:, :, across]


def _middles(start: int, stop: int, times: int) -> slice:
    """The coarse pixels whose middle, a fine pixel, lies in a range of fine ones."""
    half = times // 2
    return slice(-(-(start - half) // times), -(-(stop - half) // times))


def _nearest(wanted: slice, start: int, times: int, *, size: int, count: int) -> NDArray[np.intp]:
    """Of `count` pixels that were read of `size` fine ones, those that hold the middles of coarse pixels."""
    middles = np.arange(wanted.start, wanted.stop) * times + times // 2 - start
    return np.asarray((middles + 0.5) * count / size, np.intp)
