"""Compressed blocks in a file of their own, in the order they were made, until all are there.

Blocks that a source has as they are stay where they are. Does not belong here: how blocks are compressed, and where
they stand at last.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Self

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from eo_pipeline.errors import StorageError

ELSEWHERE = -1


@dataclass(frozen=True)
class BlockTable:
    """Where the blocks of one level are in the part file, by (row of blocks, column of blocks).

    Attributes:
        positions: first byte; ELSEWHERE for a block that is not in the part file.
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

    def enter(self, row: int, column: int, data: bytes, position: int) -> None:
        """Remember where a block's bytes are."""
        self.positions[row, column] = position
        self.sizes[row, column] = len(data)
        self.checksums[row, column] = checksum(data)


class PartFile:
    """Blocks of a raster and its overviews; all but closing may be done by several threads.

    Attributes:
        tables: one a level, the raster itself first.
    """

    def __init__(
        self, path: Path, grids: Sequence[tuple[int, int]], elsewhere: Callable[[int, int], bytes | None]
    ) -> None:
        """Make the file.

        Args:
            path: of the file.
            grids: rows and columns of blocks of every level.
            elsewhere: gives the bytes of a block of the raster itself, by its row and column, that is not in the file.
        """
        self._elsewhere = elsewhere
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
        self.tables[level].enter(row, column, data, position)

    def leave(self, row: int, column: int, data: bytes) -> None:
        """Remember a block of the raster itself whose bytes stay where they are."""
        self.tables[0].enter(row, column, data, ELSEWHERE)

    def get(self, level: int, row: int, column: int) -> bytes:
        """A block's bytes; empty if it is not written.

        Raises:
            StorageError: it was elsewhere and is not any more.
        """
        table = self.tables[level]
        size, position = int(table.sizes[row, column]), int(table.positions[row, column])
        if position != ELSEWHERE:
            return os.pread(self._file, size, position)
        data = self._elsewhere(row, column)
        if data is None or checksum(data) != table.checksums[row, column]:
            raise StorageError(
                f"expected block row {row}, column {column} of a tile as it was when it was first read, got other "
                "bytes; let nothing change the tiles meanwhile, and write it again"
            )
        return data


def write_at(file: int, data: bytes, position: int) -> None:
    """Write all of `data` at a position of an open file; OSError if there is no room."""
    view = memoryview(data)
    while view:
        written = os.pwrite(file, view, position)
        view, position = view[written:], position + written


def checksum(data: bytes) -> int:
    """CRC-32, by libdeflate."""
    return imagecodecs.deflate_crc32(data)
