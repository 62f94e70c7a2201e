"""What is known of zones once their pixels have been read: sums of all zones, and the values of one zone.

All numbers are stored numbers of the raster; physical units come later. Does not belong here: names of statistics
(see statistics), and how the numbers are added up (see core.kernels.sums).
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray


class Rule(StrEnum):
    """Which pixels belong to a zone, and with what share."""

    CENTER = "center"
    """Pixels whose centre is inside, by GDAL's scanline rule; each counts 1."""
    ALL_TOUCHED = "all_touched"
    """Pixels that the zone touches, by GDAL's rule; each counts 1."""
    FRACTIONAL = "fractional"
    """Every pixel counts with the share of it that the zone covers."""


class Keep(StrEnum):
    """What is kept of a zone's usable pixels besides sums, until its last block has been read."""

    NOTHING = "nothing"
    VALUES = "values"
    """Every pixel: memory grows with the zone."""
    CLASSES = "classes"
    """Every different number once: memory grows with the number of classes."""


@dataclass(frozen=True)
class Sums:
    """Sums over the pixels of many zones; every array is (zone, band), zones in the caller's order.

    A pixel is usable if it has a value: neither nodata nor NaN. `share` is 1 under the rules center and all_touched;
    with a raster of weights it is the share times the pixel's weight.

    Attributes:
        pixels: pixels of the zone with or without a value, those beyond the rasters included; int64.
        cover: their shares added up (the zone's area in pixels under the fractional rule), without weights; float64.
        count: usable pixels; int64.
        weight: sum of the shares of usable pixels; float64.
        total: sum of share * number; float64, of integers exact before it is rounded once.
        m2: sum of share * (number - mean)**2; float64; m2 / weight is the population's variance.
        low: smallest usable number, NaN where there is none; float64.
        high: largest usable number, likewise.
    """

    pixels: NDArray[np.int64]
    cover: NDArray[np.float64]
    count: NDArray[np.int64]
    weight: NDArray[np.float64]
    total: NDArray[np.float64]
    m2: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


@dataclass(frozen=True)
class Distribution:
    """The usable numbers of one zone and band, ascending; each array is (n,).

    Attributes:
        values: in the raster's own type; with Keep.VALUES one a pixel, with Keep.CLASSES every number once.
        counts: how many pixels each stands for (all 1 with Keep.VALUES); int64.
        weights: sum of their shares; equal to `counts` under the rules center and all_touched; float64.
    """

    values: NDArray[Any]
    counts: NDArray[np.int64]
    weights: NDArray[np.float64]


class OnClosed(Protocol):
    """Called once a zone and band that has usable pixels, in the caller's own thread, when its last block is read."""

    def __call__(self, zone: int, band: int, distribution: Distribution) -> None:
        """Take what is wanted of the distribution, which is dropped afterwards; `zone` and `band` count from 0."""
