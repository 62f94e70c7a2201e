"""Operations on pairs of images: arithmetic, comparison, logic, bits. What does not belong here: functions of one."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import special

from eo_pipeline.sandbox.graph.band_math import TwoValues, matched_bands, paired, placed_like
from eo_pipeline.sandbox.graph.images import Image
from eo_pipeline.sandbox.graph.pixel_types import (
    BOOLEAN,
    PixelType,
    monotone,
    pixel_type_of,
    union,
    wider_float,
)
from eo_pipeline.sandbox.graph.registry import Family

FAMILY = Family()

KEPT = ("system:index", "system:footprint")
"""Properties that the result of arithmetic keeps of its first image."""

Types = Callable[[PixelType, PixelType], PixelType]


@dataclass(frozen=True)
class Operation:
    """An operation on two values.

    Attributes:
        values: data of both, in types that hold the result's range -> data of the result.
        types: pixel types of both -> that of the result.
    """

    values: Callable[[np.ndarray, np.ndarray, np.dtype], Any]
    types: Types


def combined(name: str, operation: Operation, first: Image, second: Image) -> Image:
    """The image of an operation on matched pairs of bands."""
    like = placed_like(first, second)
    bands = []
    for left, right, band_id in matched_bands(name, first, second):
        pixel_type = operation.types(left.pixel_type.of(0), right.pixel_type.of(0))
        place = replace(left if like is first else right, id=band_id)
        bands.append(paired(left, right, _at(operation, pixel_type.dtype), pixel_type, place))
    kept = {key: value for key, value in first.properties.items() if key in KEPT}
    return replace(like.with_bands(*bands), properties=kept)


def _at(operation: Operation, dtype: np.dtype) -> TwoValues:
    return lambda a, b: operation.values(a, b, dtype)


def _ranged(ufunc: Callable[..., Any], exact: Callable[..., int | float]) -> Operation:
    """Add, subtract, multiply: computed in the type that holds the result."""
    return Operation(
        lambda a, b, dtype: ufunc(a.astype(dtype, copy=False), b.astype(dtype, copy=False)),
        lambda a, b: monotone(exact, a, b),
    )


def _compared(ufunc: Callable[..., Any]) -> Operation:
    return Operation(lambda a, b, _: ufunc(a, b), lambda _a, _b: BOOLEAN)


def _float(function: Callable[..., Any]) -> Operation:
    return Operation(lambda a, b, _: function(a.astype(np.float64), b.astype(np.float64)), wider_float)


def _chosen(function: Callable[..., Any], types: Types) -> Operation:
    return Operation(lambda a, b, dtype: function(a.astype(dtype), b.astype(dtype)), types)


def _bits(function: Callable[..., Any], types: Types) -> Operation:
    return Operation(lambda a, b, _: function(a.astype(np.int64), b.astype(np.int64)), types)


def _divide(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.asarray(np.divide(a, b, out=np.zeros(a.shape), where=b != 0))


def _mod(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.asarray(np.fmod(a, b, out=np.zeros(a.shape, a.dtype), where=b != 0))


def _shift_right(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.asarray(np.right_shift(a, np.clip(b, 0, 63)))


def _extreme(choose: Callable[..., int | float]) -> Types:
    """The type of min and max: each end of the range is the chosen one of both."""

    def types(a: PixelType, b: PixelType) -> PixelType:
        whole = union(a, b)
        if None in (a.low, a.high, b.low, b.high):
            return whole
        return replace(whole, low=choose(a.low, b.low), high=choose(a.high, b.high))

    return types


def _bit_range(a: PixelType, b: PixelType) -> PixelType:
    """And, or, xor of non-negative numbers need no more bits than the longer one."""
    ends = (a.low, a.high, b.low, b.high)
    if any(end is None or end < 0 for end in ends):
        return union(pixel_type_of("i4"), *(t for t in (a, b) if t.is_integer))
    longest = max(int(end).bit_length() for end in ends if end is not None)
    return PixelType("int", 0, 2**longest - 1)


def _and_range(a: PixelType, b: PixelType) -> PixelType:
    if a.low is not None and b.low is not None and a.low >= 0 and b.low >= 0 and a.high and b.high:
        return PixelType("int", 0, int(min(a.high, b.high)))
    return _bit_range(a, b)


def _same_or_int(a: PixelType, _: PixelType) -> PixelType:
    return union(a, PixelType("int", 0, 0)) if a.is_integer else pixel_type_of("i8")


OPERATIONS = {
    "add": _ranged(np.add, operator.add),
    "subtract": _ranged(np.subtract, operator.sub),
    "multiply": _ranged(np.multiply, operator.mul),
    "divide": _float(_divide),
    "pow": _float(np.power),
    "mod": _chosen(_mod, union),
    "atan2": _float(lambda x, y: np.arctan2(y, x)),
    "hypot": _float(np.hypot),
    "gammainc": _float(lambda x, a: special.gammainc(a, x)),
    "min": _chosen(np.minimum, _extreme(min)),
    "max": _chosen(np.maximum, _extreme(max)),
    "first": _chosen(lambda a, _: a, union),
    "firstNonZero": _chosen(lambda a, b: np.where(a != 0, a, b), union),
    "first_nonzero": _chosen(lambda a, b: np.where(a != 0, a, b), union),
    "eq": _compared(np.equal),
    "neq": _compared(np.not_equal),
    "gt": _compared(np.greater),
    "gte": _compared(np.greater_equal),
    "lt": _compared(np.less),
    "lte": _compared(np.less_equal),
    "and": _compared(np.logical_and),
    "or": _compared(np.logical_or),
    "bitwiseAnd": _bits(np.bitwise_and, _and_range),
    "bitwise_and": _bits(np.bitwise_and, _and_range),
    "bitwiseOr": _bits(np.bitwise_or, _bit_range),
    "bitwise_or": _bits(np.bitwise_or, _bit_range),
    "bitwiseXor": _bits(np.bitwise_xor, _bit_range),
    "bitwise_xor": _bits(np.bitwise_xor, _bit_range),
    "leftShift": _bits(np.left_shift, lambda _a, _b: pixel_type_of("i8")),
    "left_shift": _bits(np.left_shift, lambda _a, _b: pixel_type_of("i8")),
    "rightShift": _bits(_shift_right, _same_or_int),
    "right_shift": _bits(_shift_right, _same_or_int),
}
"""Operations by the short names of Image's and Array's."""


def _registered(name: str, operation: Operation) -> Callable[[Image, Image], Image]:
    def function(image1: Image, image2: Image) -> Image:
        return combined(name, operation, image1, image2)

    return function


for _name, _operation in OPERATIONS.items():
    FAMILY.add(f"Image.{_name}", _registered(f"Image.{_name}", _operation))


def operate(name: str, first: Image, second: Image) -> Image:
    """The operation of a short name, for example add, on two images."""
    return combined(f"Image.{name}", OPERATIONS[name], first, second)
