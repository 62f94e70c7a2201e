"""Pixel types as values. What does not belong here: casting pixels."""

from __future__ import annotations

from eo_pipeline.sandbox.algorithms.unary import CASTS, named_type
from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.graph.pixel_types import Number, PixelType
from eo_pipeline.sandbox.graph.registry import Family

FAMILY = Family()

MOST_DIMENSIONS = 16
"""Dimensions that a pixel type may have."""


@FAMILY.algorithm("PixelType")
def pixel_type(
    precision: object, min_value: int | float | None, max_value: int | float | None, dimensions: int
) -> PixelType:
    """A type of a precision (int, float, double), or of the name of a type, with limits."""
    if not 0 <= dimensions <= MOST_DIMENSIONS:
        raise ServiceError(f"PixelType: Expected 0..{MOST_DIMENSIONS} dimensions, got {dimensions}.")
    found = named_type(precision)
    low, high = (
        default if given is None else given for given, default in ((min_value, found.low), (max_value, found.high))
    )
    if low is not None and high is not None and low > high:
        raise ServiceError(f"PixelType: The smallest value {low} is larger than the largest, {high}.")
    return PixelType(found.precision, low, high, dimensions)


@FAMILY.algorithm("PixelType.precision")
def precision(pixel_type: PixelType) -> str:
    """One of int, float and double."""
    return pixel_type.precision


@FAMILY.algorithm("PixelType.minValue")
def min_value(pixel_type: PixelType) -> Number | None:
    """The smallest value, if it has one."""
    return pixel_type.low


@FAMILY.algorithm("PixelType.maxValue")
def max_value(pixel_type: PixelType) -> Number | None:
    """The largest value, if it has one."""
    return pixel_type.high


@FAMILY.algorithm("PixelType.dimensions")
def dimensions(pixel_type: PixelType) -> int:
    """The number of axes of a pixel; 0 of plain numbers."""
    return pixel_type.dimensions


def _register(name: str, found: PixelType) -> None:
    def make() -> PixelType:
        return found

    FAMILY.add(f"PixelType.{name}", make)


for _name in ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "float", "double"):
    _register(_name, CASTS[_name])
