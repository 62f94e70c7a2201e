"""Composites whose values are those of one observation: which one, and its values.

Does not belong here: composites that several observations make up.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eo_pipeline.core.composites.observations import Observations
from eo_pipeline.core.kernels.choosing import choose_first, choose_largest, choose_last, choose_medoid, choose_smallest
from eo_pipeline.core.kernels.compose import Mark
from eo_pipeline.core.reducers import Kind

_BY_BAND: Mapping[str, Callable[[NDArray[Any], NDArray[np.bool_], Mark, NDArray[np.int16]], None]] = {
    "min": choose_smallest,
    "max": choose_largest,
    "first": choose_first,
    "mosaic": choose_last,
}
_ROWS = 64
"""Of a medoid's spectra in double precision at a time."""


def chosen(
    bands: Sequence[Observations], kind: Kind, usable: NDArray[np.bool_], quality: Observations | None
) -> tuple[NDArray[np.int16], ...]:
    """(y, x) of each band, the place of the observation that is chosen, -1 where there is none.

    Args:
        bands: of one shape.
        kind: one that chooses.
        usable: (observation, y, x).
        quality: of best_pixel.
    """
    if kind.way in _BY_BAND:
        sources = tuple(np.full(band.pixels.shape[1:], -1, np.int16) for band in bands)
        for band, source in zip(bands, sources, strict=True):
            _BY_BAND[kind.way](band.pixels, usable, band.mark, source)
        return sources
    source = np.full(usable.shape[1:], -1, np.int16)
    whole = reduce(np.logical_and, (band.has_value() for band in bands), usable)
    if quality is not None:
        choose_largest(quality.laid_out().pixels, whole, quality.mark, source)
    else:
        for start in range(0, len(source), _ROWS):
            rows = slice(start, start + _ROWS)
            spectra = np.stack([band.pixels[:, rows].astype(np.float64) for band in bands])
            choose_medoid(spectra, np.ascontiguousarray(whole[:, rows]), source[rows])
    return (source,) * len(bands)


def taken(band: Observations, source: NDArray[np.int16], dtype: np.dtype[Any], empty: Any) -> NDArray[Any]:
    """(y, x) values of the observations that were chosen.

    Args:
        band: of one shape with `source`.
        source: (y, x), -1 for none.
        dtype: of the values.
        empty: where there is none.
    """
    values = np.full(source.shape, empty, dtype)
    there = source >= 0
    y, x = np.nonzero(there)
    values[there] = band.pixels[source[there], y, x]
    return values
