"""The final file: head and blocks in the layout's order, and whether it holds just these bytes.

Does not belong here: how blocks were made.
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import rasterio
from numpy.typing import NDArray

from eo_pipeline.errors import StorageError
from eo_pipeline.storage.cogs.layout import LEADER, TRAILER, Layout, framed
from eo_pipeline.storage.cogs.part_files import WHOLE_FILE, BlockTable, PartFiles, checksum, write_at
from eo_pipeline.storage.cogs.spec import CogSpec
from eo_pipeline.storage.cogs.tiff_tags import OFFSETS, SIZES, read_directories
from eo_pipeline.storage.threads import in_threads


class _Place(NamedTuple):
    """A written block: its level, row and column of blocks, and first byte in the whole file."""

    level: int
    row: int
    column: int
    position: int


def assemble(path: Path, part: PartFiles, layout: Layout, *, threads: int) -> None:
    """Complete the file that has the raster's own blocks, or write a new one if they are in the way of the overviews.

    The part files are emptied, `threads` at once: the system lets one of them write at a time, and the others read.
    OSError if there is no room.
    """
    if np.array_equal(layout.positions[0], part.tables[0].positions.ravel()):
        _write(part.whole, part, layout, part.numbers[WHOLE_FILE + 1 :], threads=threads)
        part.keep_whole(path)
        return
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL)
    try:
        _write(file, part, layout, part.numbers, threads=threads)
    finally:
        os.close(file)


def _write(file: int, part: PartFiles, layout: Layout, numbers: Sequence[int], *, threads: int) -> None:
    """Write the head and the blocks of some part files."""
    places = [at.reshape(table.sizes.shape) for at, table in zip(layout.positions, part.tables, strict=True)]
    os.truncate(file, layout.size)
    write_at(file, 0, layout.head)

    def copy(number: int) -> None:
        for level, row, column, data in part.drain(number):
            write_at(file, int(places[level][row, column]) - LEADER, *framed(data))

    in_threads(copy, numbers, threads=threads)


def check_whole(path: Path, spec: CogSpec, tables: Sequence[BlockTable], *, threads: int) -> None:
    """Read a file back, every byte of every block, as its own directories place them.

    Raises:
        StorageError: it is not what was written; names the first block that differs.
        GDAL_ERRORS: GDAL cannot open it.
    """
    _check_header(path, spec, overviews=len(tables) - 1)
    with path.open("rb") as file:
        directories = read_directories(file)
        found = [(tags[OFFSETS].numbers, tags[SIZES].numbers) for tags in directories]
        for level, (table, (_, sizes)) in enumerate(zip(tables, found, strict=True)):
            if not np.array_equal(table.sizes.ravel(), sizes):
                raise _differs(path, f"other sizes of blocks in level {level}")

        def check(place: _Place) -> None:
            table = tables[place.level]
            size = int(table.sizes[place.row, place.column])
            frame = os.pread(file.fileno(), LEADER + size + TRAILER, place.position - LEADER)
            data = frame[LEADER : LEADER + size]
            leader, _, trailer = framed(data)
            whole = frame[:LEADER] == leader and frame[LEADER + size :] == trailer
            if not whole or checksum(data) != table.checksums[place.row, place.column]:
                raise _differs(
                    path, f"other bytes in level {place.level}, block row {place.row}, column {place.column}"
                )

        in_threads(check, _places(tables, tuple(positions for positions, _ in found)), threads=threads)


def _places(tables: Sequence[BlockTable], positions: tuple[NDArray[np.int64], ...]) -> Iterator[_Place]:
    """All blocks that are written, in the order of the whole file."""
    for level in reversed(range(len(tables))):
        sizes = tables[level].sizes
        placed = positions[level].reshape(sizes.shape)
        for row in range(len(sizes)):
            for column in np.flatnonzero(sizes[row]).tolist():
                yield _Place(level, row, column, int(placed[row, column]))


def _check_header(path: Path, spec: CogSpec, *, overviews: int) -> None:
    with rasterio.open(path) as dataset:
        got = (dataset.shape, dataset.count, set(dataset.dtypes), len(dataset.overviews(1)))
    wanted = (tuple(spec.geobox.shape), len(spec.bands), {spec.dtype.name}, overviews)
    if got != wanted:
        raise _differs(path, f"shape, bands, dtypes and overviews {got} instead of {wanted}")


def _differs(path: Path, what: str) -> StorageError:
    return StorageError(
        f"expected {path} to read back as it was written, got {what}; check the disk and write it again"
    )
