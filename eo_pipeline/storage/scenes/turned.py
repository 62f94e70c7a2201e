"""Open files as their readers want them: north up from -180 to 180 degrees, and physical values where these are wanted.

What does not belong here: how a grid is turned (`core.scenes.turning`).
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from rasterio.windows import Window

from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.core.scenes.fusing import has_value
from eo_pipeline.core.scenes.scene import SceneBand
from eo_pipeline.core.scenes.turning import Turning, turning_of

DECODED = "float64"
"""Type of physical values."""


class TurnedRaster:
    """One band of a dataset; reads as rasterio's datasets do.

    Args:
        dataset: open; has `crs`, `dtypes` and `read(index, window=)` of rasterio.
        band: of it.
        turning: of its grid.
    """

    def __init__(self, dataset: Any, band: SceneBand, turning: Turning) -> None:
        self._dataset, self._band, self._turning = dataset, band, turning
        self.crs, self.transform = dataset.crs, turning.geobox.affine
        self.height, self.width = turning.geobox.shape
        self.shape = (self.height, self.width)
        types = list(dataset.dtypes)
        if band.packed is not None:
            types[band.index - 1] = DECODED
        self.dtypes = tuple(types)

    def read(self, index: int, *, window: Window) -> NDArray[Any]:
        """Pixels (y, x) of a window inside the grid."""
        rows, columns = (
            (window.row_off, window.row_off + window.height),
            (window.col_off, window.col_off + window.width),
        )
        into = np.empty((window.height, window.width), self._dataset.dtypes[index - 1])
        for source, part in self._turning.pieces(Rectangle(rows[0], columns[0], rows[1], columns[1])):
            stored = self._dataset.read(
                index, window=Window(source.column_start, source.row_start, source.width, source.height)
            )
            into[:, part] = stored[::-1] if self._turning.upside_down else stored
        return into if self._band.packed is None else _decoded(into, self._band)


def turned(dataset: Any, band: SceneBand) -> Any:
    """The dataset, or a view of it if its pixels are to be turned or decoded."""
    turning = turning_of(GeoBox.from_rio(dataset))
    is_plain = not turning.changes and turning.geobox.affine == dataset.transform
    return dataset if is_plain and band.packed is None else TurnedRaster(dataset, band, turning)


def _decoded(stored: NDArray[Any], band: SceneBand) -> NDArray[Any]:
    packing = band.packed
    if packing is None:
        return stored
    values = stored.astype(DECODED) * packing.scale + packing.offset
    return values if packing.nodata is None else np.where(has_value(stored, packing.nodata), values, np.nan)
