"""Bytes of floats that TIFF keeps apart and as differences, put together again. Does not belong here: compression."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from eo_pipeline.core.kernels.compiled import kernel


@kernel
def undo_float_differences(packed: NDArray[np.uint8], block: NDArray[Any]) -> None:
    """TIFF's predictor 3 undone (Adobe Photoshop TIFF Technical Note 3): rows of bytes become floats.

    Args:
        packed: (y, byte) a row's most significant bytes, then the next ones, each less the one of the pixel before.
        block: (y, x, band) the bits of the floats as unsigned whole numbers of their size, written.
    """
    height, width, bands = block.shape
    numbers = width * bands
    row = np.empty(packed.shape[1], np.uint8)
    for y in range(height):
        _add_up(packed[y], bands, row)
        line = block[y].ravel()
        for place in range(numbers):
            value = line[place] ^ line[place]
            for byte in range(block.itemsize):
                value = (value << 8) | row[byte * numbers + place]
            line[place] = value


@kernel
def _add_up(differences: NDArray[np.uint8], bands: int, row: NDArray[np.uint8]) -> None:
    """Sums of all differences so far, modulo 256, for each band by itself."""
    if bands == 1:
        total = np.uint8(0)
        for place in range(row.size):
            total += differences[place]
            row[place] = total
        return
    for band in range(bands):
        total = np.uint8(0)
        for place in range(band, row.size, bands):
            total += differences[place]
            row[place] = total
