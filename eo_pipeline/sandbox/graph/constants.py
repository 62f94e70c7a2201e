"""Images of one value everywhere, and images put together from bands. What does not belong here: functions on them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.graph.grids import DEFAULT_PROJECTION, Grid
from eo_pipeline.sandbox.graph.images import Band, Image
from eo_pipeline.sandbox.graph.limits import proceed
from eo_pipeline.sandbox.graph.pixel_types import Number, PixelType, pixel_type_of
from eo_pipeline.sandbox.graph.pixels import Pixels, Raster
from eo_pipeline.sandbox.graph.values import Array


def constant_band(name: str, value: Number) -> Band:
    """A band of one value; whole Python ints of 64 bits are int, everything else double."""
    if not -(2**63) <= value < 2**63:
        value = float(value)
    pixel_type = PixelType("int" if isinstance(value, int) else "double", value, value)
    return Band(name, pixel_type, DEFAULT_PROJECTION, None, filled(value, pixel_type.dtype, valid=True))


def filled(value: Number, dtype: np.dtype, *, valid: bool) -> Pixels:
    """Pixels of one value that are all valid or all masked; the arrays are read-only views of one number."""

    def compute(grid: Grid, _: Sequence[Raster]) -> Raster:
        data = np.broadcast_to(np.asarray(value, dtype=dtype), grid.shape)
        return Raster(data, np.broadcast_to(np.asarray(valid), grid.shape))

    return Pixels((), compute)


def constant_image(value: object) -> Image:
    """The image of a number or an array, or of a list of numbers (one band each).

    Raises:
        ServiceError: the value is none of them.
    """
    if isinstance(value, bool):
        value = int(value)
    if isinstance(value, Array):
        return Image((_array_band(value),))
    if isinstance(value, int | float):
        return Image((constant_band("constant", value),))
    if isinstance(value, list) and all(isinstance(member, int | float) for member in value):
        return Image(tuple(constant_band(f"constant_{i}", member) for i, member in enumerate(value)))
    raise ServiceError(f"Image.constant: Cannot convert {type(value).__name__} to a constant image.")


def _array_band(value: Array) -> Band:
    """A band whose pixels are all the same array."""
    values = value.values
    pixel_type = pixel_type_of(values.dtype).of(values.ndim)

    def compute(grid: Grid, _: Sequence[Raster]) -> Raster:
        data = np.empty(grid.shape, object)
        data.fill(values)
        return Raster(data, np.broadcast_to(np.True_, grid.shape))

    return Band("constant", pixel_type, DEFAULT_PROJECTION, None, Pixels((), compute))


def unique_names(bands: Iterable[Band]) -> tuple[Band, ...]:
    """The same bands; a name that came before gets the first free suffix _1, _2, ..."""
    taken: set[str] = set()
    result = []
    for band in bands:
        name, number = band.id, 0
        while name in taken:
            proceed()
            number += 1
            name = f"{band.id}_{number}"
        taken.add(name)
        result.append(replace(band, id=name))
    return tuple(result)
