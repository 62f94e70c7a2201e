"""What the pixels of one band amount to, counted window by window.

Belongs here: running counts over arrays that need not fit into memory together. Does not: statistics of zones.
"""

from dataclasses import dataclass
from threading import Lock
from typing import Any

from numpy.typing import NDArray

from eo_pipeline.core.bands import BandEncoding
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
        if not stored.size:
            return
        valid, *found = extremes(stored.ravel(), self._band.mark)
        with self._lock:
            self._pixels += stored.size
            self._valid += valid
            if valid:
                seen = [*self._extremes, *map(float, found)]
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
