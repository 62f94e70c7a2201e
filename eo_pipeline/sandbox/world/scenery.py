"""Surfaces and skies of windows, kept while bands and dates are read. What does not belong here: encoding to bands."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

import numpy as np

from eo_pipeline.sandbox.world.cache import PixelCache
from eo_pipeline.sandbox.world.coast import Coast
from eo_pipeline.sandbox.world.frames import Frame
from eo_pipeline.sandbox.world.orbits import Pass
from eo_pipeline.sandbox.world.relief import ground_heights
from eo_pipeline.sandbox.world.sky import Sky, sky_of
from eo_pipeline.sandbox.world.surface import Surface, surface_of
from eo_pipeline.sandbox.world.tiles import Tile, wrapped
from eo_pipeline.sandbox.world.wrs import Row

Ground = tuple[np.ndarray, np.ndarray]
"""True on land, and height in metres, float32, both (row, column)."""

Measured = tuple[np.ndarray, np.ndarray, np.ndarray]
"""What a radiometer measured in some days, see ModisSpan.temperature."""

_KEPT_PIXELS = 12_000_000
"""Of each kind; a surface takes 23 bytes a pixel, a sky 17, land and height 5, what is measured 12."""


@dataclass(frozen=True)
class Scenery:
    """The ground and the sky, evaluated once a window.

    Attributes:
        coast: where land is.
    """

    coast: Coast
    _surfaces: PixelCache[Surface] = field(default_factory=lambda: PixelCache(_KEPT_PIXELS), repr=False)
    _skies: PixelCache[Sky] = field(default_factory=lambda: PixelCache(_KEPT_PIXELS), repr=False)

    _measured: PixelCache[Measured] = field(default_factory=lambda: PixelCache(_KEPT_PIXELS), repr=False)
    _heights: PixelCache[Ground] = field(default_factory=lambda: PixelCache(_KEPT_PIXELS), repr=False)

    _on_land: dict[Tile | Row, bool] = field(default_factory=dict, repr=False)

    def has_land(self, place: Tile | Row) -> bool:
        """True if there is land in a tile or a row."""
        if place not in self._on_land:
            self._on_land[place] = self.coast.touches(wrapped(place.outline))
        return self._on_land[place]

    def ground(self, frame: Frame) -> Ground:
        """Land and its height for a frame of EPSG:4326."""
        size = frame.width * frame.height
        return self._heights.get(frame, size, lambda: (self.coast.is_land(frame), ground_heights(frame)))

    def measured(self, key: Hashable, size: int, make: Callable[[], Measured]) -> Measured:
        """Measurements of a frame and days, made if they are not kept; see PixelCache.get."""
        return self._measured.get(key, size, make)

    def surface(self, frame: Frame) -> Surface:
        """The ground of a frame."""
        return self._surfaces.get(frame, frame.width * frame.height, lambda: surface_of(frame, self.coast))

    def sky(self, frame: Frame, one: Pass) -> Sky:
        """The sky of a pass over a frame."""
        return self._skies.get((frame, one), frame.width * frame.height, lambda: sky_of(frame, one))
