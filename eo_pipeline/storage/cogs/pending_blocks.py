"""Blocks of overviews whose pixels come piece by piece, while the level below is written.

They are kept as far as memory suffices; of a block that had no room nothing is kept, and it is made later, from the
blocks below. Does not belong here: how pixels are halved, and writing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from eo_pipeline.core.interleaved import empty_pixels
from eo_pipeline.core.rectangles import Rectangle


class Whole(NamedTuple):
    """A block that is complete: where its pixels lie in its level, and (band, y, x) they; None if it has no value."""

    window: Rectangle
    pixels: NDArray[Any] | None


@dataclass
class _Pending:
    """A block that is not complete: how many pixels are missing, the pieces, and whether one of them had no room."""

    missing: int
    pieces: list[tuple[Rectangle, NDArray[Any]]] = field(default_factory=list)
    refused: bool = False

    @property
    def size(self) -> int:
        return sum(piece.nbytes for _, piece in self.pieces)


@dataclass
class PendingBlocks:
    """Collects pieces, which several threads may add at once.

    Attributes:
        shapes: (y, x) of the raster and its overviews.
        block: rows and columns of a block.
        empty: stands where there is no value.
        memory: bytes of pieces that may be kept.
    """

    shapes: Sequence[tuple[int, int]]
    block: int
    empty: float
    memory: int
    _pending: dict[tuple[int, int, int], _Pending] = field(default_factory=dict)
    _completed: set[tuple[int, int, int]] = field(default_factory=set)
    _lock: Lock = field(default_factory=Lock)

    def add(self, level: int, window: Rectangle, pixels: NDArray[Any] | None) -> Whole | None:
        """Add a piece that lies in one block.

        Args:
            level: 1 for the first overview.
            window: of the level's own pixels.
            pixels: (band, y, x); None if they have no value.

        Returns:
            The block, if it is complete now and all its pieces had room.
        """
        key = (level, window.row_start // self.block, window.column_start // self.block)
        whole = self._window(*key)
        with self._lock:
            pending = self._pending.setdefault(key, _Pending(whole.pixels))
            pending.missing -= window.pixels
            if pixels is not None:
                self._keep(pending, window, pixels)
            if pending.missing:
                return None
            del self._pending[key]
            self.memory += pending.size
            if pending.refused:
                return None
            self._completed.add(key)
        return Whole(whole, self._put_together(whole, pending.pieces))

    def has_completed(self, level: int, window: Rectangle) -> bool:
        """Whether the block that a window begins in was given as a whole."""
        return (level, window.row_start // self.block, window.column_start // self.block) in self._completed

    def _keep(self, pending: _Pending, window: Rectangle, pixels: NDArray[Any]) -> None:
        if pending.refused or pixels.nbytes > self.memory:
            self.memory += pending.size
            pending.refused = True
            pending.pieces.clear()
            return
        self.memory -= pixels.nbytes
        pending.pieces.append((window, pixels))

    def _window(self, level: int, row: int, column: int) -> Rectangle:
        """A block's pixels, cut where the level ends."""
        (height, width), size = self.shapes[level], self.block
        return Rectangle(row * size, column * size, min(height, (row + 1) * size), min(width, (column + 1) * size))

    def _put_together(self, whole: Rectangle, pieces: Sequence[tuple[Rectangle, NDArray[Any]]]) -> NDArray[Any] | None:
        if not pieces:
            return None
        first = pieces[0][1]
        pixels = empty_pixels((len(first), whole.height, whole.width), first.dtype)
        if sum(window.pixels for window, _ in pieces) < whole.pixels:
            pixels[...] = np.asarray(self.empty).astype(first.dtype)
        for window, piece in pieces:
            pixels[:, *window.shifted(rows=-whole.row_start, columns=-whole.column_start).slices] = piece
        return pixels
