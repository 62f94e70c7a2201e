"""Where everything of a COG stands: header, directories from the largest image to the smallest, then blocks.

Blocks of the smallest overview come first, row by row, each between its size and its last four bytes once more, as
GDAL's COG driver leaves them (https://gdal.org/en/stable/drivers/raster/cog.html, "Tile data leader and trailer").
Does not belong here: writing it, and what tags say.
"""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from eo_pipeline.storage.cogs.tiff_tags import BIG, CLASSIC, LONG, LONG8, OFFSETS, SIZES, Form, Tag, directory_bytes

LEADER = TRAILER = 4
"""Bytes before and after each block."""

_GHOST = (
    b"LAYOUT=IFDS_BEFORE_DATA\nBLOCK_ORDER=ROW_MAJOR\nBLOCK_LEADER=SIZE_AS_UINT4\n"
    b"BLOCK_TRAILER=LAST_4_BYTES_REPEATED\nKNOWN_INCOMPATIBLE_EDITION=NO\n "
)


@dataclass(frozen=True)
class Level:
    """One image of the file: the raster itself or an overview.

    Attributes:
        tags: by code, all but where its blocks are.
        sizes: of its blocks in bytes, row by row; 0 for a block that is not written.
    """

    tags: Mapping[int, Tag]
    sizes: NDArray[np.int64]


@dataclass(frozen=True)
class Layout:
    """Where a file's parts are.

    Attributes:
        head: all bytes before the first block's leader.
        first: where the raster's own blocks begin.
        positions: a level's blocks' first bytes, after their leaders, row by row; 0 for a block that is not written.
        size: of the whole file in bytes.
    """

    head: bytes
    first: int
    positions: tuple[NDArray[np.int64], ...]
    size: int


def lay_out(levels: Sequence[Level], *, big: bool = False, first: int = 0) -> Layout:
    """Lay out a raster and its overviews, largest first, as classic TIFF if it fits into 4 GiB unless `big`.

    The raster's own blocks begin at `first`, or right after the overviews if those do not end before it.
    """
    if not big:
        layout = _positions(levels, CLASSIC, first)
        if layout.size < 2**32:
            return _with_head(levels, layout, CLASSIC)
    return _with_head(levels, _positions(levels, BIG, first), BIG)


def head_size(levels: Sequence[Level]) -> int:
    """Bytes before the first block, at most; of the levels' sizes only how many there are counts."""
    return _head_size(levels, BIG)


def framed(block: bytes | memoryview) -> tuple[bytes, bytes | memoryview, bytes]:
    """A block between its leader and its trailer."""
    return struct.pack("<I", len(block)), block, bytes(block[-TRAILER:]).rjust(TRAILER, b"\0")


def _head_size(levels: Sequence[Level], form: Form) -> int:
    return _start(form) + sum(form.directory_size(_placed(level, level.sizes, form).values()) for level in levels)


def _positions(levels: Sequence[Level], form: Form, first: int) -> Layout:
    """The layout without a head: all that depends on sizes alone."""
    start, positions = _head_size(levels, form), []
    for number, level in reversed(list(enumerate(levels))):
        if number == 0:
            start = first = max(start, first)
        lengths = np.where(level.sizes > 0, level.sizes + LEADER + TRAILER, 0)
        ends = start + np.cumsum(lengths)
        positions.append(np.where(level.sizes > 0, ends - lengths + LEADER, 0))
        start = int(ends[-1])
    return Layout(b"", first, tuple(reversed(positions)), start)


def _with_head(levels: Sequence[Level], layout: Layout, form: Form) -> Layout:
    head = bytearray(form.header + struct.pack(form.pointer, _start(form)) + _ghost()).ljust(_start(form), b"\0")
    directories = [_placed(level, at, form) for level, at in zip(levels, layout.positions, strict=True)]
    for index, tags in enumerate(directories):
        size = form.directory_size(tags.values())
        following = 0 if index == len(directories) - 1 else len(head) + size
        head += directory_bytes(tags, len(head), following=following, form=form)
    return replace(layout, head=bytes(head))


def _placed(level: Level, positions: NDArray[np.int64], form: Form) -> dict[int, Tag]:
    """The level's tags with where its blocks are."""
    places = Tag.whole(OFFSETS, LONG if form is CLASSIC else LONG8, positions)
    return {**level.tags, OFFSETS: places, SIZES: Tag.whole(SIZES, LONG, level.sizes)}


def _start(form: Form) -> int:
    """Where the first directory stands."""
    return -(-(form.header_size + len(_ghost())) // 8) * 8


def _ghost() -> bytes:
    """What GDAL reads between header and first directory to know how the rest is laid out."""
    return b"GDAL_STRUCTURAL_METADATA_SIZE=%06d bytes\n" % len(_GHOST) + _GHOST
