"""Rasters as a coarse grid shows them: a few of their pixels, read decimated. Not here: copying (`copying`)."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from rasterio.windows import Window

from eo_pipeline.core.mosaics.plan import Placement


def look_at(dataset: Any, placement: Placement, times: int, into: NDArray[Any], *, index: int) -> None:
    """Copy stored numbers into pixels so many times larger, each one of the pixels near its middle.

    GDAL takes them from the overview that is fine enough, if the file has any.

    Args:
        dataset: open.
        placement: of its pixels on the fine grid.
        times: fine pixels along a coarse one.
        into: (y, x) of the coarse grid; only pixels whose middle lies in the placement are written.
        index: band number, from 1.
    """
    source, place = placement.source, placement.destination
    rows = _middles(place.row_start, place.row_stop, times)
    columns = _middles(place.column_start, place.column_stop, times)
    height, width = -(-source.height // times), -(-source.width // times)
    window = Window(source.column_start, source.row_start, source.width, source.height)
    read = dataset.read(index, window=window, out_shape=(height, width))
    down = _nearest(rows, place.row_start, times, size=source.height, count=height)
    across = _nearest(columns, place.column_start, times, size=source.width, count=width)
    into[rows, columns] = read[down][:, across]


def _middles(start: int, stop: int, times: int) -> slice:
    """The coarse pixels whose middle, a fine pixel, lies in a range of fine ones."""
    half = times // 2
    return slice(-(-(start - half) // times), -(-(stop - half) // times))


def _nearest(wanted: slice, start: int, times: int, *, size: int, count: int) -> NDArray[np.intp]:
    """Of `count` pixels that were read of `size` fine ones, those that hold the middles of coarse pixels."""
    middles = np.arange(wanted.start, wanted.stop) * times + times // 2 - start
    return np.asarray((middles + 0.5) * count / size, np.intp)
