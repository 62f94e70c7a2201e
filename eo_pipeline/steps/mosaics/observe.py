"""What becomes of a mosaic's pixels while they are written: they are counted, and somebody is told.

Does not belong here: where the pixels come from.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from numpy.typing import NDArray

from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.core.summaries import BandSummary, Tally, add_together
from eo_pipeline.storage.cogs.sources import BlockSource

Progress = Callable[[int, int], None]
"""Called with (pixels done, pixels in all), by one thread at a time."""


@dataclass
class Observed:
    """A source of blocks that counts what passes.

    Attributes:
        source: of the pixels.
        tallies: one a band; all of one dtype and one nodata.
        pixels: of the whole raster.
        progress: told after every window that is read, and at the end.
    """

    source: BlockSource
    tallies: Sequence[Tally]
    pixels: int
    progress: Progress | None
    _done: int = 0
    _lock: Lock = field(default_factory=Lock)

    def is_empty(self, window: Rectangle) -> bool:
        """As the source says."""
        return self.source.is_empty(window)

    def raw(self, block: Rectangle) -> bytes | None:
        """As the source gives them."""
        return self.source.raw(block)

    def read(self, window: Rectangle) -> NDArray[Any]:
        """The source's pixels (band, y, x), counted."""
        pixels = self.source.read(window)
        add_together(self.tallies, pixels)
        with self._lock:
            self._done += window.pixels
            if self.progress is not None and self._done < self.pixels:
                self.progress(self._done, self.pixels)
        return pixels

    def summaries(self) -> tuple[BandSummary, ...]:
        """One a band, once all is written; what was not read is empty."""
        for tally in self.tallies:
            tally.add_empty(self.pixels - self._done)
        if self.progress is not None:
            self.progress(self.pixels, self.pixels)
        return tuple(tally.summary() for tally in self.tallies)
