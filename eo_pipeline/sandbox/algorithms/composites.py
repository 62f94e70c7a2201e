"""From many images or bands to one: reducers over stacks, mosaics. What does not belong here: reducing over regions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from eo_pipeline.sandbox.algorithms.reducers import plain
from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.graph.collections import Collection
from eo_pipeline.sandbox.graph.grids import DEFAULT_PROJECTION, Grid
from eo_pipeline.sandbox.graph.images import Band, Image
from eo_pipeline.sandbox.graph.pixel_types import PixelType, union
from eo_pipeline.sandbox.graph.pixels import Pixels, Raster, within_reach
from eo_pipeline.sandbox.graph.reducers import Reducer, only_numbers
from eo_pipeline.sandbox.graph.registry import Family

FAMILY = Family()

Namer = Callable[[str, str], str]
"""(band name, reducer's output name) -> name of the result's band."""


def reduced_bands(stacks: Sequence[Sequence[Band]], reducer: Reducer, names: Sequence[str], like: Band) -> list[Band]:
    """One band for each output of a reducer over stacks of bands.

    Args:
        stacks: for each input of the reducer its bands, one a sample.
        reducer: what to compute at each pixel.
        names: names of the results.
        like: the band whose projection and dimensions the results take.

    Raises:
        ServiceError: pixels are arrays.
    """
    if any(band.pixel_type.dimensions for stack in stacks for band in stack):
        raise ServiceError("Reducer: The sandbox reduces bands of plain numbers, not of arrays; use arrayReduce.")
    types = reducer.types([union(*(band.pixel_type for band in stack)) for stack in stacks])
    nodes = tuple(band.pixels for stack in stacks for band in stack)
    dtypes = [union(*(band.pixel_type for band in stack)).dtype for stack in stacks]

    def compute(grid: Grid, rasters: Sequence[Raster]) -> Raster:
        size = len(rasters) // len(stacks)
        inputs = [rasters[start : start + size] for start in range(0, len(rasters), size)]
        return run_on_stacks(reducer, inputs, dtypes, grid)

    shared = Pixels(nodes, compute, choose=None if reducer.sees_masked else _near_samples(stacks))
    return [
        replace(like, id=name, pixel_type=pixel_type, pixels=layer(shared, number, pixel_type))
        for number, (name, pixel_type) in enumerate(zip(names, types, strict=True))
    ]


def _near_samples(stacks: Sequence[Sequence[Band]]) -> Callable[[Grid], list[int]]:
    """Positions of the bands, stack after stack, of the samples that may be valid on a grid."""
    near = within_reach([[band.pixels for band in sample] for sample in zip(*stacks, strict=True)])
    size = len(stacks[0])
    return lambda grid: [start + number for start in range(0, len(stacks) * size, size) for number in near(grid)]


def run_on_stacks(
    reducer: Reducer, inputs: Sequence[Sequence[Raster]], dtypes: Sequence[np.dtype], grid: Grid
) -> Raster:
    """All outputs of a reducer as layers (output, row, column); a sample counts where all inputs are valid."""
    samples = [
        np.stack([raster.data.astype(dtype, copy=False).reshape(-1) for raster in rasters])
        for rasters, dtype in zip(inputs, dtypes, strict=True)
    ]
    masks = [np.stack([raster.mask.reshape(-1) for raster in rasters]) for rasters in inputs]
    weights = masks[0] if len(masks) == 1 else np.minimum.reduce([mask.astype(np.float32) for mask in masks])
    outcomes = reducer.run(samples, weights)
    only_numbers(reducer, outcomes, arrays=True)
    opaque = weights.max(axis=0)
    dtype = object if any(values.dtype == object for values, _ in outcomes) else np.float64
    data = np.stack([np.where(valid, values, 0).astype(dtype) for values, valid in outcomes])
    mask = np.stack([opaque * valid.astype(opaque.dtype) for _, valid in outcomes])
    return Raster(data.reshape(-1, *grid.shape), mask.reshape(-1, *grid.shape))


def layer(shared: Pixels, number: int, pixel_type: PixelType) -> Pixels:
    """One layer of a node that computes several, as a band's pixels."""

    def compute(_: Grid, rasters: Sequence[Raster]) -> Raster:
        return Raster(rasters[0].data[number].astype(pixel_type.dtype), rasters[0].mask[number])

    return Pixels((shared,), compute)


def prefixed(band: str, output: str) -> str:
    """The name of a band of ImageCollection.reduce."""
    return f"{band}_{output}"


def _band_stacks(collection: Collection) -> dict[str, list[Band]]:
    """Bands of all images by name, in order of first appearance."""
    stacks: dict[str, list[Band]] = {}
    for image in collection.images:
        for band in image.bands:
            stacks.setdefault(band.id, []).append(band)
    return stacks


def _composite_place(band: Band) -> Band:
    """A band as composites have it: one degree a pixel in EPSG:4326, unbounded."""
    return replace(band, projection=DEFAULT_PROJECTION, dimensions=None)


def reduce_collection(collection: Collection, reducer: Reducer, namer: Namer) -> Image:
    """A reducer over the images of a collection; without images, an image without bands."""
    stacks = _band_stacks(collection)
    if not stacks:
        return Image(())
    bands: list[Band] = []
    if reducer.inputs == 1:
        for name, stack in stacks.items():
            names = [namer(name, output) for output in reducer.outputs]
            bands += reduced_bands([stack], reducer, names, _composite_place(stack[0]))
        return Image(tuple(bands))
    together = _homogeneous(collection)
    if len(together) != reducer.inputs:
        raise ServiceError(
            f"ImageCollection.reduce: Need {reducer.inputs} bands for the reducer, the collection has {len(together)}."
        )
    return Image(tuple(reduced_bands(together, reducer, reducer.outputs, _composite_place(together[0][0]))))


def _homogeneous(collection: Collection) -> list[list[Band]]:
    """Bands by position, each with one band of every image.

    Raises:
        ServiceError: an image has other bands than the first.
    """
    images = collection.images
    for image in images:
        if image.band_names != images[0].band_names:
            raise ServiceError(
                "Expected a homogeneous image collection, but an image with incompatible bands was encountered. "
                f"First image type: {_described(images[0])}. Current image type: {_described(image)}. "
                "Some bands might require explicit casts."
            )
    return [[image.bands[number] for image in images] for number in range(len(images[0].bands))]


def _described(image: Image) -> str:
    return f"{len(image.bands)} bands ([{', '.join(image.band_names)}])"


@FAMILY.algorithm("ImageCollection.reduce")
def reduce_(collection: Collection, reducer: Reducer) -> Image:
    """A reducer over the images at each pixel; bands are named BAND_OUTPUT."""
    return reduce_collection(collection, reducer, prefixed)


_SHORT = {
    "min": "min", "max": "max", "count": "count", "sum": "sum", "product": "product", "mean": "mean",
    "median": "median", "mode": "mode", "and": "allNonZero", "or": "anyNonZero",
}  # fmt: skip
"""Reducers behind the functions reduce.*, which keep the names of bands."""


def _register(name: str, reducer_name: str) -> None:
    def function(collection: Collection) -> Image:
        return reduce_collection(collection, plain(reducer_name), lambda band, _: band)

    FAMILY.add(f"reduce.{name}", function)


for _name, _reducer_name in _SHORT.items():
    _register(_name, _reducer_name)


@FAMILY.algorithm("Image.reduce")
def reduce_image(image: Image, reducer: Reducer) -> Image:
    """A reducer over the bands at each pixel; bands are named after its outputs."""
    if reducer.inputs != 1:
        raise ServiceError(f"Image.reduce: Expected a reducer with 1 input, got {reducer.inputs}.")
    if not image.bands:
        return image
    bands = reduced_bands([image.bands], reducer, reducer.outputs, image.bands[0])
    return image.with_bands(*bands)


@FAMILY.algorithm("ImageCollection.mosaic")
def mosaic(collection: Collection) -> Image:
    """At each pixel the last image that is valid there, band by band."""
    return Image(tuple(_mosaicked(stack) for stack in _band_stacks(collection).values()))


def _mosaicked(stack: Sequence[Band]) -> Band:
    pixel_type = union(*(band.pixel_type for band in stack))

    def compute(_: Grid, rasters: Sequence[Raster]) -> Raster:
        data, mask = rasters[0].data.astype(pixel_type.dtype, copy=False), rasters[0].mask
        for raster in rasters[1:]:
            above = raster.mask > 0
            data = np.where(above, raster.data, data).astype(pixel_type.dtype, copy=False)
            mask = np.where(above, raster.mask, mask)
        return Raster(data, mask)

    nodes = tuple(band.pixels for band in stack)
    pixels = Pixels(nodes, compute, choose=within_reach([[node] for node in nodes]))
    return replace(_composite_place(stack[0]), pixel_type=pixel_type, pixels=pixels)


@FAMILY.algorithm("ImageCollection.qualityMosaic")
def quality_mosaic(collection: Collection, quality_band: str) -> Image:
    """At each pixel all bands of the image whose quality band is largest."""
    bands = _homogeneous(collection) if collection.images else []
    quality = next((stack for stack in bands if stack[0].id == quality_band), None)
    if quality is None and bands:
        raise ServiceError(f"ImageCollection.qualityMosaic: No band named '{quality_band}'.")
    return Image(tuple(_best(stack, quality or []) for stack in bands))


def _best(stack: Sequence[Band], quality: Sequence[Band]) -> Band:
    pixel_type = union(*(band.pixel_type for band in stack))

    def compute(grid: Grid, rasters: Sequence[Raster]) -> Raster:
        half = len(rasters) // 2
        data, mask = np.zeros(grid.shape, pixel_type.dtype), np.zeros(grid.shape, np.float32)
        highest = np.full(grid.shape, -np.inf)
        for raster, score in zip(rasters[:half], rasters[half:], strict=True):
            better = (score.mask > 0) & (score.data > highest)
            data, mask = np.where(better, raster.data, data), np.where(better, raster.mask, mask)
            highest = np.where(better, score.data, highest)
        return Raster(data.astype(pixel_type.dtype), mask)

    pixels = Pixels(tuple(band.pixels for band in (*stack, *quality)), compute)
    return replace(_composite_place(stack[0]), pixel_type=pixel_type, pixels=pixels)


@FAMILY.algorithm("ImageCollection.toBands")
def to_bands(collection: Collection) -> Image:
    """All bands of all images, named INDEX_BAND."""
    images = collection.images
    bands = tuple(
        replace(band, id=f"{image.properties.get('system:index', number)}_{band.id}")
        for number, image in enumerate(images)
        for band in image.bands
    )
    return Image(bands, footprint=images[0].footprint if images else None)
