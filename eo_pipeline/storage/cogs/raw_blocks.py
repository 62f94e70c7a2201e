"""Compressed blocks of a file as they are, where another file of the same format can take them unchanged.

Does not belong here: where one file's blocks lie on another's grid.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.storage.cogs.encoding import CODES, Encoding
from eo_pipeline.storage.cogs.spec import CogSpec
from eo_pipeline.storage.cogs.tiff_tags import (
    BITS,
    COMPRESSION,
    FILL_ORDER,
    HEIGHT,
    OFFSETS,
    PLANAR,
    PREDICTOR,
    SAMPLE_FORMAT,
    SAMPLES,
    SIZES,
    TILE_HEIGHT,
    TILE_WIDTH,
    WIDTH,
    Tag,
    read_directories,
)

_PIXEL_INTERLEAVED = 1
_KINDS = {1: "u", 2: "i", 3: "f"}
_CODECS = {number: name for name, number in CODES.items()} | {32946: "deflate"}
"""TIFF has two numbers for deflate, of the same bytes."""


@dataclass(frozen=True)
class BlockFormat:
    """All that must be equal for one file's compressed blocks to be another's.

    Attributes:
        block: rows and columns of a block.
        dtype: numpy's name of the stored type.
        bands: number of bands, interleaved by pixel.
        compression: deflate, zstd, lzw or none.
        predictor: TIFF's number: 1 none, 2 whole numbers, 3 floats.
    """

    block: int
    dtype: str
    bands: int
    compression: str
    predictor: int

    @classmethod
    def of_spec(cls, spec: CogSpec) -> Self:
        """Of a COG that is to be written."""
        predictor = Encoding.of(spec).predictor if spec.compression in CODES else 1
        return cls(spec.block, spec.dtype.name, len(spec.bands), spec.compression, predictor)


class RawBlocks:
    """A GeoTIFF's compressed blocks at full resolution; `read` may be called from several threads.

    Attributes:
        format: of its blocks; None where they are not tiles that another file could take (strips, bands apart, other
            codecs, big-endian, no square).
        shape: (y, x) of the raster in pixels; (0, 0) without a format.
    """

    def __init__(self, path: Path) -> None:
        """Open a file and read where its blocks are; OSError if it cannot be opened."""
        self._file = path.open("rb")
        tags = next(iter(read_directories(self._file)), {})
        self.format = _format(tags)
        self.shape = (0, 0) if self.format is None else (_number(tags, HEIGHT), _number(tags, WIDTH))
        self._positions, self._sizes = _places(tags, self.shape, self.format)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def read(self, pixels: Rectangle) -> bytes | None:
        """The bytes of the block that begins with `pixels`, of the file's own rows and columns, and holds them all.

        None if no block begins there, or these pixels reach beyond the raster, or the file has no bytes for it or is
        cut off.
        """
        if self.format is None or pixels.row_stop > self.shape[0] or pixels.column_stop > self.shape[1]:
            return None
        size = self.format.block
        (row, above), (column, before) = divmod(pixels.row_start, size), divmod(pixels.column_start, size)
        if row < 0 or column < 0 or above or before or max(pixels.height, pixels.width) > size:
            return None
        length = int(self._sizes[row, column])
        data = os.pread(self._file.fileno(), length, int(self._positions[row, column]))
        return data if length and len(data) == length else None


def _format(tags: dict[int, Tag]) -> BlockFormat | None:
    if not {TILE_WIDTH, TILE_HEIGHT, OFFSETS, SIZES, BITS} <= tags.keys():
        return None
    kinds, bits = _all(tags, SAMPLE_FORMAT, 1), _all(tags, BITS, 1)
    codec = _CODECS.get(_number(tags, COMPRESSION))
    plain = _number(tags, PLANAR) == _PIXEL_INTERLEAVED and _number(tags, FILL_ORDER) == 1
    square = _number(tags, TILE_WIDTH) == _number(tags, TILE_HEIGHT)
    alike = len(kinds) == len(bits) == 1 and kinds <= _KINDS.keys() and bits <= {8, 16, 32, 64}
    if codec is None or not (plain and square and alike):
        return None
    dtype = np.dtype(f"{_KINDS[kinds.pop()]}{bits.pop() // 8}")
    bands, predictor = _number(tags, SAMPLES), _number(tags, PREDICTOR)
    return BlockFormat(_number(tags, TILE_WIDTH), dtype.name, bands, codec, predictor)


def _places(
    tags: dict[int, Tag], shape: tuple[int, int], block_format: BlockFormat | None
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First bytes and sizes by (row of blocks, column of blocks)."""
    if block_format is None:
        return np.zeros((0, 0), np.int64), np.zeros((0, 0), np.int64)
    grid = tuple(-(-pixels // block_format.block) for pixels in shape)
    return tags[OFFSETS].numbers.reshape(grid), tags[SIZES].numbers.reshape(grid)


def _number(tags: dict[int, Tag], code: int) -> int:
    """A tag's first number; 1, TIFF's default for all that are asked for, if it is not there."""
    return int(tags[code].numbers[0]) if code in tags else 1


def _all(tags: dict[int, Tag], code: int, default: int) -> set[int]:
    return set(tags[code].numbers.tolist()) if code in tags else {default}
