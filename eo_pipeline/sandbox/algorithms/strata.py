"""Random pixels of each class of an image. What does not belong here: samples without classes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from eo_pipeline.sandbox.algorithms.region_values import lattice_of
from eo_pipeline.sandbox.algorithms.sampling import sampled_features
from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.graph.collections import Collection, Derived
from eo_pipeline.sandbox.graph.coverage import coverage
from eo_pipeline.sandbox.graph.geometry import Geometry
from eo_pipeline.sandbox.graph.grids import Grid, Projection
from eo_pipeline.sandbox.graph.images import Band, Image
from eo_pipeline.sandbox.graph.pixels import pull
from eo_pipeline.sandbox.graph.registry import Family
from eo_pipeline.sandbox.graph.values import Feature

FAMILY = Family()


@FAMILY.algorithm("Image.stratifiedSample")
def stratified_sample(
    image: Image,
    *,
    num_points: int,
    class_band: str | None,
    region: Geometry | None,
    scale: float | None,
    projection: Projection | None,
    seed: int,
    class_values: list[int] | None,
    class_points: list[int] | None,
    drop_nulls: bool,
    geometries: bool,
) -> Collection:
    """A feature for each of some random pixels of every class; classPoints says how many of those in classValues."""
    wanted = _wanted(class_values, class_points)
    outline = region or image.footprint
    if outline is None:
        raise ServiceError("Image.stratifiedSample: Cannot determine the region of an unbounded image.")
    grid = lattice_of("Image.stratifiedSample", image, projection, None, scale).grid(outline)
    classes = _class_band(image, class_band)

    def make() -> Iterator[Feature]:
        inside = coverage(outline, grid).centred
        chosen = _drawn(classes, grid, inside, rng=np.random.default_rng(abs(seed)), number=num_points, wanted=wanted)
        return sampled_features(image, grid, chosen, drop_nulls=drop_nulls, geometries=geometries)

    return Collection(Derived(make), "Feature")


def _wanted(values: list[int] | None, points: list[int] | None) -> dict[int, int]:
    if len(values or []) != len(points or []):
        raise ServiceError("Image.stratifiedSample: classValues and classPoints must have the same length.")
    return dict(zip(values or [], points or [], strict=True))


def _class_band(image: Image, name: str | None) -> Band:
    found = [band for band in image.bands if name in (None, band.id)]
    if not found:
        raise ServiceError(f"Image.stratifiedSample: No band named '{name}'.")
    if not found[0].pixel_type.is_integer:
        raise ServiceError(f"Image.stratifiedSample: The class band '{found[0].id}' must have whole numbers.")
    return found[0]


def _drawn(
    classes: Band,
    grid: Grid,
    inside: np.ndarray,
    *,
    rng: np.random.Generator,
    number: int,
    wanted: dict[int, int],
) -> np.ndarray:
    """True (row, column) at the pixels drawn."""
    (raster,) = pull([classes.pixels], grid)
    valid = inside & (raster.mask > 0)
    chosen = np.zeros(valid.size, bool)
    for value in np.unique(raster.data[valid]).tolist():
        places = np.flatnonzero(valid & (raster.data == value))
        count = min(wanted.get(value, number), len(places))
        chosen[rng.choice(places, max(count, 0), replace=False)] = True
    return chosen.reshape(grid.shape)
