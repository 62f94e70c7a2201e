"""Reducing the pixels of regions. What does not belong here: reducing at each pixel."""

from __future__ import annotations

from collections.abc import Iterator

from eo_pipeline.sandbox.algorithms.point_values import values_of_each
from eo_pipeline.sandbox.algorithms.region_values import lattice_of, region_values
from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.graph.collections import Collection, Derived, geometry_of
from eo_pipeline.sandbox.graph.geometry import Geometry
from eo_pipeline.sandbox.graph.grids import Projection
from eo_pipeline.sandbox.graph.images import Image
from eo_pipeline.sandbox.graph.reducers import Reducer
from eo_pipeline.sandbox.graph.registry import Family
from eo_pipeline.sandbox.graph.values import Feature

FAMILY = Family()


@FAMILY.algorithm("Image.reduceRegion")
def reduce_region(
    image: Image,
    *,
    reducer: Reducer,
    geometry: Geometry | None,
    scale: float | None,
    crs: Projection | None,
    crs_transform: list[float] | None,
    best_effort: bool,
    max_pixels: int,
) -> dict[str, object]:
    """Outputs of a reducer over a region, by band name, or BAND_OUTPUT if there are several."""
    if not image.bands:
        return {}
    if any(bool(band.pixel_type.dimensions) != reducer.takes_arrays for band in image.bands):
        kind = "arrays" if reducer.takes_arrays else "plain numbers"
        raise ServiceError(f"Image.reduceRegion: The reducer takes bands of {kind}.")
    region = geometry or image.footprint
    if region is None:
        raise ServiceError("Image.reduceRegion: Cannot determine the region of an unbounded image.")
    lattice = lattice_of(
        "Image.reduceRegion", image, crs, crs_transform, scale, max_pixels=max_pixels, best_effort=best_effort
    )
    several = len(reducer.outputs) > 1
    values = region_values(image, reducer, region, lattice)
    return {(f"{band}_{output}" if several and band else band or output): value for band, output, value in values}


@FAMILY.algorithm("Image.reduceRegions")
def reduce_regions(
    image: Image,
    *,
    collection: Collection,
    reducer: Reducer,
    scale: float | None,
    crs: Projection | None,
    crs_transform: list[float] | None,
    max_pixels_per_region: int | None,
) -> Collection:
    """Every feature with the outputs over its region as properties; outputs without a value are left out."""
    lattice = lattice_of("Image.reduceRegions", image, crs, crs_transform, scale, max_pixels=max_pixels_per_region)
    several = len(reducer.outputs) > 1

    def name(band: str, output: str) -> str:
        if not band or len(image.bands) == 1:
            return output
        return f"{band}_{output}" if several else band

    def make() -> Iterator[Feature]:
        for feature, found in values_of_each(image, reducer, collection.stream_elements(), lattice):
            new = {name(band, output): value for band, output, value in found if value is not None}
            yield Feature(geometry_of(feature), {**feature.properties, **new})

    return Collection(Derived(make, collection.source.endless), "Feature", dict(collection.properties))
