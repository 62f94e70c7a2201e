"""Pixels as tables: samples of an image, time series of a collection. What does not belong here: statistics."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import shapely

from eo_pipeline.sandbox.algorithms.region_values import lattice_of
from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.graph.collections import Collection, Derived, geometry_of
from eo_pipeline.sandbox.graph.coverage import coverage
from eo_pipeline.sandbox.graph.crs import transformer
from eo_pipeline.sandbox.graph.geometry import WGS84, Geometry
from eo_pipeline.sandbox.graph.grids import Grid, Projection
from eo_pipeline.sandbox.graph.images import Image
from eo_pipeline.sandbox.graph.pixels import pull
from eo_pipeline.sandbox.graph.registry import Family
from eo_pipeline.sandbox.graph.values import Feature

FAMILY = Family()

MAX_VALUES = 1_048_576
"""Values that ImageCollection.getRegion may return."""


def _centres(grid: Grid) -> tuple[np.ndarray, np.ndarray]:
    """Longitudes and latitudes (row, column) of pixel centres."""
    x, y = np.broadcast_arrays(*grid.centres(grid.crs))
    if grid.crs == WGS84:
        return x, y
    longitude, latitude = transformer(grid.crs, WGS84).transform(x, y)
    return longitude, latitude


def _rows(image: Image, grid: Grid, chosen: np.ndarray) -> Iterator[list[object]]:
    """Values of all bands, None where masked, at chosen (row, column) pixels."""
    rasters = pull([band.pixels for band in image.bands], grid)
    columns = [
        [value if valid else None for value, valid in zip(r.data[chosen].tolist(), r.mask[chosen] > 0, strict=True)]
        for r in rasters
    ]
    return map(list, zip(*columns, strict=True))


@FAMILY.algorithm("Image.sample")
def sample(
    image: Image,
    *,
    region: Geometry | None,
    scale: float | None,
    projection: Projection | None,
    factor: float | None,
    num_pixels: int | None,
    seed: int,
    drop_nulls: bool,
    geometries: bool,
) -> Collection:
    """A feature for each pixel whose centre is in a region, or for a random part of them."""
    outline = region or image.footprint
    if outline is None:
        raise ServiceError("Image.sample: Cannot determine the region of an unbounded image.")
    grid = lattice_of("Image.sample", image, projection, None, scale).grid(outline)
    chosen = coverage(outline, grid).centred & _drawn(grid, factor, num_pixels, seed)

    def make() -> Iterator[Feature]:
        return sampled_features(image, grid, chosen, drop_nulls=drop_nulls, geometries=geometries)

    return Collection(Derived(make), "Feature")


def sampled_features(
    image: Image, grid: Grid, chosen: np.ndarray, *, drop_nulls: bool, geometries: bool
) -> Iterator[Feature]:
    """A feature with the values of all bands for each chosen (row, column) pixel, row by row."""
    longitudes, latitudes = _centres(grid)
    points = zip(longitudes[chosen].tolist(), latitudes[chosen].tolist(), strict=True)
    for number, (row, point) in enumerate(zip(_rows(image, grid, chosen), points, strict=True)):
        if drop_nulls and None in row:
            continue
        index = {"system:index": str(number)}
        place = Geometry(shapely.Point(point)) if geometries else None
        yield Feature(place, {**index, **dict(zip(image.band_names, row, strict=True))})


def _drawn(grid: Grid, factor: float | None, number: int | None, seed: int) -> np.ndarray:
    """True (row, column) for a part of all pixels, or for about so many of them; the same for the same seed."""
    if factor is None and number is None:
        return np.ones(grid.shape, bool)
    part = factor if factor is not None else (number or 0) / (grid.width * grid.height)
    return np.random.default_rng(seed).random(grid.shape) < part


@FAMILY.algorithm("Image.sampleRegions")
def sample_regions(
    image: Image,
    *,
    collection: Collection,
    properties: list[str] | None,
    scale: float | None,
    projection: Projection | None,
    geometries: bool,
) -> Collection:
    """A feature for each pixel in each feature's region, with the feature's properties; masked pixels are left out."""
    lattice = lattice_of("Image.sampleRegions", image, projection, None, scale)

    def make() -> Iterator[Feature]:
        for feature in collection.stream_elements():
            outline = geometry_of(feature)
            if outline is None:
                continue
            grid = lattice.grid(outline)
            chosen = coverage(outline, grid).centred
            names = list(feature.properties) if properties is None else properties
            kept = {name: feature.properties.get(name) for name in names if name != "system:index"}
            longitudes, latitudes = _centres(grid)
            points = zip(longitudes[chosen].tolist(), latitudes[chosen].tolist(), strict=True)
            for number, (row, point) in enumerate(zip(_rows(image, grid, chosen), points, strict=True)):
                if None not in row:
                    index = {"system:index": f"{feature.properties.get('system:index', '')}_{number}"}
                    values = dict(zip(image.band_names, row, strict=True))
                    yield Feature(Geometry(shapely.Point(point)) if geometries else None, {**index, **kept, **values})

    return Collection(Derived(make, collection.source.endless), "Feature")


@FAMILY.algorithm("ImageCollection.getRegion")
def get_region(
    collection: Collection,
    geometry: Geometry,
    scale: float | None,
    crs: Projection,
    crs_transform: list[float] | None,
) -> list[list[object]]:
    """A header and a row of id, longitude, latitude, time and bands for each pixel of each image."""
    images = collection.images
    if not images:
        return [["id", "longitude", "latitude", "time"]]
    names = images[0].band_names
    _check_bands(images, names)
    grid = lattice_of("ImageCollection.getRegion", images[0], crs, crs_transform, scale).grid(geometry)
    chosen = coverage(geometry, grid).centred
    found = int(chosen.sum()) * len(images) * (len(names) + 4)
    if found > MAX_VALUES:
        raise ServiceError(f"ImageCollection.getRegion: Too many values: {found} > {MAX_VALUES}.")
    longitudes, latitudes = _centres(grid)
    places = list(zip(longitudes[chosen].tolist(), latitudes[chosen].tolist(), strict=True))
    table: list[list[object]] = [["id", "longitude", "latitude", "time", *names]]
    for image in images:
        start = [image.properties.get("system:index"), image.properties.get("system:time_start")]
        for (longitude, latitude), row in zip(places, _rows(image, grid, chosen), strict=True):
            table.append([start[0], longitude, latitude, start[1], *row])
    return table


def _check_bands(images: Sequence[Image], names: list[str]) -> None:
    for image in images:
        if image.band_names != names:
            raise ServiceError(
                "Expected a homogeneous image collection, but an image with incompatible bands was encountered: "
                f"first {names}, then {image.band_names}."
            )
