"""What values a band may hold: precision and range, and the algebra of ranges. What does not belong here: pixels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

Number = int | float

_INTEGER_DTYPES = ("u1", "i1", "u2", "i2", "u4", "i4")
_INT64 = np.iinfo("i8")


@dataclass(frozen=True)
class PixelType:
    """The type of a band.

    Attributes:
        precision: int, float (32 bits) or double (64 bits).
        low: smallest value a pixel may hold; None means unbounded (floats only).
        high: largest value a pixel may hold; None means unbounded (floats only).
        dimensions: axes of the array that a pixel holds; 0 for a plain number.
    """

    precision: Literal["int", "float", "double"]
    low: Number | None = None
    high: Number | None = None
    dimensions: int = 0

    def of(self, dimensions: int) -> PixelType:
        """The type of arrays whose elements have this one's precision and range; 0 for that of plain numbers."""
        return replace(self, dimensions=dimensions)

    @property
    def dtype(self) -> np.dtype:
        """The smallest numpy type that holds the whole range; int64 beyond 32 bits; objects if pixels are arrays."""
        if self.dimensions:
            return np.dtype(object)
        if self.precision != "int":
            return np.dtype("f4" if self.precision == "float" else "f8")
        if self.low is None or self.high is None:
            return np.dtype("i8")
        for name in _INTEGER_DTYPES:
            limits = np.iinfo(name)
            if self.low >= limits.min and self.high <= limits.max:
                return np.dtype(name)
        return np.dtype("i8")

    @property
    def is_integer(self) -> bool:
        """True if pixels are whole numbers."""
        return self.precision == "int"

    def published(self) -> dict[str, object]:
        """The JSON a client gets: precision, and min and max where known."""
        known = {key: value for key, value in (("min", self.low), ("max", self.high)) if value is not None}
        shape = {"dimensions": self.dimensions} if self.dimensions else {}
        return {"type": "PixelType", "precision": self.precision, **known, **shape}


FLOAT = PixelType("float")
DOUBLE = PixelType("double")
BOOLEAN = PixelType("int", 0, 1)
MASK = PixelType("float", 0, 1)


def pixel_type_of(dtype: np.dtype | str) -> PixelType:
    """The type that spans a whole numpy type; booleans are 0..1."""
    dtype = np.dtype(dtype)
    if dtype.kind == "f":
        return FLOAT if dtype.itemsize == 4 else DOUBLE
    if dtype.kind == "b":
        return BOOLEAN
    limits = np.iinfo(dtype)
    return PixelType("int", int(limits.min), int(limits.max))


def wider_float(*types: PixelType) -> PixelType:
    """DOUBLE if any of the types is double, else FLOAT; no range."""
    return DOUBLE if any(t.precision == "double" for t in types) else FLOAT


def union(*types: PixelType) -> PixelType:
    """The narrowest type that holds a pixel of any of the types (mosaics, where, unmask)."""
    precision = _precision(*types)
    lows = [t.low for t in types]
    highs = [t.high for t in types]
    low = None if None in lows else min(value for value in lows if value is not None)
    high = None if None in highs else max(value for value in highs if value is not None)
    return PixelType(precision, low, high, max(t.dimensions for t in types))


def monotone(operation: Callable[[Number, Number], Number], left: PixelType, right: PixelType) -> PixelType:
    """The range of an operation whose extremes lie at the corners of both ranges (add, subtract, multiply)."""
    precision = _precision(left, right)
    ends = [(a, b) for a in (left.low, left.high) for b in (right.low, right.high)]
    values = [operation(a, b) for a, b in ends if a is not None and b is not None]
    if len(values) < len(ends):
        return PixelType(precision)
    low, high = min(values), max(values)
    if precision == "int" and not (_INT64.min <= low and high <= _INT64.max):
        return DOUBLE
    return PixelType(precision, low, high)


def _precision(*types: PixelType) -> Literal["int", "float", "double"]:
    if all(t.is_integer for t in types):
        return "int"
    if any(t.precision == "double" for t in types):
        return "double"
    wide = any(t.is_integer and t.dtype.itemsize > 2 for t in types)
    return "double" if wide else "float"
