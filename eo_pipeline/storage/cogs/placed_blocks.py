"""The raster's own blocks, written once, row by row, into the file that becomes the whole one.

Overviews stand before them, so their places are known only from when it is settled how much room is left there. Blocks
that are made before their turn wait in memory, as far as that suffices, or, as all do until then, in part files, whose
room is used again and again. Does not belong here: how much room to leave (see `reserve`).
"""

from dataclasses import dataclass, field
from threading import Lock

from eo_pipeline.storage.cogs.layout import LEADER, TRAILER, framed
from eo_pipeline.storage.cogs.part_files import WHOLE_FILE, PartFiles, write_at


@dataclass
class PlacedBlocks:
    """Gives blocks their places; all but `begin` may be called from several threads.

    Attributes:
        part: holds the file that blocks are written into, and those that wait.
        first: where the first block's leader stands; 0 until that is settled.
    """

    part: PartFiles
    first: int = 0
    _ready: set[int] = field(default_factory=set)
    _next: int = 0
    _end: int = 0
    _writing: bool = False
    _lock: Lock = field(default_factory=Lock)

    def begin(self, first: int) -> None:
        """Settle where the first block's leader stands; OSError if there is no room for blocks that have waited."""
        with self._lock:
            self.first = self._end = first
        self._write_on()

    def put(self, row: int, column: int, data: bytes | memoryview) -> None:
        """Take a block's bytes, none if it is not to be written; OSError if there is no room."""
        number = row * self._columns + column
        with self._lock:
            begun = self._end > 0
            mine = begun and number == self._next and not self._writing
            self._writing = self._writing or mine
        if mine:
            self.part.tables[0].enter(row, column, data, file=WHOLE_FILE, position=0)
            self._write(number, data)
        elif data:
            self.part.put(0, row, column, data, soon=begun)
        with self._lock:
            if mine:
                self._next, self._writing = number + 1, False
            else:
                self._ready.add(number)
        self._write_on()

    @property
    def _columns(self) -> int:
        return int(self.part.tables[0].sizes.shape[1])

    def _write_on(self) -> None:
        """Write all that has its turn, unless a thread is at it: the system lets one thread write a file at a time."""
        with self._lock:
            if self._writing:
                return
            self._writing = True
        while (number := self._turn()) is not None:
            row, column = divmod(number, self._columns)
            data = self.part.get(0, row, column)
            if data:
                self.part.release(0, row, column)
            self._write(number, data)

    def _turn(self) -> int | None:
        """The next block; None if it is not there yet, and nobody is writing then."""
        with self._lock:
            if self._end and self._next in self._ready:
                self._ready.remove(self._next)
                self._next += 1
                return self._next - 1
            self._writing = False
            return None

    def _write(self, number: int, data: bytes | memoryview) -> None:
        """Only by the one thread that is writing."""
        if data:
            write_at(self.part.whole, self._end, *framed(data))
            row, column = divmod(number, self._columns)
            self.part.tables[0].move(row, column, file=WHOLE_FILE, position=self._end + LEADER)
            self._end += LEADER + len(data) + TRAILER
