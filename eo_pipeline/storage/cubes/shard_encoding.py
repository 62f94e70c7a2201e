"""Whole shards as the bytes that Zarr stores: inner chunks by Blosc, one after the other, then where each one is.

Zarr does the same with much work beside the codec: here a shard's pixels are looked at once, and compressed to where
they are written from. Format: the sharding codec of Zarr's specification, its index of (offset, length) with a CRC-32C
at the end. What does not belong here: arrays that are encoded in other ways, which Zarr writes (`pixels`).
"""

import json
import math
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import google_crc32c
import imagecodecs
import numpy as np
import zarr
from numpy.typing import NDArray

from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.storage.scratch import Scratch

_ABSENT = 2**64 - 1
"""Offset and length of an inner chunk that is not stored, as it is fill all over."""
_BLOSC_HEADER = 16
"""Bytes by which Blosc may make a chunk longer than it is."""
_LARGEST_BLOCK = 512 * 1024
"""Bytes that Blosc compresses at once, if the array does not say. Blosc alone would choose 32 kB at low levels, whose
beginnings take a fifth to half of the time; what is larger leaves the processor's cache."""

_COMPRESSORS = {"blosclz", "lz4", "lz4hc", "zlib", "zstd"}
"""Of Blosc's, those that every reader of Zarr has."""
_KEYS = {"name": "default", "configuration": {"separator": "/"}}
"""How chunks are named."""

type Look = Callable[[NDArray[Any]], None]

_SCRATCH = Scratch()


@dataclass(frozen=True)
class BloscSettings:
    """How an inner chunk is compressed, in Zarr's words; what a reader needs stands in each chunk."""

    cname: str
    clevel: int
    shuffle: str
    typesize: int
    blocksize: int

    def encode(self, chunk: NDArray[Any], into: memoryview) -> int:
        """Compress a chunk that lies in one piece of memory; the number of bytes that were written."""
        return len(
            imagecodecs.blosc_encode(
                chunk,
                self.clevel,
                compressor=self.cname,
                shuffle=self.shuffle,
                typesize=self.typesize,
                blocksize=self.blocksize or min(chunk.nbytes, _LARGEST_BLOCK),
                numthreads=1,
                out=into[: chunk.nbytes + _BLOSC_HEADER],
            )
        )


@dataclass(frozen=True)
class ShardFormat:
    """How an array of (time, y, x) with one slot a shard encodes its pixels.

    Attributes:
        path: of the array in its store.
        dtype: of the pixels, as they are stored.
        fill: what unwritten pixels read as.
        chunk: pixels (y, x) of an inner chunk.
        shard: pixels (y, x) of a shard, whole chunks.
        blosc: the codec of an inner chunk.
    """

    path: str
    dtype: np.dtype[Any]
    fill: Any
    chunk: tuple[int, ...]
    shard: tuple[int, ...]
    blosc: BloscSettings

    def key(self, slot: int, shard: Rectangle) -> str:
        """Where a shard is stored; `shard` is its pixels in the cube."""
        return f"{self.path}/c/{slot}/{shard.row_start // self.shard[0]}/{shard.column_start // self.shard[1]}"

    def encode(self, pixels: NDArray[Any], room: str, look: Look) -> memoryview | None:
        """The bytes of a shard, until this thread encodes another in the same room; None if there is nothing to store.

        Args:
            pixels: (y, x) of the array's type, of the shard's size, or smaller where the grid ends.
            room: name of the scratch memory that they are written into.
            look: called with parts (y, x) of them, which together are all, while they are in the processor's cache.
        """
        into, index, offset = _SCRATCH.bytes(room, self._most_bytes), [], 0
        for start in range(0, self.shard[0], self.chunk[0]):
            rows = pixels[start : start + self.chunk[0]]
            for chunk in self._chunks(rows):
                length = 0 if self._is_fill(chunk) else self.blosc.encode(chunk, into[offset:])
                index += [offset, length] if length else [_ABSENT, _ABSENT]
                offset += length
            if rows.size:
                look(rows)
        if not offset:
            return None
        packed = struct.pack(f"<{len(index)}Q", *index)
        tail = packed + struct.pack("<I", google_crc32c.value(packed))
        into[offset : offset + len(tail)] = tail
        return into[: offset + len(tail)]

    @property
    def _most_bytes(self) -> int:
        """That a shard may take."""
        chunks = math.prod(self.shard) // math.prod(self.chunk)
        return chunks * (math.prod(self.chunk) * self.dtype.itemsize + _BLOSC_HEADER + 16) + 4

    def _chunks(self, pixels: NDArray[Any]) -> NDArray[Any]:
        """(chunk, y, x) of a row of inner chunks, each in one piece of memory, until the next row is asked for.

        All are cut at once: each call that lets go of Python's lock may have to wait for it. What the pixels do not
        cover is fill.
        """
        (rows, columns), (height, width) = self.chunk, pixels.shape
        cut = _SCRATCH.array("chunks", (self.shard[1] // columns, rows, columns), self.dtype)
        whole = width // columns
        if (height, whole) != cut.shape[1::-1]:
            cut[:] = self.fill
        cut[:whole, :height] = pixels[:, : whole * columns].reshape(height, whole, columns).swapaxes(0, 1)
        if rest := width - whole * columns:
            cut[whole, :height, :rest] = pixels[:, whole * columns :]
        return cut

    def _is_fill(self, chunk: NDArray[Any]) -> bool:
        """Whether each number is the fill, bit for bit: a negative zero is not a zero."""
        bits = np.dtype(f"<u{self.dtype.itemsize}")
        fill, held = np.array(self.fill, self.dtype).view(bits), chunk.view(bits)
        return bool(held[0, 0] == fill) and bool((held == fill).all())


def shard_format(array: zarr.Array[Any]) -> ShardFormat | None:
    """How shards of an array are encoded, if it is in the way of a cube's bands; None otherwise."""
    told: Any = array.metadata.to_dict()
    codecs = told["codecs"]
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
        ) if array.shards is not None and array.shards[0] == 1 and told["chunk_key_encoding"] == _KEYS:
            if _has_high_bytes_first(codecs) or blosc["cname"] not in _COMPRESSORS:
                return None
            dtype, (_, *chunk), (_, *shard) = np.dtype(array.dtype), array.chunks, array.shards
            stored = dtype.newbyteorder("<")
            blosc = BloscSettings(**blosc)
            return ShardFormat(array.store_path.path, stored, array.fill_value, tuple(chunk), tuple(shard), blosc)
    return None


def _has_high_bytes_first(codecs: Any) -> bool:
    """Whether pixels or the index are stored with their most significant byte first."""
    return '"endian": "big"' in json.dumps(codecs)
