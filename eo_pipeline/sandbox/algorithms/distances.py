"""Distances to the nearest pixel that is not 0. What does not belong here: kernels; connected pixels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from eo_pipeline.sandbox.algorithms.convolutions import neighbouring
from eo_pipeline.sandbox.algorithms.kernels import distances
from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.graph.grids import Grid
from eo_pipeline.sandbox.graph.images import Band, Image
from eo_pipeline.sandbox.graph.kernels import Distance, Kernel
from eo_pipeline.sandbox.graph.limits import each
from eo_pipeline.sandbox.graph.pixel_types import FLOAT
from eo_pipeline.sandbox.graph.pixels import Pixels, Raster
from eo_pipeline.sandbox.graph.registry import Family
from eo_pipeline.sandbox.graph.surroundings import around

FAMILY = Family()

LARGEST_NEIGHBOURHOOD = 1024
"""Pixels that distances may reach, at most."""

DEFAULT_RADIUS = 256
"""Radius in pixels of the Euclidean kernel that Image.distance uses by default."""


def nearest_distances(sources: np.ndarray, size: int, distance: Distance) -> np.ndarray:
    """Distance to the nearest source within `size` columns and rows; infinite where there is none.

    The nearest source of a column is the same for any metric that grows with the rows between, so one pass
    along the columns and one along the rows are enough.

    Args:
        sources: True (row, column) where a source is, on a grid grown by `size`.
        size: how far to look.
        distance: of offsets in pixels.

    Returns:
        (row, column) on the grid itself, in pixels.
    """
    height, width = (side - 2 * size for side in sources.shape)
    rows = _rows_to_nearest(sources)[size : size + height]
    result = np.full((height, width), np.inf)
    for column in each(range(-size, size + 1)):
        down = rows[:, size + column : size + column + width]
        away = distance(np.full((), abs(column)), np.minimum(down, size))
        result = np.minimum(result, np.where(down <= size, away, np.inf))
    return result


def _rows_to_nearest(sources: np.ndarray) -> np.ndarray:
    """Rows to the nearest source of the same column; more than there are rows if there is none."""
    rows = np.arange(sources.shape[0])[:, None]
    far = 2 * sources.shape[0] + DEFAULT_RADIUS + LARGEST_NEIGHBOURHOOD
    above = np.maximum.accumulate(np.where(sources, rows, -far), axis=0)
    below = np.minimum.accumulate(np.where(sources, rows, far)[::-1], axis=0)[::-1]
    return np.asarray(np.minimum(rows - above, below - rows))


def _sources(raster: Raster) -> np.ndarray:
    return np.asarray((raster.mask > 0) & (raster.data != 0))


@FAMILY.algorithm("Image.fastDistanceTransform")
def fast_distance_transform(image: Image, neighborhood: int, units: str, metric: str) -> Image:
    """Band distance: squared Euclidean (or another) distance in pixels, masked where nothing is near enough."""
    metrics: dict[str, Distance] = {
        "squared_euclidean": lambda x, y: x**2 + y**2,
        "manhattan": np.add,
        "chebyshev": np.maximum,
    }
    if metric not in metrics or units != "pixels":
        raise ServiceError(f"Image.fastDistanceTransform: Unknown metric or units: '{metric}', '{units}'.")
    if not 0 < neighborhood <= LARGEST_NEIGHBOURHOOD:
        raise ServiceError(f"Image.fastDistanceTransform: Expected a neighborhood of 1..{LARGEST_NEIGHBOURHOOD}.")
    if not image.bands:
        raise ServiceError("Image.fastDistanceTransform: The image has no bands.")

    def transform(_: Grid, raster: Raster) -> Raster:
        found = nearest_distances(_sources(raster), neighborhood, metrics[metric])
        return _known(found)

    return image.with_bands(neighbouring(image.bands[0], "distance", transform, FLOAT, around(neighborhood)))


def _known(found: np.ndarray) -> Raster:
    """Distances that are finite; the others are masked."""
    known = np.isfinite(found)
    return Raster(np.where(known, found, 0), known)


@FAMILY.algorithm("Image.distance")
def distance(image: Image, kernel: Kernel | None, skip_masked: bool) -> Image:
    """Distance of each band's pixels to the nearest non-zero one under a kernel of distances."""
    chosen = kernel or distances("euclidean", DEFAULT_RADIUS, "pixels")
    if chosen.metric is None:
        raise ServiceError("Image.distance: The kernel must be one of chebyshev, euclidean, or manhattan.")
    return image.with_bands(*(_distanced(band, chosen, skip_masked=skip_masked) for band in image.bands))


def _distanced(band: Band, kernel: Kernel, *, skip_masked: bool) -> Band:
    metric = kernel.metric
    if metric is None:
        raise TypeError("expected a kernel of distances; check it before")

    def ask(grid: Grid) -> Grid:
        return around(metric.reach(grid.projection.nominal_scale())).grown(grid)

    def compute(grid: Grid, rasters: Sequence[Raster]) -> Raster:
        scale = grid.projection.nominal_scale()
        size = metric.reach(scale)
        found = _known(nearest_distances(_sources(rasters[0]), size, metric.distance) * metric.unit(scale))
        here = around(size).shifted(rasters[0].mask, grid, 0, 0)
        return Raster(found.data.astype(np.float32), found.mask * here if skip_masked else found.mask)

    return replace(band, pixel_type=FLOAT, pixels=Pixels((band.pixels,), compute, ask))


def ray(angle: float, length: float) -> list[tuple[int, int]]:
    """Offsets (columns, rows) of the pixels along a direction, without the first, none farther than the length.

    Args:
        angle: degrees counter-clockwise from the direction of increasing columns.
        length: pixels.
    """
    east, north = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    step = max(abs(east), abs(north))
    offsets = [(round(n * east / step), -round(n * north / step)) for n in range(1, math.ceil(length) + 1)]
    return [(x, y) for x, y in offsets if math.hypot(x, y) <= length]


@FAMILY.algorithm("Image.directionalDistanceTransform")
def directional_distance_transform(source: Image, angle: float, max_distance: int, label_band: str | None) -> Image:
    """Band distance to the first non-zero pixel in a direction, and the other bands' values there."""
    if not 0 < max_distance <= LARGEST_NEIGHBOURHOOD:
        raise ServiceError(f"Image.directionalDistanceTransform: Expected maxDistance 1..{LARGEST_NEIGHBOURHOOD}.")
    if label_band is None and len(source.bands) != 1:
        raise ServiceError("Image.directionalDistanceTransform: Expected one band, or the name of the label band.")
    label = next((band for band in source.bands if label_band in (None, band.id)), None)
    if label is None:
        raise ServiceError(f"Image.directionalDistanceTransform: No band named '{label_band}'.")
    steps = [(0, 0), *ray(angle, max_distance)]
    others = [] if label_band is None else [band for band in source.bands if band is not label]
    found = [replace(_seen(label, band, steps), id=band.id) for band in others]
    return source.with_bands(*found, _seen(label, None, steps))


def _seen(label: Band, other: Band | None, steps: list[tuple[int, int]]) -> Band:
    """The distance to the first step where a label is, or another band's value there."""
    reach = around(max(max(abs(x), abs(y)) for x, y in steps))
    pixel_type = FLOAT if other is None else other.pixel_type

    def compute(grid: Grid, rasters: Sequence[Raster]) -> Raster:
        sources = _sources(rasters[0])
        data, mask = np.zeros(grid.shape, pixel_type.dtype), np.zeros(grid.shape, np.float32)
        free = np.ones(grid.shape, bool)
        for x, y in steps:
            hit = free & reach.shifted(sources, grid, x, y)
            value = math.hypot(x, y) if other is None else reach.shifted(rasters[-1].data, grid, x, y)
            valid = 1.0 if other is None else reach.shifted(rasters[-1].mask, grid, x, y)
            data, mask = np.where(hit, value, data), np.where(hit, valid, mask)
            free &= ~hit
        return Raster(data.astype(pixel_type.dtype), mask)

    nodes = (label.pixels,) if other is None else (label.pixels, other.pixels)
    return replace(label, id="distance", pixel_type=pixel_type, pixels=Pixels(nodes, compute, reach.grown))
