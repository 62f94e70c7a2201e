"""A tile in another CRS as pixels of the mosaic: classes and counts as they are, continuous bands resampled.

Does not belong here: which tiles are warped, and the warper's options (storage.warped_rasters).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.storage.raster_handles import RasterHandles
from eo_pipeline.storage.warped_rasters import WarpedRaster

_INTERPOLATING = ("bilinear", "cubic")
"""What also computes a value where the tile has none, from its neighbours."""


@dataclass(frozen=True)
class WarpedBands:
    """Which bands of a tile are read, and how.

    Attributes:
        numbers: of the bands in the tile, counted from 1.
        bands: their encodings; all of one dtype and one nodata, which is a number.
        resampling: of the continuous ones.
    """

    numbers: Sequence[int]
    bands: Sequence[BandEncoding]
    resampling: str

    def read(self, handles: RasterHandles, tile: WarpedRaster, window: Rectangle, into: NDArray[Any]) -> None:
        """Read a window of the target.

        A pixel that lies in a pixel of the tile without a value has none, unless it is the average of several.

        Args:
            handles: that the tile is read through.
            tile: on the target, nearest pixels.
            window: rows and columns of the target.
            into: (band, y, x) of the window's size.

        Raises:
            TilesError: the tile's pixels cannot be read; names it.
        """
        handles.read(tile, window, self.numbers, into)
        mixed = [index for index, band in enumerate(self.bands) if band.kind == "continuous"]
        if not mixed or self.resampling == "nearest":
            return
        pixels = np.empty((len(mixed), window.height, window.width), into.dtype)
        handles.read(tile.resampled(self.resampling), window, [self.numbers[index] for index in mixed], pixels)
        for index, computed in zip(mixed, pixels, strict=True):
            if self.resampling in _INTERPOLATING:
                np.copyto(into[index], computed, where=~self.bands[index].is_nodata(into[index]))
            else:
                into[index] = computed
