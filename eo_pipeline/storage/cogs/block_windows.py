"""How a raster is cut into windows that several threads write at once within some memory.

Does not belong here: pixels.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from eo_pipeline.core.rectangles import Rectangle, windows
from eo_pipeline.storage.cogs.spec import CogSpec

CACHE_SHARE = 4
"""One part in so many of the memory is for GDAL's cache of what sources read."""

WAITING_SHARE = 64
"""One part in so many is for compressed blocks that wait until those before them are written."""

PENDING_SHARE = 32
"""One part in so many is for pixels that wait until others make a block of an overview with them. Less than a row of
windows needs costs a second reading of blocks: 8 MB are enough for 3 bands of uint16 that are 8192 pixels wide."""

_COPIES = 3
"""Times a window's pixels are held while it is written: as read, as painted, as overview and block."""

_WIDEST = 2
"""Blocks across, at most: wider windows leave the processor's cache and threads idle at the end."""


@dataclass(frozen=True)
class Workload:
    """Windows of two rows of blocks, so that each makes whole blocks of the overview.

    Attributes:
        threads: that work at once; fewer than wanted where memory does not suffice for more.
        across: blocks of a window from left to right, an even number.
        block: rows and columns of a block in pixels.
    """

    threads: int
    across: int
    block: int

    @classmethod
    def within(cls, max_memory_mb: int, spec: CogSpec, *, threads: int) -> Self:
        """As many threads as wanted, and windows as wide, as fit; one thread and 2 x 2 blocks in any case."""
        memory = max_memory_mb * 2**20 * (CACHE_SHARE - 1) // CACHE_SHARE
        smallest = 4 * spec.block**2 * spec.pixel_bytes * _COPIES
        at_once = max(1, min(threads, memory // smallest))
        across = 2 * max(1, memory // at_once // smallest)
        return cls(at_once, min(across, _WIDEST), spec.block)

    def windows(self, shape: tuple[int, int]) -> Iterator[Rectangle]:
        """All windows of a level whose pixels come in windows like the raster's own, row by row."""
        return windows(height=shape[0], width=shape[1], rows=2 * self.block, columns=self.across * self.block)

    def windows_above(self, shape: tuple[int, int]) -> Iterator[Rectangle]:
        """All windows of an overview, each made of at most one of the level below, and some for every thread."""
        blocks = -(-shape[0] // self.block) * -(-shape[1] // self.block)
        across = max(1, min(self.across // 2, blocks // (2 * self.threads)))
        return windows(height=shape[0], width=shape[1], rows=self.block, columns=across * self.block)

    def blocks(self, window: Rectangle) -> Iterator[Rectangle]:
        """The blocks of a window, row by row."""
        for block in windows(height=window.height, width=window.width, rows=self.block, columns=self.block):
            yield block.shifted(rows=window.row_start, columns=window.column_start)
