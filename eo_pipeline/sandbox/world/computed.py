"""A band that is computed where it is read, as a band source. What does not belong here: what it shows, metadata.

Levels (docs/sandbox_world.md): samples are exact at every level; means are exact up to level 3, and beyond that
the world evaluated at the coarser pixels' centres without detail finer than they are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from eo_pipeline.sandbox.catalog.pyramid import Box, Pixels, check_window, read_level
from eo_pipeline.sandbox.graph.crs import is_geographic
from eo_pipeline.sandbox.graph.grids import Projection
from eo_pipeline.sandbox.graph.pixel_types import PixelType
from eo_pipeline.sandbox.world.frames import Frame

Pyramiding = Literal["mean", "sample"]

_EXACT_LEVELS = 3
_STRIP_PIXELS = 1 << 20
_METRES_PER_DEGREE = 111_320.0


@dataclass(frozen=True)
class ComputedBand:
    """A band source whose pixels are a function of place.

    Attributes:
        projection: native lattice; square pixels, north up.
        dimensions: (width, height) of level 0.
        pixel_type: type of the pixels.
        pyramiding: how levels are made.
        evaluate: pixels on a frame of the projection's CRS and their mask, True where valid.
    """

    projection: Projection
    dimensions: tuple[int, int]
    pixel_type: PixelType
    pyramiding: Pyramiding
    evaluate: Callable[[Frame], Pixels]

    def read(self, level: int, x: int, y: int, width: int, height: int) -> Pixels:
        """See BandSource.read.

        Raises:
            ValueError: the window leaves the level.
        """
        box = Box(x, y, width, height)
        if self.pyramiding == "mean" and level <= _EXACT_LEVELS:
            return read_level(self._native, self.dimensions, "mean", level, box)
        check_window(self.dimensions, level, box)
        return self._evaluated(self._sampled(level, box) if self.pyramiding == "sample" else self._coarse(level, box))

    def _native(self, box: Box) -> Pixels:
        return self._evaluated(self._sampled(0, box))

    def _sampled(self, level: int, box: Box) -> Frame:
        """The centres of the native pixels at the upper left of each block."""
        native, _, west, _, _, north = self.projection.transform
        side = native * 2**level
        x, y = west + box.x * side + native / 2, north - box.y * side - native / 2
        return Frame(self.projection.crs, x, y, side, box.width, box.height, self._metres(native))

    def _coarse(self, level: int, box: Box) -> Frame:
        """The centres of the level's own pixels."""
        native, _, west, _, _, north = self.projection.transform
        side = native * 2**level
        x, y = west + (box.x + 0.5) * side, north - (box.y + 0.5) * side
        return Frame(self.projection.crs, x, y, side, box.width, box.height, self._metres(side))

    def _metres(self, side: float) -> float:
        return side * _METRES_PER_DEGREE if is_geographic(self.projection.crs) else side

    def _evaluated(self, frame: Frame) -> Pixels:
        data = np.empty((frame.height, frame.width), self.pixel_type.dtype)
        mask = np.empty(data.shape, bool)
        rows = max(1, _STRIP_PIXELS // frame.width)
        for first in range(0, frame.height, rows):
            last = min(first + rows, frame.height)
            values, mask[first:last] = self.evaluate(frame.rows_between(first, last))
            data[first:last] = np.where(mask[first:last], values, 0)
        return data, mask
