"""Which pixels zones hold, by the rule that was asked for.

Does not belong here: how a rule is computed (see core.kernels), and reading pixels.
"""

from collections.abc import Sequence
from typing import Protocol

from odc.geo.geobox import GeoBox
from shapely.geometry.base import BaseGeometry

from eo_pipeline.core.kernels.centres import centre_runs
from eo_pipeline.core.kernels.coverage import cover_runs
from eo_pipeline.core.kernels.records import Ints, Runs
from eo_pipeline.core.kernels.touched import touched_runs
from eo_pipeline.core.zonal.blocks import Block
from eo_pipeline.core.zonal.held import HeldPixels
from eo_pipeline.core.zonal.measures import Rule
from eo_pipeline.core.zonal.outlines import outlines_of
from eo_pipeline.core.zonal.shapes import Kind

_KERNELS = {Rule.CENTER: centre_runs, Rule.ALL_TOUCHED: touched_runs, Rule.FRACTIONAL: cover_runs}


class ZonePixels(Protocol):
    """The pixels of many zones.

    Attributes:
        windows: (zone, 4) row start, column start, row stop, column stop on the grid that hold each zone's pixels.
    """

    windows: Ints

    def runs(self, block: Block) -> Runs:
        """The pixels of the block's zones that lie in it; called from several threads."""


class PolygonPixels:
    """The pixels of polygons; they are computed block by block, and nothing is kept between blocks."""

    def __init__(self, rule: Rule, shapes: Sequence[BaseGeometry], grid: GeoBox) -> None:
        """Valid polygons in the grid's CRS, one a zone; empty ones have no pixel."""
        self._outlines = outlines_of(shapes, grid)
        self._found = _KERNELS[rule]
        self.windows = self._outlines.windows

    def runs(self, block: Block) -> Runs:
        """The pixels of the block's zones that lie in it."""
        return self._found(self._outlines, block.zones, block.bounds)


def pixels_of(rule: Rule, kind: Kind, shapes: Sequence[BaseGeometry], grid: GeoBox) -> ZonePixels:
    """The pixels of valid zones in a grid's CRS; empty ones have no pixel. The rule is one for polygons."""
    if kind != "polygons":
        return HeldPixels(shapes, grid)
    return PolygonPixels(rule, shapes, grid)
