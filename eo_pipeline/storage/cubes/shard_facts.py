"""Counting what a band holds in one shard of one slot.

What does not belong here: what the counts should be (`core.cubes.ledger_check`, `verify`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

import numpy as np
import zarr
from numpy.typing import NDArray

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.cubes.cube_arrays import Json
from eo_pipeline.core.cubes.cube_findings import BandFacts
from eo_pipeline.core.rectangles import Rectangle


@dataclass(frozen=True)
class CheckedBand:
    """A band as it is read.

    Attributes:
        encoding: tells valid numbers from nodata.
        array: over (time, y, x).
    """

    encoding: BandEncoding
    array: zarr.Array[Any]

    @cached_property
    def declared(self) -> "Declared":
        """What the encoding allows or, where it does not say, CF's attributes of the array."""
        found = declared(cast("dict[str, Json]", self.array.attrs.asdict()))
        if self.encoding.valid_range is None:
            return found
        low, high = self.encoding.valid_range
        return Declared(low, high, found.flags)

    def facts(self, slot: int, window: Rectangle) -> BandFacts:
        """What a window of a slot holds."""
        return self._count(np.asarray(self.array[slot, *window.slices]), window.pixels)

    def facts_of_nothing(self, pixels: int) -> BandFacts:
        """What so many pixels hold of which nothing is stored."""
        return self._count(np.full(1, self.array.fill_value, self.array.dtype), pixels)

    def _count(self, stored: NDArray[Any], pixels: int) -> BandFacts:
        """Counts of `stored`, of which each number stands for as many of the `pixels` as any other."""
        each = pixels // stored.size
        valid = self.encoding.is_valid(stored)
        strays = stored[valid & ~self.declared.allows(stored)]
        return BandFacts(
            pixels=pixels,
            valid=int(np.count_nonzero(valid)) * each,
            nan=int(np.count_nonzero(np.isnan(stored))) * each if self.encoding.is_float else 0,
            written=int(np.count_nonzero(~_equal(stored, self.array.fill_value))) * each,
            outside=strays.size * each,
            example=float(strays.flat[0]) if strays.size else None,
        )


@dataclass(frozen=True)
class Declared:
    """The stored numbers that a band may hold where it is valid.

    Attributes:
        low: least of them, None = no limit.
        high: largest of them, None = no limit.
        flags: the only ones, None = any.
    """

    low: float | None
    high: float | None
    flags: tuple[float, ...] | None

    @property
    def text(self) -> str:
        """For a person."""
        if self.flags is not None:
            return f"one of {', '.join(f'{flag:g}' for flag in self.flags)}"
        return f"{'any' if self.low is None else f'{self.low:g}'} to {'any' if self.high is None else f'{self.high:g}'}"

    def allows(self, stored: NDArray[Any]) -> NDArray[np.bool_]:
        """True where a number (any shape) is one of them."""
        allowed = np.ones(stored.shape, np.bool_)
        if self.low is not None:
            allowed &= stored >= self.low
        if self.high is not None:
            allowed &= stored <= self.high
        return allowed if self.flags is None else allowed & np.isin(stored, self.flags)


def declared(attributes: Mapping[str, Json]) -> Declared:
    """CF 2.5.1 and 3.5: `valid_range`, or `valid_min` and `valid_max`, in stored numbers; `flag_values`."""
    span = attributes.get("valid_range")
    low, high = span if isinstance(span, list) else (attributes.get("valid_min"), attributes.get("valid_max"))
    flags = attributes.get("flag_values")
    return Declared(_number(low), _number(high), _numbers(flags))


def _number(value: Json) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _numbers(values: Json) -> tuple[float, ...] | None:
    if not isinstance(values, list):
        return None
    return tuple(float(value) for value in values if isinstance(value, int | float))


def _equal(stored: NDArray[Any], number: Any) -> NDArray[np.bool_]:
    return np.asarray(np.isnan(stored) if number != number else stored == number)  # noqa: PLR0124 - only NaN differs from itself
