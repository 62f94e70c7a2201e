"""Which parts of a cube hold pixels of scenes, by the grids of their files: to the pixel, not to an outline's corners.

What does not belong here: outlines that archives draw (`places`), and which bands are read.
"""

import shapely
from odc.geo.geobox import GeoBox
from shapely.geometry.base import BaseGeometry

from eo_pipeline.core.mosaics.warping import chord_error, footprint
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.errors import GridMismatchError

CENTRES = -0.5
"""Pixels from a part's edge to the centres of its outermost pixels: a file gives the pixels whose centre it holds."""
_ROUNDING = 0.02
"""Pixels by which lattices, and places in two CRSs, may miss each other."""
_SAFELY = 2
"""Times the error that was found between chords and an edge."""


class Ground:
    """A cube's grid, to ask of many files which of its parts hold pixels of theirs.

    Args:
        geobox: the grid.
    """

    def __init__(self, geobox: GeoBox) -> None:
        self._geobox = geobox
        self._outlines: dict[GeoBox, BaseGeometry | None] = {}

    def holds(self, grid: GeoBox, part: Rectangle, *, reach: float = CENTRES) -> bool:
        """Whether a file's ground comes within so many pixels of a part, or inside by as many where that is negative.

        Never False where it does; True also where it misses by no more than its outline may be wrong, which is mostly a
        few hundredths of a pixel, or if its outline cannot be brought onto the grid.

        Args:
            grid: of the file.
            part: pixels of the cube.
            reach: pixels around it; by default the part's centres count.
        """
        if grid not in self._outlines:
            self._outlines[grid] = self._outline(grid)
        outline = self._outlines[grid]
        if outline is None:
            return True
        box = shapely.box(
            part.column_start - reach, part.row_start - reach, part.column_stop + reach, part.row_stop + reach
        )
        return bool(shapely.intersects(outline, box))

    def _outline(self, grid: GeoBox) -> BaseGeometry | None:
        """The file's outline in columns and rows of the cube, as wide as it may be; None if it cannot be told."""
        error = chord_error(grid, self._geobox)
        if error > max(self._geobox.shape):
            return None
        try:
            outline = footprint(grid, self._geobox).buffer(_ROUNDING + _SAFELY * error, join_style="mitre")
        except GridMismatchError:
            return None
        shapely.prepare(outline)
        return outline
