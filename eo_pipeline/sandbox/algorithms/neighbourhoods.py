"""Kernels, and reducing the pixels around each pixel of the requested grid. What does not belong here: distances."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from eo_pipeline.sandbox.algorithms.composites import layer
from eo_pipeline.sandbox.algorithms.reducers import plain
from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.graph.grids import Grid
from eo_pipeline.sandbox.graph.images import Band, Image
from eo_pipeline.sandbox.graph.pixels import Pixels, Raster
from eo_pipeline.sandbox.graph.reducers import Reducer
from eo_pipeline.sandbox.graph.registry import Family
from eo_pipeline.sandbox.graph.values import Kernel

FAMILY = Family()

LARGEST_RADIUS = 256
"""Pixels from the centre of a kernel to its edge, at most."""

MOST_ITERATIONS = 100
"""Times that a focal function may be applied at once; each time, more pixels around are needed."""

Shape = Callable[[np.ndarray, np.ndarray, float], np.ndarray]
"""(columns, rows from the centre, radius) in pixels -> True where the kernel has weight."""

_SHAPES: dict[str, Shape] = {
    "circle": lambda x, y, radius: x**2 + y**2 <= radius**2,
    "square": lambda x, y, radius: (np.abs(x) <= radius) & (np.abs(y) <= radius),
    "plus": lambda x, y, _: (x == 0) | (y == 0),
    "diamond": lambda x, y, radius: np.abs(x) + np.abs(y) <= radius,
}


def _kernel(shape: Shape, radius: float, units: str, total: float | None, magnitude: float) -> Kernel:
    """A flat kernel; weights sum up to `total` unless that is None."""
    if units not in ("pixels", "meters"):
        raise ServiceError(f"Kernel: Units must be 'pixels' or 'meters', got '{units}'.")

    def at(scale: float) -> np.ndarray:
        reach = radius if units == "pixels" else radius / scale
        if not 0 <= reach <= LARGEST_RADIUS:
            raise ServiceError(f"Kernel: A radius of {reach:g} pixels is not within 0 and {LARGEST_RADIUS}.")
        side = int(reach)
        rows, columns = np.mgrid[-side : side + 1, -side : side + 1]
        weights = shape(columns, rows, reach).astype(np.float64)
        with np.errstate(invalid="ignore"):
            return np.asarray(weights * magnitude * (1 if total is None else total / weights.sum()))

    return Kernel(at)


def _register_kernel(name: str, shape: Shape) -> None:
    def function(radius: float, units: str, normalize: bool, magnitude: float) -> Kernel:
        return _kernel(shape, radius, units, 1.0 if normalize else None, magnitude)

    FAMILY.add(f"Kernel.{name}", function)


for _name, _shape in _SHAPES.items():
    _register_kernel(_name, _shape)


def _around(band: Band, kernel: Kernel, reducer: Reducer, names: Sequence[str]) -> list[Band]:
    """One band for each output of a reducer over the kernel's pixels; masked where the band itself is."""

    def ask(grid: Grid) -> Grid:
        rows, columns = kernel.at(grid.projection.nominal_scale()).shape
        down, across = rows // 2, columns // 2
        return grid.window(-across, -down, grid.width + 2 * across, grid.height + 2 * down)

    def compute(grid: Grid, rasters: Sequence[Raster]) -> Raster:
        weights = kernel.at(grid.projection.nominal_scale())
        data, mask = rasters[0].data, rasters[0].mask.astype(np.float64)
        height, width = grid.shape
        offsets = list(zip(*np.nonzero(weights), strict=True))
        samples = np.stack([data[r : r + height, c : c + width].ravel() for r, c in offsets])
        heavy = np.stack([weights[r, c] * mask[r : r + height, c : c + width].ravel() for r, c in offsets])
        outcomes = reducer.run([samples], heavy)
        middle = mask[weights.shape[0] // 2 :, weights.shape[1] // 2 :][:height, :width].ravel()
        values = np.stack([np.where(valid, found, 0).astype(np.float64) for found, valid in outcomes])
        valid = np.stack([(middle * valid).astype(np.float32) for _, valid in outcomes])
        return Raster(values.reshape(-1, height, width), valid.reshape(-1, height, width))

    shared = Pixels((band.pixels,), compute, ask)
    types = reducer.types([band.pixel_type])
    return [
        replace(band, id=name, pixel_type=pixel_type, pixels=layer(shared, number, pixel_type))
        for number, (name, pixel_type) in enumerate(zip(names, types, strict=True))
    ]


@FAMILY.algorithm("Image.reduceNeighborhood")
def reduce_neighborhood(image: Image, reducer: Reducer, kernel: Kernel) -> Image:
    """A reducer over the kernel around each pixel; bands are named BAND_OUTPUT."""
    bands: list[Band] = []
    for band in image.bands:
        bands += _around(band, kernel, reducer, [f"{band.id}_{output}" for output in reducer.outputs])
    return image.with_bands(*bands)


def _register_focal(name: str, reducer: str) -> None:
    def function(
        image: Image, *, radius: float, kernel_type: str, units: str, iterations: int, kernel: Kernel | None
    ) -> Image:
        if kernel is None and kernel_type not in _SHAPES:
            raise ServiceError(f"Image.{name}: The sandbox does not implement kernelType '{kernel_type}'.")
        if iterations > MOST_ITERATIONS:
            raise ServiceError(f"Image.{name}: At most {MOST_ITERATIONS} iterations are possible, got {iterations}.")
        chosen = kernel or _kernel(_SHAPES[kernel_type], radius, units, None, 1.0)
        bands = list(image.bands)
        for _ in range(iterations):
            bands = [_around(band, chosen, plain(reducer), [band.id])[0] for band in bands]
        return image.with_bands(*bands)

    FAMILY.add(f"Image.{name}", function)


for _name in ("Max", "Min", "Mean", "Median", "Mode"):
    _register_focal(f"focal{_name}", _name.lower())
    _register_focal(f"focal_{_name.lower()}", _name.lower())
