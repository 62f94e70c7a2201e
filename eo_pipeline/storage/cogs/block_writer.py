"""All blocks of a COG in several threads: a source's windows are read, compressed and halved into overviews.

A level is made of the one below when that is complete, from its compressed blocks; the first overview already from
the windows as they are read, where pixels go in pairs. Nothing of the whole raster is in memory.
Does not belong here: the file's layout.
"""

from dataclasses import dataclass
from functools import partial
from itertools import product
from math import isnan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eo_pipeline.core.mosaics.overviews import WindowBelow
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.errors import StorageError
from eo_pipeline.storage.cogs.block_windows import Workload
from eo_pipeline.storage.cogs.encoding import Encoding
from eo_pipeline.storage.cogs.part_files import PartFiles
from eo_pipeline.storage.cogs.sources import BlockSource
from eo_pipeline.storage.cogs.spec import CogSpec
from eo_pipeline.storage.cogs.threads import in_threads


@dataclass(frozen=True)
class BlockWriter:
    """What one run of the writer works with.

    Attributes:
        spec: bands and codec.
        shapes: (y, x) of the raster and its overviews.
        source: the raster's pixels.
        encoding: of a block.
        part: where blocks go.
        work: how windows are cut.
    """

    spec: CogSpec
    shapes: tuple[tuple[int, int], ...]
    source: BlockSource
    encoding: Encoding
    part: PartFiles
    work: Workload

    def write_all(self) -> None:
        """Write every block that holds a value, of every level."""
        in_threads(self._write_window, self.work.windows(self.shapes[0]), threads=self.work.threads)
        for level in range(2 if self._in_pairs else 1, len(self.shapes)):
            make = partial(self._make_overview, level)
            in_threads(make, self.work.windows_above(self.shapes[level]), threads=self.work.threads)

    @property
    def _in_pairs(self) -> bool:
        """Whether the first overview can be made of windows that know nothing of their neighbours."""
        height, width = self.shapes[0]
        return len(self.shapes) > 1 and height % 2 == 0 and width % 2 == 0

    def _write_window(self, window: Rectangle) -> None:
        if self.source.is_empty(window):
            return
        pixels = self.source.read(window)
        self._check(pixels, window)
        self._put_blocks(0, window, pixels)
        if self._in_pairs:
            above = Rectangle(
                window.row_start // 2, window.column_start // 2, window.row_stop // 2, window.column_stop // 2
            )
            self._put_blocks(1, above, WindowBelow.of(above, self.shapes[0]).halved(pixels, self.spec.bands))

    def _make_overview(self, level: int, window: Rectangle) -> None:
        needed = WindowBelow.of(window, self.shapes[level - 1])
        pixels = self._read_back(level - 1, needed.rectangle)
        if pixels is not None:
            self._put_blocks(level, window, needed.halved(pixels, self.spec.bands))

    def _put_blocks(self, level: int, window: Rectangle, pixels: NDArray[Any]) -> None:
        """Put a window's blocks, compressed or as the source has them; those without a value are left out."""
        for block in self.work.blocks(window):
            inside = block.shifted(rows=-window.row_start, columns=-window.column_start)
            values = pixels[:, *inside.slices]
            if not self._has_values(values):
                continue
            row, column = block.row_start // self.spec.block, block.column_start // self.spec.block
            raw = self.source.raw(block) if level == 0 else None
            self.part.put(level, row, column, self.encoding.encode(values) if raw is None else raw)

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
        shape = (len(self.spec.bands), window.height, window.width)
        pixels = np.full(shape, self.spec.empty, self.spec.dtype)
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
            values = self.encoding.decode(data)[
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
