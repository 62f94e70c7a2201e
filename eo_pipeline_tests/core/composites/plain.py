"""Composites of one pixel at a time with exact fractions: where tests take expected values from."""

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

WHOLE = ["uint8", "int8", "uint16", "int16", "uint32", "int32"]


def percentile(values: Sequence[float], percent: int) -> Fraction:
    """Linear between the two values around percent / 100 * (n - 1), counted from 0."""
    ordered = sorted(Fraction(value) for value in values)
    place = Fraction(percent * (len(ordered) - 1), 100)
    low = ordered[math.floor(place)]
    return low + (ordered[math.ceil(place)] - low) * (place - math.floor(place))


def mean(values: Sequence[float]) -> Fraction:
    """Of at least one value."""
    return sum(map(Fraction, values), Fraction(0)) / len(values)


def half_up(value: Fraction) -> int:
    """The nearest whole number; of two the larger."""
    return math.floor(value + Fraction(1, 2))


def counted(pixels: NDArray[Any], usable: NDArray[np.bool_], nodata: float | None, y: int, x: int) -> list[int]:
    """Places of the observations of a pixel that count."""
    return [
        t
        for t, number in enumerate(pixels[:, y, x].tolist())
        if usable[t, y, x] and number != nodata and not math.isnan(number)
    ]
