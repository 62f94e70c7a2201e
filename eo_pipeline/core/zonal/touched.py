"""Pixels that zones touch, as GDAL burns them (ALL_TOUCHED): each zone on its own window, once, until it closes.

Does not belong here: the rule of centres (see core.kernels.centres), which is quicker.
"""

import threading
from collections.abc import Sequence

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from rasterio.features import rasterize
from shapely.geometry.base import BaseGeometry

from eo_pipeline.core.kernels.masks import cut_runs, mask_runs
from eo_pipeline.core.kernels.records import Ints, Runs
from eo_pipeline.core.zonal.blocks import Block

MAX_PIXELS = 2**26
"""Pixels that are burned at once; a zone with more of them is burned by rows."""


class TouchedPixels:
    """Burns zones of one grid when a block first holds them, and keeps their runs for the other blocks that do."""

    def __init__(self, shapes: Sequence[BaseGeometry], windows: Ints, grid: GeoBox) -> None:
        """Nothing is burned yet.

        Args:
            shapes: valid polygons in the grid's CRS, one a zone.
            windows: (zone, 4) row start, column start, row stop, column stop on the grid.
            grid: with the affine of the pixels.
        """
        self._shapes, self.windows, self._grid = shapes, windows, grid
        self._burned: dict[int, tuple[Ints, Ints]] = {}
        self._lock = threading.Lock()

    def runs(self, block: Block) -> Runs:
        """The pixels of the block's zones; called from several threads."""
        parts = [self._cut(zone, block.bounds) for zone in block.zones.tolist()]
        offsets = np.cumsum([0, *(len(starts) for starts, _ in parts)])
        starts = np.concatenate([starts for starts, _ in parts])
        lengths = np.concatenate([lengths for _, lengths in parts])
        return Runs(offsets, starts, lengths, np.ones(starts.size))

    def forget(self, zones: Ints) -> None:
        """No block will hold these zones any more."""
        with self._lock:
            for zone in zones.tolist():
                self._burned.pop(zone, None)

    def _cut(self, zone: int, bounds: Ints) -> tuple[Ints, Ints]:
        window = self.windows[zone]
        with self._lock:
            burned = self._burned.get(zone)
        if burned is None:
            burned = self._burn(zone)
            if (window[:2] < bounds[:2]).any() or (window[2:] > bounds[2:]).any():
                with self._lock:
                    self._burned[zone] = burned
        return cut_runs(burned[0], burned[1], window, bounds)

    def _burn(self, zone: int) -> tuple[Ints, Ints]:
        """Runs of a zone in its own window."""
        top, left, bottom, right = self.windows[zone].tolist()
        rows = max(1, MAX_PIXELS // (right - left))
        parts = [self._mask(zone, start, min(start + rows, bottom)) for start in range(top, bottom, rows)]
        found = [mask_runs(part, (number * rows) * (right - left)) for number, part in enumerate(parts)]
        return np.concatenate([starts for starts, _ in found]), np.concatenate([lengths for _, lengths in found])

    def _mask(self, zone: int, top: int, bottom: int) -> NDArray[np.uint8]:
        _, left, _, right = self.windows[zone].tolist()
        affine = self._grid.affine
        x, y = affine @ (left, top)
        mask: NDArray[np.uint8] = rasterize(
            [(self._shapes[zone], 1)],
            out_shape=(bottom - top, right - left),
            transform=Affine(affine.a, affine.b, x, affine.d, affine.e, y),
            dtype="uint8",
            all_touched=True,
        )
        return mask
