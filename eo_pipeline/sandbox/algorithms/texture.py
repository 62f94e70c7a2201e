"""How often values, and pairs of them, occur around each pixel. What does not belong here: statistics of the values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from eo_pipeline.sandbox.algorithms.composites import layer
from eo_pipeline.sandbox.algorithms.neighbourhoods import grown, surrounding
from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.graph.grids import Grid
from eo_pipeline.sandbox.graph.images import Band, Image
from eo_pipeline.sandbox.graph.kernels import Kernel
from eo_pipeline.sandbox.graph.limits import each
from eo_pipeline.sandbox.graph.occurrences import Pairs, repeats
from eo_pipeline.sandbox.graph.pixel_types import DOUBLE
from eo_pipeline.sandbox.graph.pixels import Pixels, Raster
from eo_pipeline.sandbox.graph.registry import Family
from eo_pipeline.sandbox.graph.surroundings import Reach, around

FAMILY = Family()

LARGEST_SIZE = 32
"""Pixels from the middle of a window of Image.glcmTexture to its edge, at most."""

MOST_DIRECTIONS = 64
"""Directions in which Image.glcmTexture looks for pairs."""

SAMPLES_AT_ONCE = 4_000_000
"""Pairs, or values, that are looked at together; more are cut into strips of rows."""

METRICS = (
    "asm", "contrast", "corr", "var", "idm", "savg", "svar", "sent", "ent", "dvar", "dent", "imcorr1", "imcorr2",
    "maxcorr", "diss", "inertia", "shade", "prom",
)  # fmt: skip
"""Suffixes of the bands of Image.glcmTexture, in order."""

_DEFAULT_OFFSETS = ((-1, -1), (0, -1), (1, -1), (-1, 0))


@dataclass(frozen=True)
class _Window:
    """Pairs of pixels within a square window.

    Attributes:
        size: pixels from the middle of the window to its edge.
        offsets: (columns, rows) from the first pixel of a pair to the second, one a direction.
    """

    size: int
    offsets: tuple[tuple[int, int], ...]

    def starts(self, dx: int, dy: int) -> list[tuple[int, int]]:
        """Places (columns, rows from the middle) from which an offset stays inside."""
        size = self.size
        across = range(max(-size, -size - dx), min(size, size - dx) + 1)
        down = range(max(-size, -size - dy), min(size, size - dy) + 1)
        return [(x, y) for y in down for x in across]


@FAMILY.algorithm("Image.glcmTexture")
def glcm_texture(image: Image, size: int, kernel: Kernel | None, average: bool) -> Image:
    """Bands BAND_METRIC of the grey-level co-occurrences around each pixel, or BAND_METRIC_x_y for each direction."""
    if not 0 < size <= LARGEST_SIZE:
        raise ServiceError(f"Image.glcmTexture: Expected a size of 1..{LARGEST_SIZE}, got {size}.")
    if any(not b.pixel_type.is_integer or b.pixel_type.dtype.itemsize > 4 for b in image.bands):
        raise ServiceError("Image.glcmTexture: Only 32-bit or smaller integer types are currently supported.")
    window = _Window(size, _DEFAULT_OFFSETS if kernel is None else _directions(kernel))
    if not all(window.starts(x, y) for x, y in window.offsets):
        raise ServiceError("Image.glcmTexture: The kernel reaches farther than the neighborhood.")
    bands: list[Band] = []
    for band in image.bands:
        bands += _textures(band, window, average=average)
    return image.with_bands(*bands)


def _directions(kernel: Kernel) -> tuple[tuple[int, int], ...]:
    """Offsets of the weights but the focus; of two opposite ones the first."""
    offsets: list[tuple[int, int]] = []
    for x, y, _ in kernel.at(1.0).offsets:
        if (x, y) != (0, 0) and (-x, -y) not in offsets:
            offsets.append((x, y))
    if not 0 < len(offsets) <= MOST_DIRECTIONS:
        raise ServiceError(f"Image.glcmTexture: Expected a kernel of 1..{MOST_DIRECTIONS} directions.")
    return tuple(offsets)


def _textures(band: Band, window: _Window, *, average: bool) -> list[Band]:
    reach = around(window.size)

    def compute(grid: Grid, rasters: Sequence[Raster]) -> Raster:
        found = [_of_direction(grid, rasters[0], reach, window, offset) for offset in window.offsets]
        data = np.stack([raster.data for raster in found])
        valid = np.stack([raster.mask for raster in found])
        if average:
            known = np.maximum(valid.sum(axis=0), 1)
            data, valid = ((data * valid[:, None]).sum(axis=0) / known)[None], valid.any(axis=0)[None]
        here = reach.shifted(rasters[0].mask, grid, 0, 0)
        mask = np.repeat(valid * here.astype(np.float32), len(METRICS), axis=0)
        return Raster(data.reshape(-1, *grid.shape), mask.astype(np.float32))

    shared = Pixels((band.pixels,), compute, reach.grown)
    suffixes = [""] if average else [f"_{x}_{y}" for x, y in window.offsets]
    names = [f"{band.id}_{metric}{suffix}" for suffix in suffixes for metric in METRICS]
    return [
        replace(band, id=name, pixel_type=DOUBLE, pixels=layer(shared, number, DOUBLE))
        for number, name in enumerate(names)
    ]


def _of_direction(grid: Grid, raster: Raster, reach: Reach, window: _Window, offset: tuple[int, int]) -> Raster:
    """Layers (metric, row, column) of one direction, and where there is a pair at all."""
    starts = window.starts(*offset)
    valid = raster.mask > 0
    rows = max(1, SAMPLES_AT_ONCE // (len(starts) * grid.width))
    data, known = np.zeros((len(METRICS), *grid.shape)), np.zeros(grid.shape, bool)
    for top in each(range(0, grid.height, rows)):
        strip = grid.window(0, top, grid.width, min(rows, grid.height - top))

        def at(values: np.ndarray, dx: int, dy: int, top: int = top, strip: Grid = strip) -> np.ndarray:
            return reach.shifted(values[top:], strip, dx, dy).ravel()

        first = np.stack([at(raster.data, x, y) for x, y in starts])
        second = np.stack([at(raster.data, x + offset[0], y + offset[1]) for x, y in starts])
        both = np.stack([at(valid, x, y) & at(valid, x + offset[0], y + offset[1]) for x, y in starts])
        pairs = Pairs.symmetric(first, second, both)
        data[:, top : top + strip.height] = _metrics(pairs).reshape(-1, *strip.shape)
        known[top : top + strip.height] = both.any(axis=0).reshape(strip.shape)
    return Raster(data, known)


def _metrics(pairs: Pairs) -> np.ndarray:
    """(metric, place): Haralick's, then Conners'. Natural logarithms; the sum variance is around the sum average."""
    i, j = pairs.first.astype(np.float64), pairs.second.astype(np.float64)
    mean = pairs.mean(i)
    variance = pairs.mean((i - mean) ** 2)
    gaps = np.abs(pairs.first - pairs.second)
    contrast = pairs.mean(gaps**2.0)
    average_difference = pairs.mean(gaps)
    covariance = pairs.mean((i - mean) * (j - mean))
    (joint, squares), (single, _) = pairs.spread(pairs.codes), pairs.spread(pairs.first)
    (sum_entropy, _), (difference_entropy, _) = pairs.spread(pairs.first + pairs.second), pairs.spread(gaps)
    around_sum = i + j - 2 * mean
    return np.stack(
        [
            squares,
            contrast,
            np.divide(covariance, variance, out=np.zeros_like(variance), where=variance > 0),
            variance,
            pairs.mean(1 / (1 + gaps**2.0)),
            2 * mean,
            pairs.mean(around_sum**2),
            sum_entropy,
            joint,
            contrast - average_difference**2,
            difference_entropy,
            np.divide(joint - 2 * single, single, out=np.zeros_like(single), where=single > 0),
            np.sqrt(np.maximum(0, 1 - np.exp(-2 * (2 * single - joint)))),
            np.zeros_like(mean),
            average_difference,
            contrast,
            pairs.mean(around_sum * around_sum * around_sum),
            pairs.mean((around_sum * around_sum) ** 2),
        ]
    )


@FAMILY.algorithm("Image.entropy")
def entropy(image: Image, kernel: Kernel) -> Image:
    """The entropy in bits of the values under a kernel, masked where the pixel in the middle is."""
    if any(not b.pixel_type.is_integer or b.pixel_type.dtype.itemsize > 4 for b in image.bands):
        raise ServiceError("Image.entropy: Only 32-bit or smaller integer types are currently supported.")
    return image.with_bands(*(_entropy(band, kernel) for band in image.bands))


def _entropy(band: Band, kernel: Kernel) -> Band:
    def compute(grid: Grid, rasters: Sequence[Raster]) -> Raster:
        weights = surrounding(kernel, grid)
        offsets, reach = weights.offsets, weights.reach
        valid, result = rasters[0].mask > 0, np.zeros(grid.shape)
        rows = max(1, SAMPLES_AT_ONCE // (max(1, len(offsets)) * grid.width))
        for top in each(range(0, grid.height if offsets else 0, rows)):
            strip = grid.window(0, top, grid.width, min(rows, grid.height - top))
            samples, used = (
                np.stack([reach.shifted(values[top:], strip, x, y).ravel() for x, y, _ in offsets])
                for values in (rasters[0].data, valid)
            )
            number = np.maximum(used.sum(axis=0), 1)
            times, real = repeats(samples, used)
            bits = np.where(real, np.log2(times / number), 0).sum(axis=0) / -number
            result[top : top + strip.height] = bits.reshape(strip.shape)
        return Raster(result, reach.shifted(rasters[0].mask, grid, 0, 0))

    return replace(band, pixel_type=DOUBLE, pixels=Pixels((band.pixels,), compute, lambda grid: grown(kernel, grid)))
