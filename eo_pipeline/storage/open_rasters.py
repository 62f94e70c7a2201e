"""Rasters that stay open while many windows are read from them.

Does not belong here: opening for one read (see rasters), and which windows are read.
"""

import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.windows import Window

from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.storage.rasters import GDAL_ERRORS, unreadable


class OpenRasters:
    """Datasets that are opened at their first use, one a thread and file, and closed together."""

    def __init__(self) -> None:
        """Nothing is open."""
        self._own = threading.local()
        self._all: list[Any] = []
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        """As a context, so that everything is closed."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close every dataset; no thread may read any more."""
        for dataset in self._all:
            dataset.close()

    def read(self, path: Path, rectangle: Rectangle, bands: Sequence[int]) -> NDArray[Any]:
        """Read stored numbers as (band, y, x) from a rectangle that lies inside the raster.

        Args:
            path: a local raster.
            rectangle: the raster's own rows and columns.
            bands: band numbers counted from 1.

        Raises:
            TilesError: these pixels cannot be read; names the file.
        """
        window = Window(rectangle.column_start, rectangle.row_start, rectangle.width, rectangle.height)
        try:
            return np.asarray(self._dataset(path).read(list(bands), window=window))
        except GDAL_ERRORS as error:
            raise unreadable(path, error) from error

    def _dataset(self, path: Path) -> Any:
        mine: dict[str, Any] = self._own.__dict__
        if str(path) not in mine:
            mine[str(path)] = rasterio.open(path, sharing=False)
            with self._lock:
                self._all.append(mine[str(path)])
        return mine[str(path)]
