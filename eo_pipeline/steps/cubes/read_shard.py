"""The pixels of one shard from its scenes, block by block, so that memory stays bounded; runs in a worker.

A block of any size gives the same pixels: masks look beyond its edges, and what is read does not depend on where the
grid is cut. What does not belong here: which scenes (`plan_region`), and arrays without reading (`compose`).
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.mosaics.lattice import finer, part_of
from eo_pipeline.core.rectangles import Rectangle, windows
from eo_pipeline.core.scenes.scene import Scene, SceneBand
from eo_pipeline.core.scenes.stack import Wanted
from eo_pipeline.core.scenes.view import View
from eo_pipeline.sources.source import Source
from eo_pipeline.steps.cubes.compose import Composing
from eo_pipeline.steps.cubes.recipe import SceneRecipe
from eo_pipeline.steps.cubes.usable_pixels import usable_pixels

MEMORY = 512 * 2**20
"""Bytes that the observations of a block may take; a worker needs a third more, and the shard itself."""
_UNKNOWN = "float64"
"""Type of a band that no item tells."""
_WHOLE = 1e-6
"""Stored units by which offsets may miss whole numbers."""
_NICE = 256
"""Native pixels: blocks of a multiple share fewer of a file's blocks."""


def read_shard(
    recipe: SceneRecipe,
    source: Source,
    scenes: Sequence[Scene],
    geobox: GeoBox,
    rectangle: Rectangle,
    *,
    memory: int = MEMORY,
    overviews: bool = False,
) -> dict[str, NDArray[Any]] | None:
    """Stored numbers (y, x) of every band of the cube; None without scenes.

    Args:
        recipe: what is done.
        source: of the scenes.
        scenes: that meet the shard, as `SceneRecipe.of` leaves them.
        geobox: of the cube.
        rectangle: the shard's pixels in it.
        memory: bytes that the observations of a block may take; one pixel of the product is read at least.
        overviews: whether pixels come from overviews, to be looked at.

    Raises:
        SourceError: lists the scenes that cannot be read or lack a band.
    """
    if not scenes:
        return None
    native = finer(part_of(geobox, rectangle), recipe.factor)
    wanted = _wanted(recipe, scenes)
    pixels = {b.name: np.full((rectangle.height, rectangle.width), b.empty, b.dtype) for b in recipe.bands}
    side = block_side(recipe, scenes, memory)
    for block in windows(height=rectangle.height, width=rectangle.width, rows=side, columns=side):
        view = View(native, _times(block, recipe.factor), overviews)
        stack = source.load(scenes, view, wanted)
        usable = None if recipe.mask is None else usable_pixels(recipe.mask, source, scenes, view)
        for name, made in Composing(recipe, stack, usable).pixels().items():
            pixels[name][block.slices] = made
    return pixels


def block_side(recipe: SceneRecipe, scenes: Sequence[Scene], memory: int) -> int:
    """Pixels of the product along a block whose observations take so many bytes at most; at least one.

    Each scene counts as an observation, though some are one together.
    """
    bands = [[scene.band(name).dtype for scene in scenes if scene.has(name)] for name in recipe.wanted]
    stored = sum(np.dtype(next(filter(None, told), _UNKNOWN)).itemsize for told in bands)
    computed = 8 * len(recipe.early)
    side = math.isqrt(memory // (len(scenes) * (stored + computed + _BESIDE)))
    side = side // _NICE * _NICE if side >= _NICE else side
    return max(1, side // recipe.factor)


_BESIDE = 4
"""Bytes an observation and native pixel: the quality band, whether it is usable, and in between."""


def _wanted(recipe: SceneRecipe, scenes: Sequence[Scene]) -> list[Wanted]:
    """How values are loaded; what goes into the cube as it is, in the cube's own classes and packing."""
    outputs = {band.name: band for band in recipe.values}
    return [_wanted_band(recipe, name, outputs.get(name), scenes) for name in recipe.wanted]


def _wanted_band(recipe: SceneRecipe, name: str, output: BandEncoding | None, scenes: Sequence[Scene]) -> Wanted:
    """All observations come to one offset, the lowest there is: stored numbers never become less than they can be."""
    bands = [scene.band(name) for scene in scenes if scene.has(name)]
    offset = min((band.offset for band in bands), default=0.0)
    if output is None:
        return Wanted(name, offset=offset, nodata=recipe.nodata)
    target = (output.offset - recipe.offset) / recipe.scale
    steps = (offset - target) / bands[0].scale if bands else 0.0
    if steps > 0 and abs(steps - round(steps)) < _WHOLE:
        offset = target
    resampling = "nearest" if output.kind == "categorical" else "bilinear"
    return Wanted(name, resampling, offset=offset, nodata=_nodata(recipe, output, bands))


def _nodata(recipe: SceneRecipe, output: BandEncoding, bands: Sequence[SceneBand]) -> float | None:
    """The product's for its scenes, else the cube's if numbers mean the same there: another packing's is a value."""
    if recipe.nodata is not None or output.nodata is None or math.isnan(output.nodata):
        return recipe.nodata
    packings = [(recipe.scale * band.scale, recipe.scale * band.offset + recipe.offset) for band in bands]
    bound = _WHOLE * abs(output.scale)
    alike = all(abs(scale - output.scale) < bound and abs(offset - output.offset) < bound for scale, offset in packings)
    return float(output.nodata) if alike else None


def _times(block: Rectangle, factor: int) -> Rectangle:
    edges = (block.row_start, block.column_start, block.row_stop, block.column_stop)
    return Rectangle(*(edge * factor for edge in edges))
