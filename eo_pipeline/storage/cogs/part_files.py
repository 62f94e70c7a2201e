"""Compressed blocks in files of their own, in the order they were made, until all are there.

Does not belong here: how blocks are compressed, and where they stand at last.
"""

import os
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Self

import imagecodecs
import numpy as np
from numpy.typing import NDArray

_CUT = 2**21
"""Bytes that are cut off a file at once: few, so that the system takes the same memory for what is written next."""


@dataclass(frozen=True)
class BlockTable:
    """Where the blocks of one level are, by (row of blocks, column of blocks).

    Attributes:
        files: number of the part file.
        positions: first byte in it.
        sizes: in bytes; 0 for a block that has no pixel of value, which is not written.
        checksums: CRC-32 of the bytes.
    """

    files: NDArray[np.int16]
    positions: NDArray[np.int64]
    sizes: NDArray[np.int64]
    checksums: NDArray[np.uint32]

    @classmethod
    def empty(cls, grid: tuple[int, int]) -> Self:
        """Of a level none of whose blocks is written."""
        return cls(
            np.zeros(grid, np.int16), np.zeros(grid, np.int64), np.zeros(grid, np.int64), np.zeros(grid, np.uint32)
        )

    def enter(self, row: int, column: int, data: bytes, *, file: int, position: int) -> None:
        """Remember where a block's bytes are."""
        self.files[row, column], self.positions[row, column] = file, position
        self.sizes[row, column], self.checksums[row, column] = len(data), checksum(data)


@dataclass
class _Part:
    """One open file: its number, descriptor and size."""

    number: int
    file: int
    end: int = 0


@dataclass
class PartFiles:
    """Blocks of a raster and its overviews; all but closing may be done by several threads.

    Each thread that puts a block takes a file of its own meanwhile, for the system lets one thread write a file at a
    time. The files go when they are closed.

    Attributes:
        folder: holds the files.
        tables: one a level, the raster itself first.
    """

    folder: Path
    tables: Sequence[BlockTable]
    _parts: list[_Part] = field(default_factory=list)
    _idle: deque[_Part] = field(default_factory=deque)
    _lock: Lock = field(default_factory=Lock)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for part in self._parts:
            os.close(part.file)
            self._path(part.number).unlink()

    def put(self, level: int, row: int, column: int, data: bytes) -> None:
        """Keep a block's bytes; OSError if there is no room."""
        part = self._take()
        write_at(part.file, data, part.end)
        self.tables[level].enter(row, column, data, file=part.number, position=part.end)
        part.end += len(data)
        self._idle.append(part)

    def get(self, level: int, row: int, column: int) -> bytes:
        """A block's bytes; empty if it is not written."""
        table = self.tables[level]
        size, number = int(table.sizes[row, column]), int(table.files[row, column])
        return os.pread(self._parts[number].file, size, int(table.positions[row, column])) if size else b""

    def drain(self) -> Iterator[tuple[int, int, int, bytes]]:
        """All blocks once, as (level, row, column, bytes); the files are cut as their last blocks are given.

        So blocks that are written elsewhere meanwhile take little more room, on disk and in the system's cache, than
        they took here.
        """
        for part in self._parts:
            for position, level, row, column in self._from_the_end(part.number):
                yield level, row, column, self.get(level, row, column)
                if part.end - position > _CUT:
                    part.end = position
                    os.truncate(part.file, part.end)

    def _from_the_end(self, number: int) -> NDArray[np.int64]:
        """(position, level, row, column) of the blocks of one file, the last first."""
        found = []
        for level, table in enumerate(self.tables):
            rows, columns = np.nonzero((table.files == number) & (table.sizes > 0))
            found.append(np.stack([table.positions[rows, columns], np.full(rows.size, level), rows, columns], axis=1))
        blocks = np.concatenate(found)
        return blocks[np.argsort(-blocks[:, 0])]

    def _take(self) -> _Part:
        """A file that no thread is writing."""
        with self._lock:
            if not self._idle:
                number = len(self._parts)
                self._parts.append(_Part(number, os.open(self._path(number), os.O_RDWR | os.O_CREAT | os.O_EXCL)))
                return self._parts[-1]
            return self._idle.pop()

    def _path(self, number: int) -> Path:
        return self.folder / f"blocks-{number}"


def write_at(file: int, data: bytes, position: int) -> None:
    """Write all of `data` at a position of an open file; OSError if there is no room."""
    view = memoryview(data)
    while view:
        written = os.pwrite(file, view, position)
        view, position = view[written:], position + written


def checksum(data: bytes) -> int:
    """CRC-32, by libdeflate."""
    return imagecodecs.deflate_crc32(data)
