"""Compressed blocks in a file of their own, in the order they were made, until all are there.

Does not belong here: how blocks are compressed, and where they stand at last.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Self

import imagecodecs
import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class BlockTable:
    """Where the blocks of one level are in the part file, by (row of blocks, column of blocks).

    Attributes:
        positions: first byte.
        sizes: in bytes; 0 for a block that has no pixel of value, which is not written.
        checksums: CRC-32 of the bytes.
    """

    positions: NDArray[np.int64]
    sizes: NDArray[np.int64]
    checksums: NDArray[np.uint32]

    @classmethod
    def empty(cls, grid: tuple[int, int]) -> Self:
        """Of a level none of whose blocks is written."""
        return cls(np.zeros(grid, np.int64), np.zeros(grid, np.int64), np.zeros(grid, np.uint32))


class PartFile:
    """Blocks of a raster and its overviews; `put` and `get` may be called from several threads.

    Attributes:
        tables: one a level, the raster itself first.
    """

    def __init__(self, path: Path, grids: Sequence[tuple[int, int]]) -> None:
        """Make the file; `grids` are rows and columns of blocks of every level."""
        self.tables = tuple(BlockTable.empty(grid) for grid in grids)
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL)
        self._end, self._lock = 0, Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._file)

    def put(self, level: int, row: int, column: int, data: bytes) -> None:
        """Keep a block's bytes."""
        with self._lock:
            position = self._end
            self._end += len(data)
        write_at(self._file, data, position)
        table = self.tables[level]
        table.positions[row, column] = position
        table.sizes[row, column] = len(data)
        table.checksums[row, column] = checksum(data)

    def get(self, level: int, row: int, column: int) -> bytes:
        """A block's bytes; empty if it is not written."""
        table = self.tables[level]
        return os.pread(self._file, int(table.sizes[row, column]), int(table.positions[row, column]))


def write_at(file: int, data: bytes, position: int) -> None:
    """Write all of `data` at a position of an open file; OSError if there is no room."""
    view = memoryview(data)
    while view:
        written = os.pwrite(file, view, position)
        view, position = view[written:], position + written


def checksum(data: bytes) -> int:
    """CRC-32, by libdeflate."""
    return imagecodecs.deflate_crc32(data)
