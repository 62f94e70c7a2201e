"""Objects of connected equal pixels: their names, sizes and statistics. What does not belong here: their outlines."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from eo_pipeline.sandbox.algorithms.composites import layer
from eo_pipeline.sandbox.algorithms.convolutions import neighbouring
from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.graph.grids import Grid
from eo_pipeline.sandbox.graph.images import Band, Image
from eo_pipeline.sandbox.graph.kernels import Kernel
from eo_pipeline.sandbox.graph.pixel_types import PixelType, pixel_type_of
from eo_pipeline.sandbox.graph.pixels import Pixels, Raster
from eo_pipeline.sandbox.graph.reducers import Outcome, Reducer
from eo_pipeline.sandbox.graph.registry import Family
from eo_pipeline.sandbox.graph.segments import EIGHT, FOUR, Segments, segments
from eo_pipeline.sandbox.graph.surroundings import around

FAMILY = Family()

LARGEST_OBJECT = 1024
"""Pixels that an object may have, or extend over."""

LABEL = PixelType("int", 0, 2**31 - 1)
"""Type of the labels of Image.connectedComponents."""

_PERIOD = (2**16, 2**15)
"""Rows and columns of the lattice after which labels repeat."""


def _checked(function: str, max_size: int) -> int:
    if not 0 < max_size <= LARGEST_OBJECT:
        raise ServiceError(f"{function}: Expected maxSize 1..{LARGEST_OBJECT}, got {max_size}.")
    return max_size


@FAMILY.algorithm("Image.connectedPixelCount")
def connected_pixel_count(input_: Image, max_size: int, eight_connected: bool) -> Image:
    """How many connected pixels have the same value, at most maxSize."""
    size = _checked("Image.connectedPixelCount", max_size)
    reach, offsets = around(size), EIGHT if eight_connected else FOUR

    def count(grid: Grid, raster: Raster) -> Raster:
        found = segments(raster.data, raster.mask > 0, offsets)
        sizes = np.minimum(found.spread(found.sizes), size)
        return Raster(reach.shifted(sizes, grid, 0, 0), reach.shifted(raster.mask, grid, 0, 0))

    return input_.with_bands(*(neighbouring(b, b.id, count, pixel_type_of("i4"), reach) for b in input_.bands))


@FAMILY.algorithm("Image.connectedComponents")
def connected_components(image: Image, connectedness: Kernel, max_size: int) -> Image:
    """The image with a band labels: one number for each object of the first band; larger objects are masked."""
    size = _checked("Image.connectedComponents", max_size)
    if not image.bands:
        raise ServiceError("Image.connectedComponents: The image has no bands.")
    first = image.bands[0]
    offsets = [(x, y) for x, y, _ in connectedness.at(1.0).offsets if (x, y) != (0, 0)]
    if not offsets:
        raise ServiceError("Image.connectedComponents: The connectedness kernel has no neighbours.")
    reach = around(size * max(max(abs(x), abs(y)) for x, y in offsets))
    if reach.left > LARGEST_OBJECT:
        raise ServiceError(f"Image.connectedComponents: Kernel and maxSize reach over {LARGEST_OBJECT} pixels.")

    def label(grid: Grid, raster: Raster) -> Raster:
        found = segments(raster.data, raster.mask > 0, offsets)
        names = found.spread(_names(found, reach.grown(grid)))
        small = (found.spread(found.sizes) <= size).astype(raster.mask.dtype)
        return Raster(reach.shifted(names, grid, 0, 0), reach.shifted(raster.mask * small, grid, 0, 0))

    labels = neighbouring(first, "labels", label, LABEL, reach)
    small = replace(labels, pixels=_masked_as(labels, first))
    return image.with_bands(*(replace(band, pixels=_masked_as(band, labels)) for band in image.bands), small)


def _masked_as(band: Band, other: Band) -> Pixels:
    """The pixels of a band where another one is valid."""

    def compute(_: Grid, rasters: Sequence[Raster]) -> Raster:
        return Raster(rasters[0].data, np.minimum(rasters[0].mask, rasters[1].mask, dtype=np.float32))

    return Pixels((band.pixels, other.pixels), compute)


def _names(found: Segments, grid: Grid) -> np.ndarray:
    """A number for each segment that depends only on where on the lattice its first pixel lies."""
    column, row = _lattice_place(grid)
    rows = (found.rows + row) % _PERIOD[0]
    columns = (found.first_column + column) % _PERIOD[1]
    return np.asarray(rows * _PERIOD[1] + columns)


def _lattice_place(grid: Grid) -> tuple[int, int]:
    """Column and row of the grid's first pixel, counted from the origin of the CRS in pixels of the grid.

    A third of a pixel is added, so that rounding cannot decide for edges on whole or half pixels.
    """
    a, b, c, d, e, f = grid.transform
    size = a * e - b * d
    return math.floor((c * e - f * b) / size + 1 / 3), math.floor((f * a - c * d) / size + 1 / 3)


@FAMILY.algorithm("Image.reduceConnectedComponents")
def reduce_connected_components(image: Image, reducer: Reducer, label_band: str | None, max_size: int) -> Image:
    """The reducer's outputs over each object of the label band, at each of its pixels; large objects are masked."""
    size = _checked("Image.reduceConnectedComponents", max_size)
    label = next((band for band in image.bands if label_band in (None, band.id)), None)
    if label is None:
        raise ServiceError(f"Image.reduceConnectedComponents: No band named '{label_band}'.")
    inputs = [band for band in image.bands if band is not label]
    if reducer.inputs == 1:
        groups = [[band] for band in inputs]
    elif reducer.inputs == len(inputs):
        groups = [inputs]
    else:
        raise ServiceError(f"Image.reduceConnectedComponents: Need {reducer.inputs} bands, got {len(inputs)}.")
    bands: list[Band] = []
    for group in groups:
        bands += _reduced(label, group, reducer, size)
    return image.with_bands(*bands)


def _reduced(label: Band, group: Sequence[Band], reducer: Reducer, size: int) -> list[Band]:
    reach = around(size)

    def compute(grid: Grid, rasters: Sequence[Raster]) -> Raster:
        found = segments(rasters[0].data, rasters[0].mask > 0, EIGHT)
        tall, wide = found.last_rows - found.rows, found.last_columns - found.columns
        fits = (tall < size) & (wide < size)
        outcomes = segment_outcomes(reducer, found, rasters[1:])
        valid = [(here & fits).astype(np.float32) for _, here in outcomes]
        data = np.stack([reach.shifted(found.spread(values), grid, 0, 0) for values, _ in outcomes])
        here = (reach.shifted(rasters[0].mask, grid, 0, 0) > 0).astype(np.float32)
        mask = np.stack([reach.shifted(found.spread(one), grid, 0, 0) * here for one in valid])
        return Raster(data, mask)

    shared = Pixels((label.pixels, *(band.pixels for band in group)), compute, reach.grown)
    types = reducer.types([band.pixel_type for band in group])
    prefix = f"{group[0].id}_" if reducer.inputs == 1 else ""
    plain = reducer.inputs == 1 and len(reducer.outputs) == 1
    names = [group[0].id] if plain else [prefix + output for output in reducer.outputs]
    return [
        replace(group[0], id=name, pixel_type=pixel_type, pixels=layer(shared, number, pixel_type))
        for number, (name, pixel_type) in enumerate(zip(names, types, strict=True))
    ]


def segment_outcomes(reducer: Reducer, found: Segments, rasters: Sequence[Raster]) -> list[Outcome]:
    """A reducer's outputs, each (values (segment), valid (segment)), over the pixels of each segment.

    Segments of the same size run together.
    """
    order = np.argsort(found.numbers, axis=None, kind="stable")[np.count_nonzero(found.numbers < 0) :]
    ends = np.cumsum(found.sizes)
    starts = ends - found.sizes
    values = [np.zeros(len(ends), object) for _ in reducer.outputs]
    valid = [np.zeros(len(ends), bool) for _ in reducer.outputs]
    for size in np.unique(found.sizes):
        chosen = np.flatnonzero(found.sizes == size)
        places = order[starts[chosen][None, :] + np.arange(size)[:, None]]
        samples = [raster.data.ravel()[places] for raster in rasters]
        weights = np.minimum.reduce(
            [np.ones(places.shape, np.float32), *(raster.mask.ravel()[places] for raster in rasters)]
        )
        for number, (outcome, here) in enumerate(reducer.run(samples, weights)):
            values[number][chosen], valid[number][chosen] = outcome, here
    return [(_numbers(one, here), here) for one, here in zip(values, valid, strict=True)]


def _numbers(values: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """Objects as double where all of them are numbers; 0 where not valid."""
    whole = np.where(valid, values, 0)
    return whole if any(isinstance(one, list | dict) for one in whole) else whole.astype(np.float64)
