"""A file that is being filled, and a journal beside it of the pieces that it holds already.

`<name>.part` gets its final name when it is whole. `<name>.part.journal` survives a kill: its first line says of which
version of which size the pieces are, every other line is the number of a piece whose bytes are all in the file. What
does not belong here: where bytes come from, and whether they are right.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from eo_pipeline.storage.transfer.values import StoredObject

_END = "."
"""After a piece's number: one whose end was not written any more does not count."""

_VECTORS = 512
"""Parts of one system call, fewer than any system's limit."""


class PartFile:
    """The unfinished file of one object.

    Closed on exit. Then it is kept for another time, unless it has no journal or could not be written.

    Args:
        path: final name, in a folder that is there.
        source: the object.
        piece: bytes of a piece. An object of one piece has no journal.
    """

    def __init__(self, path: Path, source: StoredObject, piece: int) -> None:
        self._path = path
        self.part, self.journal = part_names(path)
        self._size, self._piece = source.size, piece
        header = json.dumps({"generation": source.generation, "size": source.size, "piece": piece})
        self._published = False
        self._done = self._read_journal(header)
        fresh = 0 if self._done else os.O_TRUNC
        self._file = os.open(self.part, os.O_RDWR | os.O_CREAT | fresh, 0o666)
        self._log = -1
        if source.size > piece:
            self._log = os.open(self.journal, os.O_WRONLY | os.O_CREAT | os.O_APPEND | fresh, 0o666)
            if not self._done:
                os.write(self._log, header.encode())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        os.close(self._file)
        if self._log >= 0:
            os.close(self._log)
        if not self._published and (self._log < 0 or isinstance(error, OSError)):
            self.discard()

    def missing(self) -> Iterator[tuple[int, int]]:
        """(first byte, one past the last) of each piece that is not there."""
        for number, start in enumerate(range(0, self._size, self._piece)):
            if number not in self._done:
                yield start, min(start + self._piece, self._size)

    def write(self, start: int, block: list[bytes]) -> None:
        """Write bytes that follow each other at their place."""
        views = [memoryview(data) for data in block]
        while views:
            written = os.pwritev(self._file, views[:_VECTORS], start)
            start += written
            while views and written >= len(views[0]):
                written -= len(views.pop(0))
            if written:
                views[0] = views[0][written:]

    def note(self, start: int) -> None:
        """The piece that begins at this byte is all there."""
        if self._log >= 0:
            os.write(self._log, f"\n{start // self._piece}{_END}".encode())

    def publish(self) -> None:
        """Give the file its final name."""
        self.part.replace(self._path)
        self._published = True
        if self._log >= 0:
            self.journal.unlink()

    def discard(self) -> None:
        """Remove what there is."""
        discard(self._path)

    def _read_journal(self, header: str) -> frozenset[int]:
        """Numbers of the pieces in the file; none if it is of something else, or gone."""
        if self._size <= self._piece or not (self.part.exists() and self.journal.exists()):
            return frozenset()
        first, *others = self.journal.read_text(encoding="utf-8", errors="replace").split("\n")
        if first != header:
            return frozenset()
        ended = (line.removesuffix(_END) for line in others if line.endswith(_END))
        return frozenset(int(number) for number in ended if number.isdecimal())


def part_names(path: Path) -> tuple[Path, Path]:
    """The unfinished file and its journal beside a final name."""
    return path.with_name(f"{path.name}.part"), path.with_name(f"{path.name}.part.journal")


def discard(path: Path) -> None:
    """Remove what is unfinished of a file, if there is anything."""
    for file in part_names(path):
        file.unlink(missing_ok=True)
