"""Which pixels zones hold, by the rule that was asked for.

Does not belong here: how a rule is computed (see core.kernels), and reading pixels.
"""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import shapely
from odc.geo.geobox import GeoBox
from shapely.geometry.base import BaseGeometry

from eo_pipeline.core.kernels.centres import centre_runs
from eo_pipeline.core.kernels.coverage import cover_runs
from eo_pipeline.core.kernels.records import Ints, Runs
from eo_pipeline.core.zonal.blocks import Block
from eo_pipeline.core.zonal.held import HeldPixels
from eo_pipeline.core.zonal.measures import Rule
from eo_pipeline.core.zonal.outlines import outlines_of, zone_windows
from eo_pipeline.core.zonal.shapes import Kind
from eo_pipeline.core.zonal.touched import TouchedPixels


class ZonePixels(Protocol):
    """The pixels of many zones.

    Attributes:
        windows: (zone, 4) row start, column start, row stop, column stop on the grid that hold each zone's pixels.
    """

    windows: Ints

    def runs(self, block: Block) -> Runs:
        """The pixels of the block's zones that lie in it; called from several threads."""

    def forget(self, zones: Ints) -> None:
        """No block will hold these zones any more."""


class PolygonPixels:
    """Pixels by the place of their centre, or by the share that a zone covers; nothing is kept between blocks."""

    def __init__(self, shapes: Sequence[BaseGeometry], grid: GeoBox, *, fractional: bool) -> None:
        """Valid polygons in the grid's CRS, one a zone; empty ones have no pixel."""
        self._outlines = outlines_of(shapes, grid)
        self._fractional = fractional
        self.windows = self._outlines.windows

    def runs(self, block: Block) -> Runs:
        """The pixels of the block's zones that lie in it."""
        found = cover_runs if self._fractional else centre_runs
        return found(self._outlines, block.zones, block.bounds)

    def forget(self, zones: Ints) -> None:
        """There is nothing to forget."""


def pixels_of(rule: Rule, kind: Kind, shapes: Sequence[BaseGeometry], grid: GeoBox) -> ZonePixels:
    """The pixels of valid zones in a grid's CRS; empty ones have no pixel. The rule is one for polygons."""
    if kind != "polygons":
        return HeldPixels(shapes, grid)
    if rule is not Rule.ALL_TOUCHED:
        return PolygonPixels(shapes, grid, fractional=rule is Rule.FRACTIONAL)
    return TouchedPixels(shapes, zone_windows(shapely.bounds(np.array(shapes, dtype=object)), grid), grid)
