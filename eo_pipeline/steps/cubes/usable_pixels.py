"""Which pixels of scenes are usable: the mask at the resolution of its quality band, with a halo, on the scenes' grid.

What does not belong here: the rule (`core.masking`), and values.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from eo_pipeline.core.masking import MaskRule
from eo_pipeline.core.mosaics.lattice import part_of
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.core.scenes.scene import Scene
from eo_pipeline.core.scenes.stack import Wanted
from eo_pipeline.core.scenes.view import View
from eo_pipeline.sources.source import Source
from eo_pipeline.steps.cubes.recipe import metres_a_pixel

_MISSING = {"SCL": 0.0, "QA_PIXEL": 1.0}
"""Number that means no value, where neither item nor file says one."""
_WHOLE = 1e-3
"""Share of a pixel by which lattices may miss each other."""


@dataclass(frozen=True)
class MaskGrid:
    """Where a mask is looked at.

    Attributes:
        geobox: pixels of the quality band's size around the native grid, and a halo.
        times: native pixels along one of them.
        row: the native row at which the pixels begin that follow the halo, 0 or less.
        column: likewise.
        halo: pixels on each side.
    """

    geobox: GeoBox
    times: int
    row: int
    column: int
    halo: int

    def window(self, native: Rectangle) -> Rectangle:
        """The mask's pixels, with their halo, for some native ones."""
        rows = (native.row_start - self.row) // self.times, (native.row_stop - 1 - self.row) // self.times + 1
        columns = (
            (native.column_start - self.column) // self.times,
            (native.column_stop - 1 - self.column) // self.times + 1,
        )
        return Rectangle(rows[0], columns[0], rows[1] + 2 * self.halo, columns[1] + 2 * self.halo)

    def spread(self, usable: NDArray[np.bool_], native: Rectangle) -> NDArray[np.bool_]:
        """(observation, y, x) of native pixels, each as the mask's pixel around it.

        Args:
            usable: (observation, y, x) of `window` without its halo.
            native: pixels of the native grid.
        """
        if self.times == 1:
            return usable
        rows = (np.arange(native.row_start, native.row_stop) - self.row) // self.times
        columns = (np.arange(native.column_start, native.column_stop) - self.column) // self.times
        return np.ascontiguousarray(usable[:, rows - rows[0]][:, :, columns - columns[0]])


def mask_grid(rule: MaskRule, scenes: Sequence[Scene], native: GeoBox) -> MaskGrid:
    """The grid of a rule that looks at neighbours: the quality band's own; of another rule the native grid.

    Disks are in pixels of the quality band. Where no scene's quality band lies on whole pixels of the native grid, such
    as on one in another CRS, the mask's pixels are of the same size and begin with the grid.

    Args:
        rule: of the product.
        scenes: at least one.
        native: grid of the values.
    """
    times, row, column = _of_quality(rule, scenes, native) if rule.halo else (1, 0, 0)
    height, width = native.shape
    lattice = GeoBox((1, 1), native.affine @ Affine.translation(column, row) @ Affine.scale(times), native.crs)
    down, across = -(-(height - row) // times), -(-(width - column) // times)
    around = Rectangle(-rule.halo, -rule.halo, down + rule.halo, across + rule.halo)
    return MaskGrid(part_of(lattice, around), times, row, column, rule.halo)


def farthest(rule: MaskRule, scenes: Sequence[Scene], native: GeoBox) -> int:
    """Native pixels beyond a window from which on nothing decides whether its pixels are usable; 0 without a halo."""
    told = {scene.band(rule.band).geobox: scene for scene in scenes if scene.has(rule.band)}
    times = [_of_quality(rule, [scene], native)[0] for scene in told.values()]
    return (rule.halo + 1) * max(times, default=1) if rule.halo else 0


def _of_quality(rule: MaskRule, scenes: Sequence[Scene], native: GeoBox) -> tuple[int, int, int]:
    """Native pixels along one of the quality band, and where its pixels begin."""
    grids = [scene.band(rule.band).geobox for scene in scenes if scene.has(rule.band)]
    alike = [grid for grid in grids if grid is not None and grid.crs == native.crs]
    for grid in alike:
        onto = ~native.affine @ grid.affine
        times = round(onto.a)
        column, row = onto @ (0.0, 0.0)
        square = max(abs(onto.a - times), abs(onto.e - times), abs(onto.b), abs(onto.d)) < _WHOLE / 1000
        if square and times >= 1 and max(abs(column - round(column)), abs(row - round(row))) < _WHOLE:
            return times, _before(round(row), times), _before(round(column), times)
    told = alike or [grid for grid in grids if grid is not None]
    times = round(max(1.0, metres_a_pixel(told[0]) / metres_a_pixel(native))) if told else 1
    return times, 0, 0


def _before(start: int, times: int) -> int:
    """The last pixel that begins at or before 0."""
    return -(-start % times)


def usable_pixels(rule: MaskRule, source: Source, scenes: Sequence[Scene], view: View) -> NDArray[np.bool_]:
    """(observation, y, x) of what is read, in the order of the values' observations.

    Args:
        rule: of the product.
        source: of the scenes.
        scenes: at least one.
        view: of the values.

    Raises:
        SourceError: lists the scenes that cannot be read.
    """
    grid = mask_grid(rule, scenes, view.geobox)
    offset = min((scene.band(rule.band).offset for scene in scenes if scene.has(rule.band)), default=0.0)
    wanted = Wanted(rule.band, resampling="nearest", offset=offset, nodata=_MISSING.get(rule.band))
    stack = source.load(scenes, View(grid.geobox, grid.window(view.part), view.overviews), [wanted])
    quality = stack.bands[rule.band]
    return grid.spread(rule.usable(quality.stored, nodata=quality.nodata), view.part)
