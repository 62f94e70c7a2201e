"""What the pixels of one band amount to, counted window by window.

Belongs here: running counts over arrays that need not fit into memory together. Does not: statistics of zones.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.interleaved import by_rows
from eo_pipeline.core.kernels.extremes import extremes


@dataclass(frozen=True)
class BandSummary:
    """What one band of a raster holds.

    Attributes:
        name: the band's name.
        valid_share: usable pixels / all pixels, 0 to 1.
        minimum: smallest usable value in physical units; None if no pixel is usable.
        maximum: largest usable value in physical units; None if no pixel is usable.
    """

    name: str
    valid_share: float
    minimum: float | None
    maximum: float | None


class Tally:
    """Running count, minimum and maximum of one band's usable pixels; several threads may add at once."""

    def __init__(self, band: BandEncoding) -> None:
        self._band = band
        self._lock = Lock()
        self._pixels = 0
        self._valid = 0
        self._extremes: list[float] = []

    def add(self, stored: NDArray[Any]) -> None:
        """Count stored numbers of any shape."""
        if stored.size:
            add_together([self], stored.reshape(1, stored.shape[0], -1))

    @property
    def mark(self) -> tuple[Any, bool]:
        """The band's nodata, as kernels know it."""
        return self._band.mark

    def add_counted(self, pixels: int, valid: int, smallest: float, largest: float) -> None:
        """Count pixels of which somebody knows how many are usable and between which stored numbers those lie."""
        with self._lock:
            self._pixels += pixels
            self._valid += valid
            if valid:
                seen = [*self._extremes, smallest, largest]
                self._extremes = [min(seen), max(seen)]

    def add_empty(self, pixels: int) -> None:
        """Count pixels without a value."""
        with self._lock:
            self._pixels += pixels

    def summary(self) -> BandSummary:
        """What was counted so far, in physical units."""
        physical = sorted(self._band.physical(stored) for stored in self._extremes)
        low, high = (physical[0], physical[-1]) if physical else (None, None)
        return BandSummary(self._band.name, self._valid / max(1, self._pixels), low, high)


def add_together(tallies: Sequence[Tally], pixels: NDArray[Any]) -> None:
    """Count stored numbers (band, y, x) of bands of one dtype and one nodata, one tally a band, in one pass."""
    bands, height, width = pixels.shape
    lowest, highest = _ends(pixels.dtype)
    counts = np.zeros(width * bands, np.int32)
    smallest, largest = np.full(counts.size, highest, pixels.dtype), np.full(counts.size, lowest, pixels.dtype)
    extremes(by_rows(pixels), tallies[0].mark, counts, smallest, largest)
    for number, tally in enumerate(tallies):
        own = slice(number, None, bands)
        tally.add_counted(height * width, int(counts[own].sum()), float(smallest[own].min()), float(largest[own].max()))


def _ends(dtype: np.dtype[Any]) -> tuple[float, float]:
    """Numbers that no stored number lies beyond."""
    if dtype.kind == "f":
        return -np.inf, np.inf
    return np.iinfo(dtype).min, np.iinfo(dtype).max
