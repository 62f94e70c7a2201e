"""Reducing the pixels around each pixel of the requested grid. What does not belong here: kernels, convolutions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from eo_pipeline.sandbox.algorithms.composites import layer
from eo_pipeline.sandbox.algorithms.kernels import SHAPES, flat
from eo_pipeline.sandbox.algorithms.reducers import plain
from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.graph.grids import Grid
from eo_pipeline.sandbox.graph.images import Band, Image
from eo_pipeline.sandbox.graph.kernels import Kernel, Weights
from eo_pipeline.sandbox.graph.limits import reserve
from eo_pipeline.sandbox.graph.pixels import Pixels, Raster
from eo_pipeline.sandbox.graph.reducers import Reducer, only_numbers
from eo_pipeline.sandbox.graph.registry import Family

FAMILY = Family()

MOST_ITERATIONS = 100
"""Times that a focal function may be applied at once; each time, more pixels around are needed."""

MOST_BANDS = 4096
"""Bands that Image.neighborhoodToBands may make."""


def surrounding(kernel: Kernel, grid: Grid) -> Weights:
    """The weights of a kernel in the pixels of a grid."""
    return kernel.at(grid.projection.nominal_scale())


def grown(kernel: Kernel, grid: Grid) -> Grid:
    """A grid with the pixels that a kernel looks at."""
    return surrounding(kernel, grid).reach.grown(grid)


def around_each(
    group: Sequence[Band], kernel: Kernel, reducer: Reducer, names: Sequence[str], *, weigh: str, skip_masked: bool
) -> list[Band]:
    """One band for each output of a reducer over the kernel's pixels of one band for each input.

    Args:
        group: the bands.
        kernel: which pixels count.
        reducer: what to compute.
        names: of the results.
        weigh: what samples count: their kernel weight, their mask, or the smaller one (kernel, mask, min).
        skip_masked: masked pixels stay masked, whatever lies around them.
    """

    def compute(grid: Grid, rasters: Sequence[Raster]) -> Raster:
        weights = surrounding(kernel, grid)
        reach, offsets = weights.reach, weights.offsets
        reserve(len(offsets) * grid.width * grid.height * (8 * len(rasters) + 32))
        masks = np.minimum.reduce([raster.mask.astype(np.float64) for raster in rasters])
        samples = [
            np.stack([reach.shifted(raster.data, grid, x, y).ravel() for x, y, _ in offsets]) for raster in rasters
        ]
        near = np.stack([reach.shifted(masks, grid, x, y).ravel() for x, y, _ in offsets])
        heavy = _weighed(weigh, np.array([weight for _, _, weight in offsets])[:, None], near)
        outcomes = reducer.run(samples, heavy, near > 0)
        only_numbers(reducer, outcomes)
        middle = reach.shifted(masks, grid, 0, 0).ravel() if skip_masked else (near > 0).any(axis=0)
        values = np.stack([np.where(valid, found, 0).astype(np.float64) for found, valid in outcomes])
        valid = np.stack([(middle * valid).astype(np.float32) for _, valid in outcomes])
        return Raster(values.reshape(-1, *grid.shape), valid.reshape(-1, *grid.shape))

    shared = Pixels(tuple(band.pixels for band in group), compute, lambda grid: grown(kernel, grid))
    types = reducer.types([band.pixel_type for band in group])
    return [
        replace(group[0], id=name, pixel_type=pixel_type, pixels=layer(shared, number, pixel_type))
        for number, (name, pixel_type) in enumerate(zip(names, types, strict=True))
    ]


def _weighed(weigh: str, kernel: np.ndarray, masks: np.ndarray) -> np.ndarray:
    if weigh == "mask":
        return masks
    return np.where(masks > 0, kernel, 0) if weigh == "kernel" else np.minimum(kernel, masks)


@FAMILY.algorithm("Image.reduceNeighborhood")
def reduce_neighborhood(image: Image, reducer: Reducer, kernel: Kernel, input_weight: str, skip_masked: bool) -> Image:
    """A reducer over the kernel around each pixel; bands are named BAND_OUTPUT, or OUTPUT if it has several inputs."""
    if input_weight not in ("mask", "kernel", "min"):
        raise ServiceError(f"Image.reduceNeighborhood: Expected inputWeight mask, kernel or min, got '{input_weight}'.")
    if reducer.inputs == 1:
        groups: list[tuple[Band, ...]] = [(band,) for band in image.bands]
    elif reducer.inputs == len(image.bands):
        groups = [image.bands]
    else:
        raise ServiceError(f"Image.reduceNeighborhood: Need {reducer.inputs} bands, the image has {len(image.bands)}.")
    bands: list[Band] = []
    for group in groups:
        prefix = f"{group[0].id}_" if reducer.inputs == 1 else ""
        names = [prefix + output for output in reducer.outputs]
        bands += around_each(group, kernel, reducer, names, weigh=input_weight, skip_masked=skip_masked)
    return image.with_bands(*bands)


def _register_focal(name: str, reducer: str) -> None:
    def function(
        image: Image, *, radius: float, kernel_type: str, units: str, iterations: int, kernel: Kernel | None
    ) -> Image:
        if kernel is None and kernel_type not in SHAPES:
            raise ServiceError(f"Image.{name}: Expected kernelType {', '.join(SHAPES)}, got '{kernel_type}'.")
        if iterations > MOST_ITERATIONS:
            raise ServiceError(f"Image.{name}: At most {MOST_ITERATIONS} iterations are possible, got {iterations}.")
        chosen = kernel or flat(kernel_type, radius, units, normalize=False, magnitude=1.0)
        bands = list(image.bands)
        for _ in range(iterations):
            bands = [
                around_each([band], chosen, plain(reducer), [band.id], weigh="kernel", skip_masked=True)[0]
                for band in bands
            ]
        return image.with_bands(*bands)

    FAMILY.add(f"Image.{name}", function)


for _name in ("Max", "Min", "Mean", "Median", "Mode"):
    _register_focal(f"focal{_name}", _name.lower())
    _register_focal(f"focal_{_name.lower()}", _name.lower())


@FAMILY.algorithm("Image.neighborhoodToBands")
def neighborhood_to_bands(image: Image, kernel: Kernel) -> Image:
    """A band BAND_x_y for each pixel of the kernel, x columns to the right and y rows below."""
    offsets = kernel.at(1.0).offsets
    if len(offsets) * len(image.bands) > MOST_BANDS:
        raise ServiceError(f"Image.neighborhoodToBands: At most {MOST_BANDS} bands are possible.")
    return image.with_bands(*(_moved(band, x, y) for band in image.bands for x, y, _ in offsets))


def _moved(band: Band, x: int, y: int) -> Band:
    """The band x columns to the right and y rows below."""

    def ask(grid: Grid) -> Grid:
        return grid.window(x, y, grid.width, grid.height)

    pixels = Pixels((band.pixels,), lambda _, rasters: rasters[0], ask)
    return replace(band, id=f"{band.id}_{x}_{y}", pixels=pixels)
