"""From native pixels to a coarser product's, by a whole factor, as `earth_engine.averaging` makes them there.

A coarse pixel is made of all usable pixels below it, however few: its mean, or the most frequent class. It has no value
where none is usable. Does not belong here: pixels that cover parts of others (core.mosaics.warping).
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from eo_pipeline.core.composites.observations import Observations
from eo_pipeline.core.kernels.coarsening import block_means, block_modes
from eo_pipeline.errors import CompositeError


def averaged(values: NDArray[Any], factor: int, *, nodata: float | None = None) -> NDArray[np.float64]:
    """The mean of the values below each coarse pixel, NaN where there is none; nothing is rounded.

    A count, whose 0 is a number like others, is averaged with it.

    Args:
        values: (y, x), one of core.bands.DTYPES; both sides are multiples of the factor.
        factor: native pixels along one coarse pixel, at least 1.
        nodata: the number that means no value; None if there is none. NaN never is a value.

    Returns:
        (y / factor, x / factor).

    Raises:
        CompositeError: a side is no multiple of the factor.
    """
    source, height, width = _blocks(values, factor, nodata)
    means = np.empty((height, width))
    block_means(source.pixels[0], factor, source.mark, means)
    return means


def most_frequent(values: NDArray[Any], factor: int, *, nodata: float | None = None) -> NDArray[Any]:
    """The class that most of the values below each coarse pixel have, the smallest of several.

    Args:
        values: as of `averaged`.
        factor: likewise.
        nodata: likewise.

    Returns:
        (y / factor, x / factor) of the same type; where there is no value nodata, else NaN of floats and 0 of whole
        numbers.

    Raises:
        CompositeError: a side is no multiple of the factor.
    """
    source, height, width = _blocks(values, factor, nodata)
    modes = np.empty((height, width), source.pixels.dtype)
    number, declared = source.mark
    empty = number if declared or modes.dtype.kind != "f" else modes.dtype.type(np.nan)
    block_modes(source.pixels[0], factor, source.mark, empty, modes)
    return modes


def _blocks(values: NDArray[Any], factor: int, nodata: float | None) -> tuple[Observations, int, int]:
    """The values as kernels read them, and how many blocks there are down and across."""
    height, width = values.shape
    if factor < 1 or height % factor or width % factor:
        raise CompositeError(
            f"Expected sides that are multiples of the factor, from 1, got {height} x {width} pixels and "
            f"{factor}; read whole coarse pixels"
        )
    return Observations(values[np.newaxis], nodata).laid_out(), height // factor, width // factor
