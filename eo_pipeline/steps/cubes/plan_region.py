"""What making one area and period of a cube of scenes would do: its scenes, shard by shard; no pixel is read.

What does not belong here: doing it (`write_scenes_region`), and which areas and periods are wanted.
"""

from dataclasses import dataclass

from eo_pipeline.core.cubes.cube_region import check_region
from eo_pipeline.core.cubes.cube_template import CubeTemplate
from eo_pipeline.core.cubes.discard import Kept
from eo_pipeline.core.keys import digest
from eo_pipeline.core.mosaics.lattice import part_of
from eo_pipeline.core.periods import Period
from eo_pipeline.core.product import Product
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.core.scenes.fingerprint import fingerprint
from eo_pipeline.core.scenes.scene import Scene
from eo_pipeline.sources.source import Source
from eo_pipeline.steps.cubes.recipe import SceneRecipe, resolution_of, scene_recipe
from eo_pipeline.steps.cubes.scenes_of_shards import ScenesOfShards
from eo_pipeline.storage.cubes import shards_in


@dataclass(frozen=True)
class ShardPlan:
    """One shard before it is made.

    Attributes:
        rectangle: its pixels in the cube.
        scenes: that meet it, by time, then id; none of one that is discarded.
        discarded: True if it is pure ocean or outside the area of interest.
        inputs_hash: of its scenes and the recipe, or of its being discarded.
    """

    rectangle: Rectangle
    scenes: tuple[Scene, ...]
    discarded: bool
    inputs_hash: str


@dataclass(frozen=True)
class RegionPlan:
    """One area and period before it is made.

    Attributes:
        recipe: what is done with the scenes.
        region: the area's pixels in the cube.
        scenes: that meet a shard that is made, by time, then id.
        shards: row by row from the upper left.
    """

    recipe: SceneRecipe
    region: Rectangle
    scenes: tuple[Scene, ...]
    shards: tuple[ShardPlan, ...]

    @property
    def digest(self) -> str:
        """Of everything that decides the region's pixels: the inputs' hash of its ledger row."""
        return digest({"shards": [shard.inputs_hash for shard in self.shards]})

    @property
    def versions(self) -> dict[str, str]:
        """Of the scenes, by id."""
        return {scene.id: scene.version for scene in self.scenes}

    @property
    def to_make(self) -> int:
        """Shards that have scenes."""
        return sum(bool(shard.scenes) for shard in self.shards)

    @property
    def discarded(self) -> int:
        """Shards that are skipped as ocean or outside the area of interest."""
        return sum(shard.discarded for shard in self.shards)

    @property
    def discarded_share(self) -> float:
        """Of all shards, 0 to 1."""
        return self.discarded / len(self.shards)

    @property
    def most_scenes(self) -> int:
        """Of one shard."""
        return max(len(shard.scenes) for shard in self.shards)


def plan_region(
    product: Product,
    template: CubeTemplate,
    region: Rectangle,
    period: Period,
    source: Source,
    *,
    kept: Kept | None = None,
) -> RegionPlan:
    """Ask the source for an area's scenes of a period, and tell which shard is made of which.

    Args:
        product: that is composed here.
        template: of its cube.
        region: the area's pixels in the cube, whole shards (`core.cubes.cube_region.region_of`).
        period: half-open.
        source: of the scenes.
        kept: the shards that are made; all if None.

    Raises:
        CubeError: the region leaves the cube or cuts a shard.
        SourceError: the source refuses, says what cannot be understood, or has no scene with one of the bands.
        ServiceUnreachableError: it does not answer.
    """
    check_region(template, region)
    rectangles = shards_in(template, region)
    made = [True] * len(rectangles) if kept is None else [bool(one) for one in kept.of(region).ravel()]
    scenes = source.inputs(part_of(template.geobox, region), period) if any(made) else ()
    recipe = scene_recipe(product, resolution_of(scenes, [product.source.bands[0]] if product.source else []))
    recipe.check_bands(scenes, source=source.name)
    near = ScenesOfShards(recipe, template.geobox, region, scenes)
    shards = tuple(
        _shard(recipe, rectangle, near.of(rectangle)) if is_made else _discarded(recipe, rectangle)
        for rectangle, is_made in zip(rectangles, made, strict=True)
    )
    used = {scene.order for shard in shards for scene in shard.scenes}
    return RegionPlan(recipe, region, tuple(scene for scene in scenes if scene.order in used), shards)


def _shard(recipe: SceneRecipe, rectangle: Rectangle, scenes: tuple[Scene, ...]) -> ShardPlan:
    return ShardPlan(rectangle, scenes, False, digest({"recipe": recipe.digest, "scenes": fingerprint(scenes)}))


def _discarded(recipe: SceneRecipe, rectangle: Rectangle) -> ShardPlan:
    return ShardPlan(rectangle, (), True, digest({"discarded": recipe.digest}))
