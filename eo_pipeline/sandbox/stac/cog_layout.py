"""Where everything lies in a tiled, uncompressed, cloud-optimised GeoTIFF: known before any pixel is.

The header and all directories come first, then the blocks, the smallest overview's first. What does not belong here:
pixels, and HTTP.
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from eo_pipeline.sandbox.graph.grids import Grid
from eo_pipeline.sandbox.stac.geo_keys import geo_keys

BLOCK = 512
"""Pixels a side of every block, overviews included."""

_SMALLEST_FACTOR = 16
_ALIGNED = 32_768
"""Blocks begin at multiples of this, twice what GDAL reads at once: readers are commonly told to ask for as much when
they open a file (GDAL_INGESTED_BYTES_AT_OPEN), and opening one must not compute pixels."""

_SHORT, _LONG, _DOUBLE, _ASCII = 3, 4, 12, 2
_CODES = {_SHORT: "H", _LONG: "I", _DOUBLE: "d", _ASCII: "s"}

_SAMPLE_FORMATS = {"u": 1, "i": 2, "f": 3}

_LONGEST, _MEGABYTE = 2**32 - 1, 2**20

Entry = tuple[int, int, Sequence[float] | bytes]
"""Tag, type and values of a directory entry."""


@dataclass(frozen=True)
class Level:
    """The image at one resolution.

    Attributes:
        number: pixels are 2**number times coarser than the image's.
        width: columns.
        height: rows.
        start: the first byte of the first block; blocks follow row by row.
    """

    number: int
    width: int
    height: int
    start: int = 0

    @property
    def across(self) -> int:
        """Blocks in a row."""
        return -(-self.width // BLOCK)

    @property
    def blocks(self) -> int:
        """All blocks."""
        return self.across * -(-self.height // BLOCK)


@dataclass(frozen=True)
class Piece:
    """Consecutive bytes of one block, or of the header if there is no level.

    Attributes:
        level: of the block.
        block: its number, row by row.
        start: the first byte, counted from the block's or the header's beginning.
        stop: the one after the last.
    """

    level: Level | None
    block: int
    start: int
    stop: int


@dataclass(frozen=True)
class CogLayout:
    """A file without its pixels.

    Attributes:
        dtype: of the pixels, little endian; one band.
        levels: the image, then its overviews from large to small.
        header: all bytes before the first block.
    """

    dtype: np.dtype
    levels: tuple[Level, ...]
    header: bytes

    @property
    def block_bytes(self) -> int:
        """Bytes of a block."""
        return BLOCK * BLOCK * self.dtype.itemsize

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return self.levels[0].start + self.levels[0].blocks * self.block_bytes

    def pieces(self, start: int, stop: int) -> Iterator[Piece]:
        """What the bytes [start, stop) consist of, in order."""
        if start < len(self.header):
            yield Piece(None, 0, start, min(stop, len(self.header)))
        for level in reversed(self.levels):
            yield from self._of_level(level, start - level.start, stop - level.start)

    def _of_level(self, level: Level, start: int, stop: int) -> Iterator[Piece]:
        """What [start, stop), counted from the level's beginning, consist of."""
        size = self.block_bytes
        first, last = max(start, 0), min(stop, level.blocks * size)
        for block in range(first // size, -(-last // size)):
            yield Piece(level, block, max(first - block * size, 0), min(last - block * size, size))


@lru_cache(maxsize=1024)
def layout(grid: Grid, dtype: np.dtype, nodata: float) -> CogLayout:
    """The layout of one band.

    Args:
        grid: where its pixels lie.
        dtype: little endian.
        nodata: value of pixels without data.

    Raises:
        ValueError: The file is too long for a classic TIFF; see `fits`.
    """
    if not fits((grid.width, grid.height), dtype):
        raise ValueError(f"expected a file of less than 4 GiB, got {grid} of {dtype}; publish a smaller image")
    levels = _levels(grid.width, grid.height)
    geography = _geography(grid)
    begin = -(-len(_header(levels, geography, dtype, nodata)) // _ALIGNED) * _ALIGNED
    placed: list[Level] = []
    for level in reversed(levels):
        placed.insert(0, replace(level, start=begin))
        begin += level.blocks * BLOCK * BLOCK * dtype.itemsize
    header = _header(placed, geography, dtype, nodata)
    return CogLayout(dtype, tuple(placed), header.ljust(placed[-1].start, b"\0"))


def fits(dimensions: tuple[int, int], dtype: np.dtype) -> bool:
    """Whether an image of (width, height) pixels can have a file: a header of a megabyte is more than it needs."""
    blocks = sum(level.blocks for level in _levels(*dimensions))
    return blocks * BLOCK * BLOCK * dtype.itemsize + _MEGABYTE <= _LONGEST


def _levels(width: int, height: int) -> list[Level]:
    """The image and overviews of half the size until one fits into a block."""
    levels = [Level(0, width, height)]
    while max(levels[-1].width, levels[-1].height) > BLOCK and 1 << levels[-1].number < _SMALLEST_FACTOR:
        number = levels[-1].number + 1
        levels.append(Level(number, -(-width >> number), -(-height >> number)))
    return levels


def _geography(grid: Grid) -> list[Entry]:
    """The tags that place the image (GeoTIFF 1.1)."""
    a, b, c, d, e, f = grid.transform
    kinds = {34735: _SHORT, 34736: _DOUBLE, 34737: _ASCII}
    keys: list[Entry] = [(tag, kinds[tag], values) for tag, values in geo_keys(grid.crs).items()]
    if grid.is_upright and a > 0 > e:
        return [*keys, (33550, _DOUBLE, (a, -e, 0.0)), (33922, _DOUBLE, (0.0, 0.0, 0.0, c, f, 0.0))]
    matrix = (a, b, 0.0, c, d, e, 0.0, f, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0)
    return [*keys, (34264, _DOUBLE, matrix)]


def _header(levels: Sequence[Level], geography: Sequence[Entry], dtype: np.dtype, nodata: float) -> bytes:
    """The header and the directories of all levels."""
    content = struct.pack("<2sHI", b"II", 42, 8)
    for level in levels:
        entries = _entries(level, dtype, nodata) + (list(geography) if level.number == 0 else [])
        content += _directory(entries, at=len(content), is_last=level is levels[-1])
    return content


def _entries(level: Level, dtype: np.dtype, nodata: float) -> list[Entry]:
    size = BLOCK * BLOCK * dtype.itemsize
    return [
        (254, _LONG, (1 if level.number else 0,)),
        (256, _LONG, (level.width,)),
        (257, _LONG, (level.height,)),
        (258, _SHORT, (dtype.itemsize * 8,)),
        (259, _SHORT, (1,)),
        (262, _SHORT, (1,)),
        (277, _SHORT, (1,)),
        (284, _SHORT, (1,)),
        (322, _LONG, (BLOCK,)),
        (323, _LONG, (BLOCK,)),
        (324, _LONG, tuple(range(level.start, level.start + level.blocks * size, size))),
        (325, _LONG, (size,) * level.blocks),
        (339, _SHORT, (_SAMPLE_FORMATS[dtype.kind],)),
        (42113, _ASCII, f"{nodata}\0".encode()),
    ]


def _directory(entries: Sequence[Entry], *, at: int, is_last: bool) -> bytes:
    """A directory that begins at a byte, with its long values after it and the next directory after those."""
    ordered = sorted(entries)
    beyond = at + 2 + 12 * len(ordered) + 4
    table, values = b"", b""
    for tag, kind, content in ordered:
        packed = _packed(kind, content)
        field = packed if len(packed) <= 4 else struct.pack("<I", beyond + len(values))
        table += struct.pack("<HHI", tag, kind, len(content)) + field.ljust(4, b"\0")
        values += b"" if len(packed) <= 4 else packed + b"\0" * (-len(packed) % 2)
    following = 0 if is_last else beyond + len(values)
    return struct.pack("<H", len(ordered)) + table + struct.pack("<I", following) + values


def _packed(kind: int, content: Sequence[float] | bytes) -> bytes:
    if isinstance(content, bytes):
        return content
    return struct.pack(f"<{len(content)}{_CODES[kind]}", *content)
