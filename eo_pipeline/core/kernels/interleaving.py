"""Bands that follow each other become pixels that follow each other, as differences of neighbours.

Does not belong here: compression.
"""

from typing import Any

from numpy.typing import NDArray

from eo_pipeline.core.kernels.compiled import kernel


@kernel
def interleave_differences(planes: NDArray[Any], block: NDArray[Any]) -> None:
    """TIFF's predictor 2: each whole number less the one on its left, modulo its dtype's range.

    Args:
        planes: (band, y, x).
        block: (y, x, band), at least as high and wide, written; rows and columns beyond the planes' become 0.
    """
    bands, height, width = planes.shape
    for y in range(height):
        for band in range(bands):
            before = planes.dtype.type(0)
            for x in range(width):
                value = planes[band, y, x]
                block[y, x, band] = value - before
                before = value
        block[y, width:] = 0
    block[height:] = 0
