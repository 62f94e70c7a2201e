"""A coarse look at what an area and period of a cube of scenes would be, before anything is written.

The same road as a shard's, but from overviews. A mask's disks are left out where pixels are coarser than they are. What
does not belong here: the picture (`steps.previews.preview`).
"""

from dataclasses import replace

from odc.geo.geobox import GeoBox

from eo_pipeline.core.mosaics.lattice import coarser, frame
from eo_pipeline.core.periods import Period
from eo_pipeline.core.product import Product
from eo_pipeline.core.scenes.scene import Scene
from eo_pipeline.sources.source import Source
from eo_pipeline.steps.cubes.read_shard import read_shard
from eo_pipeline.steps.cubes.recipe import SceneRecipe, resolution_of, scene_recipe
from eo_pipeline.steps.previews.preview import Preview, summary_of

MOST = 512
"""Pixels along the longer side."""


def preview_scenes(product: Product, geobox: GeoBox, period: Period, source: Source, *, side: int = MOST) -> Preview:
    """Compose an area's scenes in pixels so coarse that no side has more than so many.

    Args:
        product: that is composed here.
        geobox: of the area, on the product's grid.
        period: half-open.
        source: of the scenes.
        side: pixels along the longer side at most.

    Raises:
        SourceError: the source refuses, or scenes cannot be read; lists them.
        ServiceUnreachableError: it does not answer.
    """
    scenes = source.inputs(geobox, period)
    times = -(-max(geobox.shape) // side)
    coarse = coarser(geobox, times)
    recipe = _recipe(product, scenes, times)
    recipe.check_bands(scenes, source=source.name)
    settled = [recipe.of(scene) for scene in source.settled(scenes)]
    pixels = read_shard(recipe, source, settled, coarse, frame(coarse), overviews=times > 1)
    if pixels is None:
        return Preview(coarse, 0, {}, ())
    return Preview(coarse, len(scenes), pixels, tuple(summary_of(band, pixels[band.name]) for band in recipe.bands))


def _recipe(product: Product, scenes: tuple[Scene, ...], times: int) -> SceneRecipe:
    recipe = scene_recipe(product, resolution_of(scenes, product.source.bands[:1] if product.source else []))
    if times == 1:
        return recipe
    mask = None if recipe.mask is None else replace(recipe.mask, dilation=0.0, opening=0.0)
    return replace(recipe, factor=1, mask=mask)
