"""Whole shards as the bytes that Zarr stores: inner chunks by Blosc, one after the other, then where each one is.

Zarr does the same with much work beside the codec: here a shard's pixels are looked at once. Format: the sharding codec
of Zarr's specification, its index of (offset, length) with a CRC-32C at the end. What does not belong here: arrays that
are encoded in other ways, which Zarr writes (`shard_pixels`).
"""

import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import google_crc32c
import numpy as np
import zarr
from numcodecs.blosc import Blosc  # type: ignore[import-untyped] # numcodecs has no types
from numpy.typing import NDArray

_ABSENT = 2**64 - 1
"""Offset and length of an inner chunk that is not stored, as it is fill all over."""
_SHUFFLES = {"noshuffle": Blosc.NOSHUFFLE, "shuffle": Blosc.SHUFFLE, "bitshuffle": Blosc.BITSHUFFLE}


@dataclass(frozen=True)
class ShardFormat:
    """How an array of (time, y, x) with one slot a shard encodes its pixels.

    Attributes:
        dtype: of the pixels, as they are stored.
        fill: what unwritten pixels read as.
        chunk: pixels (y, x) of an inner chunk.
        shard: pixels (y, x) of a shard, whole chunks.
        blosc: the codec of an inner chunk.
    """

    dtype: np.dtype[Any]
    fill: Any
    chunk: tuple[int, ...]
    shard: tuple[int, ...]
    blosc: Blosc

    def encode(self, pixels: NDArray[Any]) -> bytes | None:
        """The bytes of a shard; None if there is nothing to store.

        Args:
            pixels: (y, x) of the array's type, of the shard's size, or smaller where the grid ends.
        """
        parts, index, offset = [], [], 0
        for chunk in self._chunks(pixels):
            data = None if self._is_fill(chunk) else self.blosc.encode(chunk)
            index += [_ABSENT, _ABSENT] if data is None else [offset, len(data)]
            if data is not None:
                parts.append(data)
                offset += len(data)
        if not parts:
            return None
        packed = struct.pack(f"<{len(index)}Q", *index)
        return b"".join([*parts, packed, struct.pack("<I", google_crc32c.value(packed))])

    def _chunks(self, pixels: NDArray[Any]) -> Iterator[NDArray[Any]]:
        """Inner chunks of a whole shard, row by row, in one piece of memory, each until the next one is asked for.

        What the pixels do not cover is fill.
        """
        (rows, columns), chunk = self.chunk, np.empty(self.chunk, self.dtype)
        for row in range(0, self.shard[0], rows):
            for column in range(0, self.shard[1], columns):
                part = pixels[row : row + rows, column : column + columns]
                if part.shape != self.chunk:
                    chunk[:] = self.fill
                chunk[: part.shape[0], : part.shape[1]] = part
                yield chunk

    def _is_fill(self, chunk: NDArray[Any]) -> bool:
        """Whether each number is the fill, bit for bit: a negative zero is not a zero."""
        bits = np.dtype(f"<u{self.dtype.itemsize}")
        fill, held = np.array(self.fill, self.dtype).view(bits), chunk.view(bits)
        return bool(held[0, 0] == fill) and bool((held == fill).all())


def shard_format(array: zarr.Array[Any]) -> ShardFormat | None:
    """How shards of an array are encoded, if it is in the way of a cube's bands; None otherwise."""
    codecs: Any = array.metadata.to_dict()["codecs"]
    match codecs:
        case (
            {
                "name": "sharding_indexed",
                "configuration": {
                    "codecs": ({"name": "bytes"}, {"name": "blosc", "configuration": blosc}),
                    "index_codecs": ({"name": "bytes"}, {"name": "crc32c"}),
                    "index_location": "end",
                },
            },
        ) if array.shards is not None and array.shards[0] == 1 and not _has_high_bytes_first(codecs):
            dtype, (_, *chunk), (_, *shard) = np.dtype(array.dtype), array.chunks, array.shards
            codec = Blosc(**{**blosc, "shuffle": _SHUFFLES[blosc["shuffle"]]})
            return ShardFormat(dtype.newbyteorder("<"), array.fill_value, tuple(chunk), tuple(shard), codec)
    return None


def _has_high_bytes_first(codecs: Any) -> bool:
    """Whether pixels or the index are stored with their most significant byte first."""
    return '"endian": "big"' in json.dumps(codecs)
