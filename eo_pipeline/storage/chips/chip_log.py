"""What is known of the chips in a folder that is being filled: one line each, written after the chip's file.

A chip counts as there if its line is there and its file is what the line says; so a kill at any moment costs what was
under way. What does not belong here: the files (`chip_files`), and the manifest of a folder that is full.
"""

import json
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from eo_pipeline.storage.checksums import crc32c_of
from eo_pipeline.storage.disk_space import room_for

LOG = ".chips.jsonl"


@dataclass(frozen=True)
class LoggedChip:
    """One line.

    Attributes:
        file: name of the chip's file in the folder.
        identity: of what was asked for: another one means another chip.
        size: bytes of the file.
        crc32c: base64 of the big-endian checksum of the file.
        nodata_share: 0 to 1.
        cloud_share: 0 to 1; None if unknown.
    """

    file: str
    identity: str
    size: int
    crc32c: str
    nodata_share: float
    cloud_share: float | None


@dataclass(frozen=True)
class ChipLog:
    """Takes lines, from several threads."""

    descriptor: int
    lock: threading.Lock

    def add(self, chip: LoggedChip, path: Path) -> None:
        """Write the line of a chip whose file is there.

        Args:
            chip: what is known of it.
            path: of its file, for messages.

        Raises:
            DiskFullError: no room; the chip does not count as there.
        """
        line = f"{json.dumps(asdict(chip), ensure_ascii=True, allow_nan=False)}\n".encode()
        with self.lock, room_for(path.with_name(LOG), len(line)):
            written = os.write(self.descriptor, line)
            while written < len(line):
                written += os.write(self.descriptor, line[written:])


@contextmanager
def open_log(folder: Path) -> Iterator[ChipLog]:
    """The log of a folder that exists; a line that a kill cut off is closed, and lost."""
    path = folder / LOG
    with room_for(path, 0):
        descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        end = os.lseek(descriptor, 0, os.SEEK_END)
        if end and os.pread(descriptor, 1, end - 1) != b"\n":
            os.write(descriptor, b"\n")
        yield ChipLog(descriptor, threading.Lock())
    finally:
        os.close(descriptor)


def read_log(folder: Path) -> Mapping[str, LoggedChip]:
    """The last line of each file, by its name; lines that a kill cut off are passed over."""
    path = folder / LOG
    if not path.exists():
        return {}
    with path.open("rb") as lines:
        found = [chip for chip in map(_parsed, lines) if chip is not None]
    return {chip.file: chip for chip in found}


def is_whole(folder: Path, chip: LoggedChip) -> bool:
    """Whether the chip's file is there, byte for byte."""
    path = folder / chip.file
    try:
        return path.stat().st_size == chip.size and crc32c_of(path) == chip.crc32c
    except FileNotFoundError:
        return False


def _parsed(line: bytes) -> LoggedChip | None:
    try:
        return LoggedChip(**json.loads(line))
    except (ValueError, TypeError):
        return None
