"""Images whose pixels are arrays, each of its own shape. What does not belong here: what is done with arrays.

Such a raster is an object array (row, column) of numpy arrays. Work is done on blocks, (pixel, *axes), of all pixels
whose arrays have the same shape: there are few shapes, and many pixels of each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.graph.grids import Grid
from eo_pipeline.sandbox.graph.images import Band
from eo_pipeline.sandbox.graph.pixel_types import PixelType
from eo_pipeline.sandbox.graph.pixels import Pixels, Raster

Blocks = Sequence[np.ndarray]
"""One array (pixel, *axes) for each operand; (pixel) if its pixels are plain numbers."""

OnBlocks = Callable[[Blocks, Sequence[int]], np.ndarray]
"""(blocks, the values of the keys that these pixels share) -> block of results, or cells if shapes differ."""


def cells(block: np.ndarray) -> np.ndarray:
    """A block (pixel, *axes) as an object array (pixel) of arrays; a block of plain numbers as it is."""
    if block.ndim == 1:
        return block
    return np.asarray(np.frompyfunc(block.__getitem__, 1, 1)(np.arange(len(block))), dtype=object)


def block_of(values: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Cells (pixel), at least one, of arrays of one shape as a block (pixel, *axes); plain numbers as they are."""
    if values.dtype != object:
        return values
    shape = values[0].shape
    return np.concatenate(values.tolist()).astype(dtype, copy=False).reshape(len(values), *shape)


def groups(columns: np.ndarray) -> Iterator[tuple[np.ndarray, list[int]]]:
    """Places of equal rows of a table (place, column) of whole numbers, and the row."""
    rows, inverse = np.unique(columns, axis=0, return_inverse=True)
    order = np.argsort(inverse.ravel(), kind="stable")
    ends = np.cumsum(np.bincount(inverse.ravel(), minlength=len(rows)))
    for row, places in zip(rows.tolist(), np.split(order, ends[:-1]), strict=True):
        yield places, row


def _shapes(values: np.ndarray, axes: int) -> np.ndarray:
    """Lengths (pixel, axis) of the arrays in cells."""
    if axes == 0:
        return np.zeros((len(values), 0), np.int64)
    return np.array([*map(np.shape, values)], np.int64).reshape(len(values), axes)


def on_arrays(
    operands: Sequence[Band], function: OnBlocks, like: Band, pixel_type: PixelType, keys: Sequence[Band] = ()
) -> Band:
    """A band computed from the arrays of others; valid where all operands and keys are and the result is finite.

    Args:
        operands: bands of arrays, or of plain numbers.
        function: what to compute for pixels of the same shapes and keys.
        like: the band whose name and place the result takes.
        pixel_type: of the result, with its number of dimensions.
        keys: bands of whole numbers that decide what is done at a pixel.
    """
    number = len(operands)
    element = [band.pixel_type.of(0).dtype for band in operands]
    if any(band.pixel_type.dimensions for band in keys):
        raise ServiceError("Array: Positions, lengths and numbers of copies must be plain numbers.")

    def compute(grid: Grid, rasters: Sequence[Raster]) -> Raster:
        mask = np.minimum.reduce([raster.mask.astype(np.float32) for raster in rasters])
        chosen = np.flatnonzero(mask.ravel() > 0)
        flat = [raster.data.ravel()[chosen] for raster in rasters]
        shapes = [_shapes(one, b.pixel_type.dimensions) for one, b in zip(flat[:number], operands, strict=True)]
        table = np.column_stack([*shapes, *(one.astype(np.int64) for one in flat[number:])]).astype(np.int64)
        axes = table.shape[1] - len(keys)
        data = np.zeros(mask.size, pixel_type.dtype)
        for places, row in groups(table) if len(chosen) else ():
            blocks = [block_of(one[places], kind) for one, kind in zip(flat[:number], element, strict=True)]
            with np.errstate(all="ignore"):
                found = function(blocks, row[axes:])
            if found.dtype == object:
                data[chosen[places]] = found
                continue
            if found.ndim != 1 + pixel_type.dimensions:
                raise ServiceError(f"Array: Expected arrays of {pixel_type.dimensions} dimensions.")
            if not pixel_type.dimensions:
                mask.ravel()[chosen[places]] *= np.isfinite(found)
                found = np.where(np.isfinite(found), found, 0)
            data[chosen[places]] = cells(found.astype(pixel_type.of(0).dtype, copy=False))
        return Raster(data.reshape(grid.shape), mask)

    nodes = tuple(band.pixels for band in (*operands, *keys))
    return replace(like, pixel_type=pixel_type, pixels=Pixels(nodes, compute))


def elementwise(operands: Sequence[Band], function: Callable[..., Any], like: Band, pixel_type: PixelType) -> Band:
    """A band of arrays whose elements are a function of those of other bands; plain numbers go with every element.

    Args:
        operands: one or several bands, at least one of them of arrays.
        function: of arrays of numbers, element by element.
        like: the band whose name and place the result takes.
        pixel_type: of the elements.
    """
    axes = max(band.pixel_type.dimensions for band in operands)

    def compute(blocks: Blocks, _: Sequence[int]) -> np.ndarray:
        shapes = {block.shape[1:] for block in blocks if block.ndim > 1}
        if len(shapes) > 1:
            raise ServiceError(f"Array: Expected arrays of the same lengths, got {sorted(shapes)}.")
        whole = [block.reshape(block.shape + (1,) * (axes + 1 - block.ndim)) for block in blocks]
        return np.asarray(function(*(np.broadcast_to(one, _common(whole)) for one in whole)))

    return on_arrays(operands, compute, like, pixel_type.of(axes))


def _common(blocks: Blocks) -> tuple[int, ...]:
    return np.broadcast_shapes(*(block.shape for block in blocks))
