"""One block's pixels as compressed bytes and back, by DEFLATE, zstd and a TIFF's LZW, without the GIL.

Does not belong here: which blocks there are, and lossy codecs (see `gdal_cog`).
"""

from dataclasses import dataclass
from typing import Any, Self

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from eo_pipeline.core.kernels.interleaving import undo_float_differences
from eo_pipeline.errors import StorageError
from eo_pipeline.storage.cogs.deflating import deflate
from eo_pipeline.storage.cogs.spec import CogSpec

CODES = {"none": 1, "lzw": 5, "deflate": 8, "zstd": 50000}
"""TIFF's numbers for the codecs of this module."""


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

    def encode(self, pixels: NDArray[Any]) -> bytes:
        """Bytes of a block of (band, y, x) pixels; what it lacks in rows or columns is filled with what packs well."""
        data = memoryview(self._predicted(pixels)).cast("B")
        match self.compression:
            case "deflate":
                return deflate(data, self.level)
            case "zstd":
                return bytes(imagecodecs.zstd_encode(data, self.level))
            case "lzw":
                return bytes(imagecodecs.lzw_encode(data))
            case _:
                return bytes(data)

    def decode(self, data: bytes) -> NDArray[Any]:
        """All pixels (band, y, x) of a block's bytes.

        Raises:
            StorageError: they are no such block.
        """
        size = int(np.prod(self.shape)) * self.dtype.itemsize
        try:
            block = np.frombuffer(self._decompressed(data, size), self.dtype).reshape(self.shape)
        except (RuntimeError, ValueError) as error:
            raise StorageError(
                f"expected a block of {size} bytes compressed as {self.compression}, got {len(data)} bytes that are "
                f"none ({error}); check the disk, and the tiles that blocks are copied from"
            ) from error
        if self.predictor == 2:
            block = imagecodecs.delta_decode(block, axis=1)
        elif self.predictor == 3:
            block = self._floats(block)
        return np.moveaxis(block, 2, 0)

    def _floats(self, differences: NDArray[Any]) -> NDArray[Any]:
        """(y, x, band) of a whole block of floats, of what predictor 3 made of them."""
        bits = np.empty(self.shape, f"<u{self.dtype.itemsize}")
        undo_float_differences(differences.view(np.uint8).reshape(self.shape[0], -1), bits)
        return bits.view(self.dtype)

    def _predicted(self, pixels: NDArray[Any]) -> NDArray[Any]:
        """(y, x, band) of a whole block, as it goes into the codec."""
        _, height, width = pixels.shape
        values, block = np.moveaxis(pixels, 0, 2), np.empty(self.shape, self.dtype)
        block[height:] = 0
        if self.predictor == 2:
            block[:height, :1] = values[:, :1]
            np.subtract(values[:, 1:], values[:, :-1], out=block[:height, 1:width])
            block[:height, width:] = 0
            return block
        block[:height, :width] = values
        block[:height, width:] = values[:, -1:]
        return imagecodecs.floatpred_encode(block, axis=1) if self.predictor == 3 else block

    def _decompressed(self, data: bytes, size: int) -> bytes | bytearray | memoryview:
        match self.compression:
            case "deflate":
                return imagecodecs.deflate_decode(data, out=size)
            case "zstd":
                return imagecodecs.zstd_decode(data, out=size)
            case "lzw":
                return imagecodecs.lzw_decode(data, out=size)
            case _:
                return data
