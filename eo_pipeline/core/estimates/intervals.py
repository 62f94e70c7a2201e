"""A number that is not known exactly. What does not belong here: how it was predicted (`rates`)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

LEVEL = 0.8
"""Share of intervals that should hold what comes."""


@dataclass(frozen=True)
class Interval:
    """A prediction and the bounds between which the outcome lies in 8 of 10 cases.

    Attributes:
        low: the 10th percentile.
        middle: what is expected.
        high: the 90th percentile.
    """

    low: float
    middle: float
    high: float

    @classmethod
    def of(cls, middle: float, draws: NDArray[np.float64]) -> Self:
        """Percentiles of draws (1-D) around what is expected, which is never left outside."""
        low, high = np.quantile(draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
        return cls(min(float(low), middle), middle, max(float(high), middle))

    @classmethod
    def exactly(cls, value: float) -> Self:
        """A number without doubt."""
        return cls(value, value, value)

    @classmethod
    def from_json(cls, values: Any) -> Self:
        """What `to_json` gave."""
        return cls(*(float(value) for value in values))

    def to_json(self) -> list[float]:
        """Low, middle and high with six significant digits."""
        return [float(f"{value:.6g}") for value in (self.low, self.middle, self.high)]

    def times(self, factor: float) -> "Interval":
        """Each bound times a factor >= 0."""
        return Interval(self.low * factor, self.middle * factor, self.high * factor)

    def plus(self, more: float) -> "Interval":
        """Each bound plus something that is known."""
        return Interval(self.low + more, self.middle + more, self.high + more)

    def through(self, function: Callable[[float], float]) -> "Interval":
        """Each bound through a function that never falls."""
        return Interval(function(self.low), function(self.middle), function(self.high))

    def widened(self, factor: float) -> "Interval":
        """Low divided and high multiplied by a factor >= 1."""
        return Interval(self.low / factor, self.middle, self.high * factor)

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high

    @property
    def width(self) -> float:
        """High as a multiple of low; infinite if low is 0 and high is not."""
        return self.high / self.low if self.low else 1.0 if self.high == 0 else float("inf")
