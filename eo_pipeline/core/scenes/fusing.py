"""Joining the pixels of scenes into one observation, and bringing them to one offset.

What does not belong here: which scenes belong together (`groups`), and reading them.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eo_pipeline.core.scenes.scene import SceneBand
from eo_pipeline.errors import SourceError

_WHOLE = 1e-6
"""Stored units by which a difference of offsets may miss a whole number."""


def has_value(stored: NDArray[Any], nodata: float) -> NDArray[np.bool_]:
    """True where a pixel is not nodata, of any shape."""
    if math.isnan(nodata):
        return np.asarray(~np.isnan(stored))
    return np.asarray(stored != stored.dtype.type(nodata))


def fuse(onto: NDArray[Any], stored: NDArray[Any], *, nodata: float) -> None:
    """Fill what has no value yet in one array with another's pixels of the same shape and type."""
    np.copyto(onto, stored, where=~has_value(onto, nodata))


def shift_to(band: SceneBand, offset: float) -> float:
    """What is added to stored numbers so that a stored 0 means `offset`, stored units.

    Raises:
        SourceError: of integers, if that is no whole number.
    """
    shift = (band.offset - offset) / band.scale
    if band.dtype is None or np.dtype(band.dtype).kind == "f":
        return shift
    if abs(shift - round(shift)) > _WHOLE:
        raise SourceError(
            f"expected an offset that differs from {band.offset:g} by whole steps of {band.scale:g}, got {offset:g} "
            f"for {band.href}; choose such an offset, or store floats"
        )
    return round(shift)


def shifted(stored: NDArray[Any], shift: float, *, nodata: float) -> NDArray[Any]:
    """Stored numbers plus `shift` where they have a value, held within the type and off nodata.

    A number that would become nodata becomes its neighbour on the side it came from: a dark pixel is not a missing one.
    """
    if shift == 0:
        return stored
    valid = has_value(stored, nodata)
    if stored.dtype.kind == "f":
        return np.where(valid, stored + stored.dtype.type(shift), stored)
    limits = np.iinfo(stored.dtype)
    lowest, highest = limits.min + (nodata == limits.min), limits.max - (nodata == limits.max)
    moved = np.clip(stored.astype(np.int32 if stored.itemsize <= 2 else np.int64) + int(shift), lowest, highest)
    moved[moved == nodata] = int(nodata) + (1 if shift < 0 else -1)
    return np.where(valid, moved, stored).astype(stored.dtype)
