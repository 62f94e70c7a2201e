"""Compressed blocks in files of their own, or for a while in memory, in the order they were made, until all are there.

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

WHOLE_FILE = 0
"""Number of the file that blocks are written into where they stay."""

_MEMORY = -1
"""Stands for a file's number of blocks that are in memory."""

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

    def enter(self, row: int, column: int, data: bytes | memoryview, *, file: int, position: int) -> None:
        """Remember where a block's bytes are."""
        self.move(row, column, file=file, position=position)
        self.sizes[row, column], self.checksums[row, column] = len(data), checksum(data)

    def move(self, row: int, column: int, *, file: int, position: int) -> None:
        """Remember where a block's bytes are now."""
        self.files[row, column], self.positions[row, column] = file, position


@dataclass
class _Part:
    """One open file: its number, descriptor, size, and positions of room that was given back, by its bytes."""

    number: int
    file: int
    end: int = 0
    free: dict[int, list[int]] = field(default_factory=dict)

    def place(self, size: int) -> int:
        """Where so many bytes may stand."""
        room = _room(size)
        if self.free.get(room):
            return self.free[room].pop()
        self.end += room
        return self.end - room


@dataclass
class PartFiles:
    """Blocks of a raster and its overviews; all but closing may be done by several threads.

    Each thread that puts a block takes a file of its own meanwhile, for the system lets one thread write a file at a
    time. The first file is none of theirs: it holds blocks where they stay, and may become the whole file. The files go
    when they are closed.

    Attributes:
        folder: holds the files.
        tables: one a level, the raster itself first.
        memory: bytes of blocks that are soon written elsewhere which may be kept without a file.
    """

    folder: Path
    tables: Sequence[BlockTable]
    memory: int = 0
    _kept: dict[tuple[int, int, int], bytes] = field(default_factory=dict)
    _left: int = field(init=False)
    _parts: list[_Part] = field(default_factory=list)
    _idle: deque[_Part] = field(default_factory=deque)
    _lock: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        self._left = self.memory

    def __enter__(self) -> Self:
        self._open()
        return self

    @property
    def whole(self) -> int:
        """Descriptor of the file that holds blocks where they stay."""
        return self._parts[WHOLE_FILE].file

    def keep_whole(self, path: Path) -> None:
        """Let the file that holds blocks where they stay be no longer one of these, but stay under a name."""
        self._path(WHOLE_FILE).replace(path)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for part in self._parts:
            os.close(part.file)
            self._path(part.number).unlink(missing_ok=True)

    def put(self, level: int, row: int, column: int, data: bytes | memoryview, *, soon: bool = False) -> None:
        """Keep a block's bytes, without a file if it is to be released `soon`; OSError if there is no room."""
        if soon and self._reserve(len(data)):
            self._kept[level, row, column] = bytes(data)
            self.tables[level].enter(row, column, data, file=_MEMORY, position=0)
            return
        part, position = self._take(len(data))
        write_at(part.file, position, data)
        self.tables[level].enter(row, column, data, file=part.number, position=position)
        self._idle.append(part)

    def release(self, level: int, row: int, column: int) -> None:
        """Let others have a block's room; it is to be read no more."""
        table = self.tables[level]
        number, size = int(table.files[row, column]), int(table.sizes[row, column])
        if number == _MEMORY:
            self._kept.pop((level, row, column))
            self._reserve(-size)
            return
        part, room = self._parts[number], _room(size)
        with self._lock:
            part.free.setdefault(room, []).append(int(table.positions[row, column]))

    def get(self, level: int, row: int, column: int) -> bytes:
        """A block's bytes; empty if it is not written."""
        table = self.tables[level]
        size, number = int(table.sizes[row, column]), int(table.files[row, column])
        if number == _MEMORY:
            return self._kept[level, row, column]
        return os.pread(self._parts[number].file, size, int(table.positions[row, column])) if size else b""

    @property
    def numbers(self) -> range:
        """Of the files."""
        return range(len(self._parts))

    def drain(self, number: int) -> Iterator[tuple[int, int, int, bytes]]:
        """All blocks of a file, as (level, row, column, bytes); it is cut as blocks are given.

        So blocks that are written elsewhere meanwhile take little more room, on disk and in the system's cache, than
        they took here.
        """
        file = self._parts[number].file
        for position, level, row, column in self._from_the_end(number):
            yield level, row, column, self.get(level, row, column)
            if os.fstat(file).st_size - position > _CUT:
                os.truncate(file, position)

    def _from_the_end(self, number: int) -> NDArray[np.int64]:
        """(position, level, row, column) of the blocks of one file, the last first."""
        found = []
        for level, table in enumerate(self.tables):
            rows, columns = np.nonzero((table.files == number) & (table.sizes > 0))
            found.append(np.stack([table.positions[rows, columns], np.full(rows.size, level), rows, columns], axis=1))
        blocks = np.concatenate(found)
        return blocks[np.argsort(-blocks[:, 0])]

    def _reserve(self, size: int) -> bool:
        """Whether so many bytes may be kept in memory, which they then are."""
        with self._lock:
            enough = size <= self._left
            self._left -= size if enough else 0
            return enough

    def _take(self, size: int) -> tuple[_Part, int]:
        """A file that no thread is writing, and a place in it for so many bytes."""
        with self._lock:
            part = self._idle.pop() if self._idle else self._open()
            return part, part.place(size)

    def _open(self) -> _Part:
        number = len(self._parts)
        self._parts.append(_Part(number, os.open(self._path(number), os.O_RDWR | os.O_CREAT | os.O_EXCL)))
        return self._parts[-1]

    def _path(self, number: int) -> Path:
        return self.folder / f"blocks-{number}"


def _room(size: int) -> int:
    """Bytes that a block of so many is given, up to a quarter more, so that its room is often another's."""
    step = 1 << max(0, size.bit_length() - 3)
    return -(-size // step) * step


def write_at(file: int, position: int, *pieces: bytes | memoryview) -> None:
    """Write all pieces, one after the other, at a position of an open file; OSError if there is no room."""
    views = [memoryview(piece) for piece in pieces if len(piece)]
    while views:
        written = os.pwritev(file, views, position)
        position += written
        while views and written >= len(views[0]):
            written -= len(views.pop(0))
        if written:
            views[0] = views[0][written:]


def checksum(data: bytes | memoryview) -> int:
    """CRC-32, by libdeflate."""
    return imagecodecs.deflate_crc32(data)
