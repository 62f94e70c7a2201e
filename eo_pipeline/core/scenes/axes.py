"""Coordinates of pixel centres as files list them, as one regular grid. What does not belong here: reading them."""

from typing import Any

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from eo_pipeline.errors import SourceError

_UNEVEN = 0.01
"""Pixels by which a centre may lie off a regular grid."""

_DIGITS = 9
"""After the point, of steps and edges that are tried for coordinates of single precision."""


def grid_of(x: NDArray[Any], y: NDArray[Any], crs: Any) -> GeoBox:
    """The grid of pixel centres, in the order in which they are listed: rows may run northwards.

    Args:
        x: centres of columns, ascending, in the CRS's units; at least two.
        y: centres of rows, either way; at least two.
        crs: what odc-geo takes for one.

    Raises:
        SourceError: they are too few, not evenly spaced, or x runs westwards.
    """
    left, width = _regular(x, "x")
    top, height = _regular(y, "y")
    if width < 0:
        raise SourceError("expected x to run eastwards, got the other way; turn the file")
    return GeoBox((len(y), len(x)), Affine(width, 0, left, 0, height, top), crs)


def _regular(centres: NDArray[Any], name: str) -> tuple[float, float]:
    """Outer edge of the first pixel, and the step."""
    values, single = np.asarray(centres, "f8"), np.asarray(centres).dtype == np.float32
    if values.ndim != 1 or len(values) < 2 or not np.isfinite(values).all():
        raise SourceError(
            f"expected two or more numbers of {name} on one axis, got {values.shape}; give it such an axis"
        )
    step = float(values[-1] - values[0]) / (len(values) - 1)
    uneven = np.abs(values - (values[0] + step * np.arange(len(values)))).max()
    if step == 0 or uneven > _UNEVEN * abs(step):
        raise SourceError(
            f"expected evenly spaced {name}, got steps from {np.diff(values).min():.9g} to {np.diff(values).max():.9g}"
            "; put the file on a regular grid first"
        )
    if single:
        step = _plain(step, abs(step) * _UNEVEN / len(values))
    edge = float(values[0]) - step / 2
    return (_plain(edge, abs(step) * _UNEVEN) if single else edge), step


def _plain(number: float, tolerance: float) -> float:
    """The number with the fewest digits that is as near."""
    rounded = (round(number, digits) for digits in range(_DIGITS + 1))
    return next((one for one in rounded if abs(one - number) <= tolerance and one != 0), number)
