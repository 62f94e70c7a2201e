"""Weighted sums and differences of the pixels around each pixel. What does not belong here: reducers, kernels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from eo_pipeline.sandbox.algorithms.neighbourhoods import grown, surrounding
from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.graph.grids import Grid
from eo_pipeline.sandbox.graph.ground import pixel_sides
from eo_pipeline.sandbox.graph.images import Band, Image
from eo_pipeline.sandbox.graph.kernels import Kernel
from eo_pipeline.sandbox.graph.limits import each
from eo_pipeline.sandbox.graph.pixel_types import BOOLEAN, PixelType, wider_float
from eo_pipeline.sandbox.graph.pixels import Pixels, Raster
from eo_pipeline.sandbox.graph.registry import Family
from eo_pipeline.sandbox.graph.surroundings import Reach, around

FAMILY = Family()

NEIGHBOURS = around(1)
"""What functions of direct neighbours look at."""


@FAMILY.algorithm("Image.convolve")
def convolve(image: Image, kernel: Kernel) -> Image:
    """The sum of the pixels under a kernel times its weights as they lie; masked where one of them is."""
    return image.with_bands(*(_convolved(band, kernel) for band in image.bands))


def _convolved(band: Band, kernel: Kernel) -> Band:
    pixel_type = wider_float(band.pixel_type)

    def compute(grid: Grid, rasters: Sequence[Raster]) -> Raster:
        weights = surrounding(kernel, grid)
        values = np.where(rasters[0].mask > 0, rasters[0].data, 0).astype(np.float64)
        total, mask = np.zeros(grid.shape), np.ones(grid.shape, np.float32)
        for x, y, weight in each(weights.offsets):
            total += weight * weights.reach.shifted(values, grid, x, y)
            mask = np.minimum(mask, weights.reach.shifted(rasters[0].mask, grid, x, y))
        return Raster(total.astype(pixel_type.dtype), mask)

    return replace(
        band, pixel_type=pixel_type, pixels=Pixels((band.pixels,), compute, lambda grid: grown(kernel, grid))
    )


def neighbouring(
    band: Band, name: str, function: Callable[[Grid, Raster], Raster], pixel_type: PixelType, reach: Reach = NEIGHBOURS
) -> Band:
    """A band computed from another one and the pixels around it.

    Args:
        band: what is looked at.
        name: of the result.
        function: (grid, the raster on the grown grid) -> raster on the grid.
        pixel_type: of the result.
        reach: how far the function looks.
    """

    def compute(grid: Grid, rasters: Sequence[Raster]) -> Raster:
        found = function(grid, rasters[0])
        return Raster(found.data.astype(pixel_type.dtype, copy=False), found.mask)

    return replace(band, id=name, pixel_type=pixel_type, pixels=Pixels((band.pixels,), compute, reach.grown))


def central_differences(grid: Grid, raster: Raster) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Half the difference of the two neighbours along columns and along rows, and the mask of all that took part."""

    def at(values: np.ndarray, dx: int, dy: int) -> np.ndarray:
        return NEIGHBOURS.shifted(values, grid, dx, dy)

    data = np.where(raster.mask > 0, raster.data, 0).astype(np.float64)
    across = (at(data, 1, 0) - at(data, -1, 0)) / 2
    down = (at(data, 0, 1) - at(data, 0, -1)) / 2
    mask = np.minimum.reduce([at(raster.mask, x, y) for x, y in ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1))])
    return across, down, mask


@FAMILY.algorithm("Image.derivative")
def derivative(image: Image) -> Image:
    """Bands NAME_x and NAME_y: change by a column to the right and by a row downwards."""
    bands: list[Band] = []
    for band in image.bands:
        pixel_type = wider_float(band.pixel_type)
        bands += [
            neighbouring(band, f"{band.id}_x", _part(0), pixel_type),
            neighbouring(band, f"{band.id}_y", _part(1), pixel_type),
        ]
    return image.with_bands(*bands)


def _part(number: int) -> Callable[[Grid, Raster], Raster]:
    def function(grid: Grid, raster: Raster) -> Raster:
        *parts, mask = central_differences(grid, raster)
        return Raster(parts[number], mask)

    return function


def ground_gradient(grid: Grid, raster: Raster) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Change by a metre towards increasing x and increasing y of the CRS, and the mask.

    Raises:
        ServiceError: the grid is not aligned with the axes of its CRS.
    """
    if not grid.is_upright:
        raise ServiceError("Image.gradient: The projection must not be rotated.")
    across, down, mask = central_differences(grid, raster)
    width, height = pixel_sides(grid)
    return across / width, down / height, mask


@FAMILY.algorithm("Image.gradient")
def gradient(input_: Image) -> Image:
    """Bands x and y: change of the single band by a metre to the east and to the north."""
    if len(input_.bands) != 1:
        raise ServiceError(f"Image.gradient: Expected an image with 1 band, got {len(input_.bands)}.")
    band = input_.bands[0]
    pixel_type = wider_float(band.pixel_type)
    return input_.with_bands(
        neighbouring(band, "x", _slope(0), pixel_type), neighbouring(band, "y", _slope(1), pixel_type)
    )


def _slope(number: int) -> Callable[[Grid, Raster], Raster]:
    def function(grid: Grid, raster: Raster) -> Raster:
        *parts, mask = ground_gradient(grid, raster)
        return Raster(parts[number], mask)

    return function


@FAMILY.algorithm("Image.zeroCrossing")
def zero_crossing(image: Image) -> Image:
    """1 where a pixel and its right or lower neighbour have opposite signs, or the pixel is 0."""
    return image.with_bands(*(neighbouring(band, band.id, _crossed, BOOLEAN) for band in image.bands))


def _crossed(grid: Grid, raster: Raster) -> Raster:
    signs = np.where(raster.mask > 0, np.sign(raster.data), 0).astype(np.int8)
    here = NEIGHBOURS.shifted(signs, grid, 0, 0)
    beside, below = (NEIGHBOURS.shifted(signs, grid, x, y) for x, y in ((1, 0), (0, 1)))
    found = (here == 0) | (here * beside < 0) | (here * below < 0)
    return Raster(found, NEIGHBOURS.shifted(raster.mask, grid, 0, 0))
