"""Which of an area's scenes a shard is made of: those whose outline and whose files' pixels reach it.

What does not belong here: asking for scenes (`plan_region`), and one file's ground (`core.scenes.ground`).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from odc.geo.geobox import GeoBox

from eo_pipeline.core.mosaics.lattice import part_of
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.core.scenes.ground import CENTRES, Ground
from eo_pipeline.core.scenes.places import Place
from eo_pipeline.core.scenes.scene import Scene
from eo_pipeline.steps.cubes.read_shard import native_grid
from eo_pipeline.steps.cubes.recipe import SceneRecipe
from eo_pipeline.steps.cubes.usable_pixels import farthest

_Ways = tuple[tuple[GeoBox, float], ...]
"""(grid of a file, pixels around a part within which it decides something of the part)."""


@dataclass(frozen=True)
class _Known:
    """A scene with how its pixels reach parts of the cube; None if its item does not tell the grid of every band."""

    scene: Scene
    ways: _Ways | None


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
        native = native_grid(part_of(geobox, region), recipe.factor)
        beyond = 0 if recipe.mask is None else farthest(recipe.mask, read, native)
        self._beyond = math.ceil(beyond / recipe.factor)
        self._known = [
            _Known(scene, self._ways(recipe, bands_read)) for scene, bands_read in zip(scenes, read, strict=True)
        ]

    def of(self, shard: Rectangle) -> tuple[Scene, ...]:
        """Those of a shard, in order; no scene is left out that decides one of its pixels."""
        around = Rectangle(
            shard.row_start - self._beyond,
            shard.column_start - self._beyond,
            shard.row_stop + self._beyond,
            shard.column_stop + self._beyond,
        )
        place = Place(part_of(self._geobox, around))
        return tuple(
            known.scene for known in self._known if self._reaches(known, shard) and place.meets(known.scene.footprint)
        )

    def _reaches(self, known: _Known, shard: Rectangle) -> bool:
        return known.ways is None or any(self._ground.holds(grid, shard, reach=reach) for grid, reach in known.ways)

    def _ways(self, recipe: SceneRecipe, scene: Scene) -> _Ways | None:
        centres = CENTRES / recipe.factor
        reaches = [(name, centres) for name in recipe.wanted]
        if recipe.mask is not None:
            reaches.append((recipe.mask.band, self._beyond or centres))
        grids = [(scene.bands[name].geobox if name in scene.bands else None, reach) for name, reach in reaches]
        known = {(grid, reach) for grid, reach in grids if grid is not None}
        return None if any(grid is None for grid, _ in grids) else tuple(known)
