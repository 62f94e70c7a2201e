"""Which of an area's scenes a shard is made of: those whose outline and whose files' pixels reach it.

What does not belong here: asking for scenes (`plan_region`), and one file's ground (`core.scenes.ground`).
"""

import math
from collections.abc import Sequence

from odc.geo.geobox import GeoBox

from eo_pipeline.core.mosaics.lattice import finer, part_of
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.core.scenes.ground import CENTRES, Ground
from eo_pipeline.core.scenes.places import Place
from eo_pipeline.core.scenes.scene import Scene
from eo_pipeline.steps.cubes.recipe import SceneRecipe
from eo_pipeline.steps.cubes.usable_pixels import farthest

_Ways = tuple[tuple[GeoBox, float], ...]
"""(grid of a file, pixels around a part within which it decides something of the part)."""


class ScenesOfShards:
    """The scenes of an area, to ask which of them each shard is made of.

    A scene whose item tells the grids of its files is asked by these, to the pixel; where its outline says that it saw
    only a part of them, also by its outline, with a margin.

    Args:
        recipe: which bands are read.
        geobox: of the cube.
        region: the area's pixels in it.
        scenes: of the area, in order.
    """

    def __init__(self, recipe: SceneRecipe, geobox: GeoBox, region: Rectangle, scenes: Sequence[Scene]) -> None:
        self._geobox, self._ground = geobox, Ground(geobox)
        read = [recipe.of(scene) for scene in scenes]
        native = finer(part_of(geobox, region), recipe.factor)
        beyond = 0 if recipe.mask is None else farthest(recipe.mask, read, native)
        self._beyond = math.ceil(beyond / recipe.factor)
        self._scenes = tuple(scenes)
        ways = [self._ways(recipe, bands_read) for bands_read in read]
        self._kinds = tuple(dict.fromkeys(ways))
        numbers = {kind: number for number, kind in enumerate(self._kinds)}
        self._kind_of = tuple(numbers[one] for one in ways)

    def of(self, shard: Rectangle) -> tuple[Scene, ...]:
        """Those of a shard, in order; no scene is left out that decides one of its pixels."""
        around = Rectangle(
            shard.row_start - self._beyond,
            shard.column_start - self._beyond,
            shard.row_stop + self._beyond,
            shard.column_stop + self._beyond,
        )
        place = Place(part_of(self._geobox, around))
        reached = [kind is None or self._reaches(kind, shard) for kind in self._kinds]
        return tuple(
            scene
            for scene, kind in zip(self._scenes, self._kind_of, strict=True)
            if reached[kind] and place.meets(scene.footprint)
        )

    def _reaches(self, ways: _Ways, shard: Rectangle) -> bool:
        return any(self._ground.holds(grid, shard, reach=reach) for grid, reach in ways)

    def _ways(self, recipe: SceneRecipe, scene: Scene) -> _Ways | None:
        """How a scene's pixels reach parts of the cube; None if its item does not tell the grid of every band."""
        centres = CENTRES / recipe.factor
        reaches = [(name, centres) for name in recipe.wanted]
        if recipe.mask is not None:
            reaches.append((recipe.mask.band, self._beyond or centres))
        grids = [(scene.bands[name].geobox if name in scene.bands else None, reach) for name, reach in reaches]
        known = tuple(dict.fromkeys((grid, reach) for grid, reach in grids if grid is not None))
        return None if any(grid is None for grid, _ in grids) else known
