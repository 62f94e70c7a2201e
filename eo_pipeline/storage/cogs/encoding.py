"""One block's pixels as compressed bytes and back, by DEFLATE, zstd and a TIFF's LZW, without the GIL.

Does not belong here: which blocks there are, and lossy codecs (see `gdal_cog`).
"""

from dataclasses import dataclass, replace
from typing import Any, Self

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from eo_pipeline.core.kernels.interleaving import undo_float_differences
from eo_pipeline.errors import StorageError
from eo_pipeline.storage.cogs.deflating import deflate, suitable_level
from eo_pipeline.storage.cogs.spec import CogSpec
from eo_pipeline.storage.scratch import Scratch

CODES = {"none": 1, "lzw": 5, "deflate": 8, "zstd": 50000}
"""TIFF's numbers for the codecs of this module."""

_OVERHEAD = 1024
"""Bytes by which what does not pack well may grow, beyond the half more that LZW's widest codes make of it."""


@dataclass(frozen=True)
class Encoding:
    """How a block's pixels become bytes: interleaved by pixel, padded to a whole block.

    Attributes:
        compression: one of CODES.
        level: of deflate or zstd; None of other codecs, or for what suits deflate.
        predictor: TIFF's number: 1 none, 2 differences of whole numbers, 3 differences of floats' bytes.
        dtype: of the pixels, little-endian.
        shape: (rows, columns, bands) of a block.
    """

    compression: str
    level: int | None
    predictor: int
    dtype: np.dtype[Any]
    shape: tuple[int, int, int]

    @classmethod
    def of(cls, spec: CogSpec) -> Self:
        """As the file's spec says."""
        predictor = 1
        if spec.predictor and spec.compression != "none":
            predictor = 3 if spec.dtype.kind == "f" else 2
        shape = (spec.block, spec.block, len(spec.bands))
        return cls(spec.compression, spec.effort, predictor, spec.dtype.newbyteorder("<"), shape)

    def suited_to(self, pixels: NDArray[Any]) -> Self:
        """The same with an effort that suits pixels (band, y, x) like these; itself if its effort is settled."""
        if self.compression != "deflate" or self.level is not None:
            return self
        return replace(self, level=suitable_level(self._predicted(pixels, Scratch())))

    def encode(self, pixels: NDArray[Any], scratch: Scratch) -> memoryview:
        """Bytes of a block of (band, y, x) pixels; what it lacks in rows or columns is filled with what packs well.

        They stay what they are until the thread uses the scratch again.
        """
        data = self._predicted(pixels, scratch)
        if self.compression == "none":
            return data
        into = scratch.bytes("packed", data.nbytes + data.nbytes // 2 + _OVERHEAD)
        match self.compression:
            case "deflate":
                return deflate(data, suitable_level(data) if self.level is None else self.level, into)
            case "zstd":
                return memoryview(imagecodecs.zstd_encode(data, self.level, out=into))
            case _:
                return memoryview(imagecodecs.lzw_encode(data, out=into))

    def decode(self, data: bytes, scratch: Scratch) -> NDArray[Any]:
        """All pixels (band, y, x) of a block's bytes, which stay until the thread uses the scratch again.

        Raises:
            StorageError: they are no such block.
        """
        block = scratch.array("pixels", self.shape, self.dtype)
        try:
            self._decompress(data, memoryview(block.reshape(-1).view(np.uint8)))
        except (RuntimeError, ValueError) as error:
            raise StorageError(
                f"expected a block of {block.nbytes} bytes compressed as {self.compression}, got {len(data)} bytes "
                f"that are none ({error}); check the disk, and the tiles that blocks are copied from"
            ) from error
        if self.predictor == 2:
            imagecodecs.delta_decode(block, axis=1, out=block)
        elif self.predictor == 3:
            block = self._floats(block, scratch)
        return np.moveaxis(block, 2, 0)

    def _floats(self, differences: NDArray[Any], scratch: Scratch) -> NDArray[Any]:
        """(y, x, band) of a whole block of floats, of what predictor 3 made of them."""
        bits = scratch.array("floats", self.shape, np.dtype(f"<u{self.dtype.itemsize}"))
        undo_float_differences(differences.view(np.uint8).reshape(self.shape[0], -1), bits)
        return bits.view(self.dtype)

    def _predicted(self, pixels: NDArray[Any], scratch: Scratch) -> memoryview:
        """Bytes of a whole block (y, x, band), as it goes into the codec."""
        _, height, width = pixels.shape
        values, block = np.moveaxis(pixels, 0, 2), scratch.array("differences", self.shape, self.dtype)
        block[height:] = 0
        if self.predictor == 2:
            block[:height, :1] = values[:, :1]
            np.subtract(values[:, 1:], values[:, :-1], out=block[:height, 1:width])
            block[:height, width:] = 0
        else:
            block[:height, :width] = values
            block[:height, width:] = values[:, -1:]
        packed = imagecodecs.floatpred_encode(block, axis=1) if self.predictor == 3 else block
        return memoryview(np.ascontiguousarray(packed).reshape(-1).view(np.uint8))

    def _decompress(self, data: bytes, into: memoryview) -> None:
        """Write all of a block's bytes; ValueError if there are fewer."""
        found: bytes | bytearray | memoryview = data
        match self.compression:
            case "deflate":
                found = imagecodecs.deflate_decode(data, out=into)
            case "zstd":
                found = imagecodecs.zstd_decode(data, out=into)
            case "lzw":
                found = imagecodecs.lzw_decode(data, out=into)
            case _:
                into[:] = data
        if len(found) != len(into):
            raise ValueError(f"{len(found)} bytes came out of it")
