"""Windows of several rasters put together, as if they were one.

Does not belong here: opening files (see raster_handles), and writing what is put together (see steps.mosaics).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.headers import RasterHeader
from eo_pipeline.core.kernels.compose import cover
from eo_pipeline.core.mosaics import MosaicPlan, Placement
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.storage.raster_handles import RasterHandles


def read_together(
    handles: RasterHandles,
    headers: Mapping[Path, RasterHeader],
    plan: MosaicPlan,
    window: Rectangle,
    bands: Sequence[BandEncoding],
    *,
    empty: float,
    dtype: DTypeLike,
) -> NDArray[Any]:
    """Stored numbers (band, y, x) of a window of several rasters put together; the first that has a value wins.

    Args:
        handles: through which they are read.
        headers: the rasters, in the order of the plan's indices.
        plan: where they lie on a common grid.
        window: rows and columns of the common grid; may reach beyond it.
        bands: what to read.
        empty: the number where no raster has a value.
        dtype: of the result; holds the bands' numbers and `empty`.

    Raises:
        TilesError: pixels cannot be read; names the file.
    """
    placements = plan.within(window)
    if len(placements) == 1 and placements[0].source.pixels == window.pixels:
        return _read(handles, headers, placements[0], bands).astype(dtype, copy=False)
    pixels = np.full((len(bands), window.height, window.width), empty, dtype=dtype)
    for placement in reversed(placements):
        read = _read(handles, headers, placement, bands)
        for below, above, band in zip(pixels, read, bands, strict=True):
            cover(below[placement.destination.slices], above, band.mark)
    return pixels


def _read(
    handles: RasterHandles,
    headers: Mapping[Path, RasterHeader],
    placement: Placement,
    bands: Sequence[BandEncoding],
) -> NDArray[Any]:
    path, header = list(headers.items())[placement.tile]
    read = np.empty((len(bands), placement.source.height, placement.source.width), header.dtype)
    handles.read(path, placement.source, header.band_numbers(bands), read)
    return read
