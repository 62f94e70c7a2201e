"""Observations of a place, one above the other. Does not belong here: what becomes of them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eo_pipeline.core.bands import DTYPES
from eo_pipeline.core.kernels.compose import Mark
from eo_pipeline.errors import CompositeError

MOST = np.iinfo(np.int16).max
"""Observations of a stack: their places are told as int16."""


@dataclass(frozen=True)
class Observations:
    """One band of all observations.

    Attributes:
        pixels: (observation, y, x) stored numbers in the order of time, one of core.bands.DTYPES.
        nodata: the number that means no value; None if there is none. NaN never is a value.
    """

    pixels: NDArray[Any]
    nodata: float | None = None

    def __post_init__(self) -> None:
        if self.pixels.ndim != 3 or self.pixels.dtype.name not in DTYPES or len(self.pixels) > MOST:
            raise CompositeError(
                f"Expected a stack (observation, y, x) of one of {', '.join(DTYPES)} and at most {MOST} observations, "
                f"got {self.pixels.shape} of {self.pixels.dtype}; convert or split it first"
            )

    def laid_out(self) -> "Observations":
        """The same as kernels read it: in numpy's C order and the machine's order of bytes, copied if need be."""
        native = self.pixels.dtype.newbyteorder("=")
        return replace(self, pixels=np.ascontiguousarray(self.pixels, dtype=native))

    @property
    def mark(self) -> Mark:
        """What kernels know of nodata; a number that the type cannot hold marks nothing."""
        dtype = self.pixels.dtype
        if self.nodata is None or not _holds(dtype, self.nodata):
            return dtype.type(0), False
        return dtype.type(self.nodata), True

    @property
    def top(self) -> Any:
        """The largest number of the type, which values may have, too."""
        dtype = self.pixels.dtype
        return dtype.type(math.inf if dtype.kind == "f" else np.iinfo(dtype).max)

    @property
    def bottom(self) -> Any:
        """The smallest number of the type, which values may have, too."""
        dtype = self.pixels.dtype
        return dtype.type(-math.inf if dtype.kind == "f" else np.iinfo(dtype).min)

    def has_value(self) -> NDArray[np.bool_]:
        """(observation, y, x), True where there is a value."""
        number, declared = self.mark
        there = self.pixels != number if declared else np.ones(self.pixels.shape, dtype=np.bool_)
        return np.asarray(there & ~np.isnan(self.pixels) if self.pixels.dtype.kind == "f" else there)


def check_same_place(shape: tuple[int, ...], others: Sequence[tuple[str, NDArray[Any]]]) -> None:
    """Refuse arrays whose shape is not that of the first band.

    Raises:
        CompositeError: names the first that differs.
    """
    for name, pixels in others:
        if pixels.shape != shape:
            raise CompositeError(
                f"Expected {name} of the first band's shape (observation, y, x) = {shape}, got {pixels.shape}; "
                "load all of them onto one grid"
            )


def _holds(dtype: np.dtype[Any], number: float) -> bool:
    if dtype.kind == "f":
        return not math.isnan(number)
    limits = np.iinfo(dtype)
    return math.isfinite(number) and number == int(number) and bool(limits.min <= number <= limits.max)
