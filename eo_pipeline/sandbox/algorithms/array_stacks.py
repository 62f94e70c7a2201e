"""From plain pixels to pixels that are arrays. What does not belong here: what is done with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from eo_pipeline.sandbox.algorithms.neighbourhoods import grown, surrounding
from eo_pipeline.sandbox.algorithms.unary import cut_to
from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.graph.array_blocks import concatenated
from eo_pipeline.sandbox.graph.array_pixels import cells, on_arrays
from eo_pipeline.sandbox.graph.collections import Collection
from eo_pipeline.sandbox.graph.grids import DEFAULT_PROJECTION, Grid
from eo_pipeline.sandbox.graph.images import Band, Image
from eo_pipeline.sandbox.graph.kernels import Kernel
from eo_pipeline.sandbox.graph.pixel_types import PixelType, union
from eo_pipeline.sandbox.graph.pixels import Pixels, Raster
from eo_pipeline.sandbox.graph.registry import Family

FAMILY = Family()

LARGEST_NEIGHBOURHOOD = 4096
"""Pixels that Image.neighborhoodToArray may put into an array."""


@FAMILY.algorithm("Image.toArray")
def to_array(image: Image, axis: int) -> Image:
    """Band array: all bands along an axis; masked where one of them is."""
    if not image.bands:
        raise ServiceError("Image.toArray: The image has no bands.")
    dimensions = {band.pixel_type.dimensions for band in image.bands}
    if len(dimensions) > 1:
        raise ServiceError("Image.toArray: Bands must have the same number of dimensions.")
    axes = dimensions.pop()
    if not 0 <= axis <= axes:
        raise ServiceError(f"Image.toArray: Expected an axis of 0..{axes}, got {axis}.")
    pixel_type = union(*(band.pixel_type.of(0) for band in image.bands)).of(max(axes, axis + 1))
    like = replace(image.bands[0], id="array")
    return image.with_bands(on_arrays(image.bands, lambda blocks, _: concatenated(blocks, axis), like, pixel_type))


@FAMILY.algorithm("ImageCollection.toArray")
def collection_to_array(collection: Collection) -> Image:
    """Band array: the images that are valid in all bands along axis 0, bands along axis 1; masked where none is."""
    images = collection.images
    if not images:
        raise ServiceError("ImageCollection.toArray: The collection has no images.")
    number = len(images[0].bands)
    if not number or any(len(image.bands) != number for image in images):
        raise ServiceError("ImageCollection.toArray: All images must have the same number of bands, at least 1.")
    bands = [band for image in images for band in image.bands]
    if any(band.pixel_type.dimensions for band in bands):
        raise ServiceError("ImageCollection.toArray: Bands must have scalar values, not array values.")
    pixel_type = union(*(band.pixel_type for band in bands))
    return Image((_stacked(bands, number, pixel_type),))


def _stacked(bands: Sequence[Band], number: int, pixel_type: PixelType) -> Band:
    def compute(grid: Grid, rasters: Sequence[Raster]) -> Raster:
        values = np.stack([raster.data.ravel() for raster in rasters], axis=-1).astype(pixel_type.dtype)
        masks = np.stack([raster.mask.ravel() for raster in rasters], axis=-1).astype(np.float32)
        values, masks = (one.reshape(len(one), -1, number) for one in (values, masks))
        least = masks.min(axis=2)
        return _packed(values, least, grid)

    place = replace(bands[0], id="array", projection=DEFAULT_PROJECTION, dimensions=None)
    pixels = Pixels(tuple(band.pixels for band in bands), compute)
    return replace(place, pixel_type=pixel_type.of(2), pixels=pixels)


def _packed(values: np.ndarray, masks: np.ndarray, grid: Grid) -> Raster:
    """Cells of the valid images only; the mask is the largest of the images'.

    Args:
        values: (pixel, image, band).
        masks: (pixel, image) 0..1.
        grid: where the pixels lie, row by row.
    """
    valid = masks > 0
    order, counts = np.argsort(~valid, axis=1, kind="stable"), valid.sum(axis=1)
    data = np.empty(len(values), object)
    for count in np.unique(counts):
        same = np.flatnonzero(counts == count)
        data[same] = cells(np.take_along_axis(values[same], order[same, :count, None], 1))
    return Raster(data.reshape(grid.shape), masks.max(axis=1).reshape(grid.shape))


@FAMILY.algorithm("Image.neighborhoodToArray")
def neighborhood_to_array(image: Image, kernel: Kernel, default_value: float) -> Image:
    """The pixels under a kernel as an array (row, column); masked ones become a value of the band's range."""
    return image.with_bands(*(_neighbourhood(band, kernel, default_value) for band in image.bands))


def _neighbourhood(band: Band, kernel: Kernel, default_value: float) -> Band:
    fill = cut_to(band.pixel_type)(np.array([default_value])).astype(band.pixel_type.dtype)[0]

    def compute(grid: Grid, rasters: Sequence[Raster]) -> Raster:
        weights = surrounding(kernel, grid)
        if weights.values.size > LARGEST_NEIGHBOURHOOD:
            raise ServiceError(f"Image.neighborhoodToArray: At most {LARGEST_NEIGHBOURHOOD} pixels are possible.")
        data = np.where(rasters[0].mask > 0, rasters[0].data, fill)
        windows = np.lib.stride_tricks.sliding_window_view(data, weights.values.shape)
        blocks = windows.reshape(-1, *weights.values.shape)
        mask = weights.reach.shifted(rasters[0].mask, grid, 0, 0)
        return Raster(cells(blocks).reshape(grid.shape), mask)

    pixels = Pixels((band.pixels,), compute, lambda grid: grown(kernel, grid))
    return replace(band, pixel_type=band.pixel_type.of(2), pixels=pixels)
