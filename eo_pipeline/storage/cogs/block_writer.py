"""All blocks of a COG in several threads: a source's windows are read, compressed and halved into overviews.

Where pixels go in pairs, overviews are made of the windows as they are read, and of each other, as far as memory
suffices; other blocks from the compressed ones of the level below, when that is complete. Nothing of the whole raster
is in memory.
Does not belong here: the file's layout.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, product
from math import isnan
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from eo_pipeline.core.interleaved import empty_pixels
from eo_pipeline.core.mosaics.overviews import WindowBelow
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.errors import StorageError
from eo_pipeline.storage.cogs.block_windows import Workload
from eo_pipeline.storage.cogs.encoding import Encoding
from eo_pipeline.storage.cogs.part_files import PartFiles
from eo_pipeline.storage.cogs.pending_blocks import PendingBlocks, Whole
from eo_pipeline.storage.cogs.placed_blocks import PlacedBlocks
from eo_pipeline.storage.cogs.reserve import Reserve, sample
from eo_pipeline.storage.cogs.sources import BlockSource
from eo_pipeline.storage.cogs.spec import CogSpec
from eo_pipeline.storage.scratch import Scratch
from eo_pipeline.storage.threads import in_threads


class _Encoded(NamedTuple):
    """A block's row and column of blocks, and its bytes until the next is made; none if it has no value."""

    row: int
    column: int
    data: bytes | memoryview


@dataclass(frozen=True)
class BlockWriter:
    """What one run of the writer works with.

    Attributes:
        spec: bands and codec.
        shapes: (y, x) of the raster and its overviews.
        source: the raster's pixels.
        encoding: of a block.
        part: where blocks of overviews go.
        placed: where the raster's own blocks go.
        head: bytes that the file has before its first block, at most.
        work: how windows are cut.
        pending: blocks of the second overview and those above it that are made of what is in memory.
        scratch: memory for blocks, of each thread its own.
    """

    spec: CogSpec
    shapes: tuple[tuple[int, int], ...]
    source: BlockSource
    encoding: Encoding
    part: PartFiles
    placed: PlacedBlocks
    head: int
    work: Workload
    pending: PendingBlocks
    scratch: Scratch = field(default_factory=Scratch)

    def write_all(self) -> None:
        """Write every block that holds a value, of every level."""
        self._write_raster()
        for level in range(2 if self._in_pairs else 1, len(self.shapes)):
            windows = self.work.windows_above(self.shapes[level])
            missing = [window for window in windows if not self.pending.has_completed(level, window)]
            in_threads(partial(self._make_overview, level), missing, threads=self.work.threads)

    def _write_raster(self) -> None:
        """Write the raster's own blocks, and the first overview's if it is made of them."""
        windows = list(self.work.windows(self.shapes[0]))
        tried = sample(windows)
        known, reserve = set(tried), Reserve(self.shapes, self.spec.pixel_bytes)

        def write(window: Rectangle) -> None:
            raster, overview = self._write_window(window, tried=window in known)
            if window in known and reserve.learn(window.pixels, raster, overview) == len(known):
                self.placed.begin(self.head + reserve.overviews())

        rest = (window for window in windows if window not in known)
        in_threads(write, chain(tried, rest), threads=self.work.threads)

    @property
    def _in_pairs(self) -> bool:
        """Whether the first overview can be made of windows that know nothing of their neighbours."""
        return self._halves(0)

    def _halves(self, level: int) -> bool:
        """Whether there is an overview above a level, each of whose pixels is made of just 2 x 2."""
        height, width = self.shapes[level]
        return level + 1 < len(self.shapes) and height % 2 == 0 and width % 2 == 0

    def _write_window(self, window: Rectangle, *, tried: bool) -> tuple[int, int]:
        """Bytes of the window's blocks, and of its first overview if that is made of windows or is `tried`."""
        if self.source.is_empty(window):
            if self._in_pairs:
                self._carry(1, _half(window), None)
            return self._put(0, self._without_value(window)), 0
        pixels = self.source.read(window)
        self._check(pixels, window)
        raster = self._put(0, self._encoded(0, window, pixels))
        if not (self._in_pairs or tried):
            return raster, 0
        above, halved = self._halved(window, pixels)
        overview = self._encoded(1, above, halved)
        if not self._in_pairs:
            return raster, sum(len(block.data) for block in overview)
        size = self._put(1, overview)
        self._carry(1, above, halved)
        return raster, size

    def _carry(self, level: int, window: Rectangle, pixels: NDArray[Any] | None) -> None:
        """Make of a window of an overview what lies above it, and write what is complete with it."""
        whole: Whole | None = Whole(window, pixels)
        while whole is not None and self._halves(level):
            half, below = _half(whole.window), self.shapes[level]
            halved = None if whole.pixels is None else WindowBelow.of(half, below).halved(whole.pixels, self.spec.bands)
            level += 1
            whole = self.pending.add(level, half, halved)
            if whole is not None and whole.pixels is not None:
                self._put(level, self._encoded(level, whole.window, whole.pixels))

    def _halved(self, window: Rectangle, pixels: NDArray[Any]) -> tuple[Rectangle, NDArray[Any]]:
        """A window of the first overview and its pixels, as if the raster had no odd row or column at its end."""
        above = _half(window)
        even = (self.shapes[0][0] // 2 * 2, self.shapes[0][1] // 2 * 2)
        pairs = pixels[:, : 2 * above.height, : 2 * above.width]
        return above, WindowBelow.of(above, even).halved(pairs, self.spec.bands)

    def _make_overview(self, level: int, window: Rectangle) -> None:
        needed = WindowBelow.of(window, self.shapes[level - 1])
        pixels = self._read_back(level - 1, needed.rectangle)
        if pixels is not None:
            self._put(level, self._encoded(level, window, needed.halved(pixels, self.spec.bands)))

    def _put(self, level: int, blocks: Iterable[_Encoded]) -> int:
        """Put blocks where those of their level go; how many bytes they have."""
        total = 0
        for row, column, data in blocks:
            if level == 0:
                self.placed.put(row, column, data)
            elif data:
                self.part.put(level, row, column, data)
            total += len(data)
        return total

    def _encoded(self, level: int, window: Rectangle, pixels: NDArray[Any]) -> Iterator[_Encoded]:
        """A window's blocks, compressed or as the source has them; of those without a value no byte."""
        encoding: Encoding | None = None
        for block in self.work.blocks(window):
            values = pixels[:, *block.shifted(rows=-window.row_start, columns=-window.column_start).slices]
            if not self._has_values(values):
                yield _Encoded(*self._place(block), b"")
            elif level == 0 and (raw := self.source.raw(block)) is not None:
                yield _Encoded(*self._place(block), raw)
            else:
                encoding = encoding or self.encoding.suited_to(values)
                yield _Encoded(*self._place(block), encoding.encode(values, self.scratch))

    def _without_value(self, window: Rectangle) -> Iterator[_Encoded]:
        """The blocks of a window that has no value."""
        for block in self.work.blocks(window):
            yield _Encoded(*self._place(block), b"")

    def _place(self, block: Rectangle) -> tuple[int, int]:
        """Row and column of blocks."""
        return block.row_start // self.spec.block, block.column_start // self.spec.block

    def _has_values(self, pixels: NDArray[Any]) -> bool:
        """Whether any pixel is not what stands where nothing is written; most blocks tell by their first row."""
        return self._differs(pixels[:, :1]) or self._differs(pixels)

    def _differs(self, pixels: NDArray[Any]) -> bool:
        empty = self.spec.empty
        return bool((np.logical_not(np.isnan(pixels)) if isnan(empty) else pixels != empty).any())

    def _read_back(self, level: int, window: Rectangle) -> NDArray[Any] | None:
        """Pixels (band, y, x) of a level that is complete; None if no block of them is written."""
        size = self.spec.block
        rows = range(window.row_start // size, -(-window.row_stop // size))
        columns = range(window.column_start // size, -(-window.column_stop // size))
        if not self.part.tables[level].sizes[rows.start : rows.stop, columns.start : columns.stop].any():
            return None
        pixels = empty_pixels((len(self.spec.bands), window.height, window.width), self.spec.dtype)
        pixels[...] = self.spec.empty
        for row, column in product(rows, columns):
            data = self.part.get(level, row, column)
            if data:
                self._paste(pixels, window, data, row, column)
        return pixels

    def _paste(self, pixels: NDArray[Any], window: Rectangle, data: bytes, row: int, column: int) -> None:
        """Put a block's pixels where they belong in a window."""
        size = self.spec.block
        block = Rectangle(row * size, column * size, (row + 1) * size, (column + 1) * size)
        shared = block.intersection(window)
        if shared is not None:
            values = self.encoding.decode(data, self.scratch)[
                :, *shared.shifted(rows=-block.row_start, columns=-block.column_start).slices
            ]
            pixels[:, *shared.shifted(rows=-window.row_start, columns=-window.column_start).slices] = values

    def _check(self, pixels: NDArray[Any], window: Rectangle) -> None:
        wanted = (len(self.spec.bands), window.height, window.width)
        if pixels.shape != wanted or pixels.dtype != self.spec.dtype:
            raise StorageError(
                f"expected pixels of shape {wanted} and dtype {self.spec.dtype} for {window}, got {pixels.shape} and "
                f"{pixels.dtype}; the source must give the bands that are written"
            )


def _half(window: Rectangle) -> Rectangle:
    """What lies above a window that begins at an even row and column, without what an odd row or column makes."""
    top, left = window.row_start // 2, window.column_start // 2
    return Rectangle(top, left, top + window.height // 2, left + window.width // 2)
