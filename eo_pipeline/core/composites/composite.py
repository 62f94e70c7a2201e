"""The composite of one or several bands. Does not belong here: packing it into a cube."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from eo_pipeline.core.composites.chosen import chosen, taken
from eo_pipeline.core.composites.observations import Observations, check_same_place
from eo_pipeline.core.kernels.averaging import count_observations, means
from eo_pipeline.core.kernels.composites import Ends, Rows, medians, percentiles
from eo_pipeline.core.reducers import Kind
from eo_pipeline.errors import CompositeError

Place = tuple[Ends, Rows]
"""What kernels are told beside the pixels."""
Target = tuple[np.dtype[Any], Any]
"""The type of a band's values, and the number of it where there is none."""
CACHED = 2**19
"""Pixels of all observations of one band that are worked on together."""


@dataclass(frozen=True)
class Composite:
    """One image made of many.

    Attributes:
        values: (y, x) of each band. Where no observation counts they are empty: nodata, else NaN of floats and 0 of
            whole numbers, and n_valid tells.
        n_obs: (y, x) uint16, observations that have a value in the first band.
        n_valid: (y, x) uint16, those of them that are usable.
        sources: (y, x) int16 of each band, the place in the stack of the observation that its value is of, -1 where
            it is empty; none where several make up a value.
    """

    values: tuple[NDArray[Any], ...]
    n_obs: NDArray[np.uint16]
    n_valid: NDArray[np.uint16]
    sources: tuple[NDArray[np.int16], ...] = ()


def composite(
    bands: Sequence[Observations],
    kind: Kind,
    *,
    usable: NDArray[np.bool_] | None = None,
    quality: Observations | None = None,
    dtype: DTypeLike | None = None,
) -> Composite:
    """Reduce the usable values of every pixel to one.

    Numbers are those stored: of a negative scale they run against the physical values. Whole results are rounded to
    the nearest, halves up, as Earth Engine's exports are; one that happens to be nodata reads as missing, there as
    here.

    Args:
        bands: at least one, of one place and the same observations; of a medoid all in one unit.
        kind: best_pixel and medoid take a pixel's bands from one observation, in which every band has a value; the
            other kinds look at each band by itself.
        usable: (observation, y, x), as masks say; all if None.
        quality: of best_pixel, the higher the better, of the same place.
        dtype: of the values; float32 and float64 keep fractions of whole numbers, and are empty as NaN. Each
            stack's own if None.

    Raises:
        CompositeError: shapes differ, or quality is missing or not asked for.
    """
    shape = bands[0].pixels.shape
    clear = np.ones(shape, dtype=np.bool_) if usable is None else np.ascontiguousarray(usable, dtype=np.bool_)
    _check(bands, kind, clear, quality)
    bands = [band.laid_out() for band in bands]
    targets = [_empty(band, dtype) for band in bands]
    if kind.way in ("percentile", "mean"):
        return _reduced(bands, kind, clear, targets)
    n_obs, n_valid = np.full((2, *shape[1:]), 0, np.uint16)
    count_observations(bands[0].pixels, clear, bands[0].mark, Rows(0, shape[1]), n_obs, n_valid)
    sources = chosen(bands, kind, clear, quality)
    found = (taken(band, source, *target) for band, source, target in zip(bands, sources, targets, strict=True))
    return Composite(tuple(found), n_obs, n_valid, sources)


def _check(bands: Sequence[Observations], kind: Kind, usable: NDArray[np.bool_], quality: Observations | None) -> None:
    if (quality is None) == (kind.way == "best_pixel"):
        raise CompositeError(
            f"Expected a band of quality with best_pixel and with no other kind, got {kind.way} "
            f"{'without' if quality is None else 'with'} one; give the band or change the kind"
        )
    named = [("usable", usable), *((f"band {number}", band.pixels) for number, band in enumerate(bands, 1))]
    check_same_place(bands[0].pixels.shape, named if quality is None else [*named, ("quality", quality.pixels)])


def _reduced(
    bands: Sequence[Observations], kind: Kind, usable: NDArray[np.bool_], targets: Sequence[Target]
) -> Composite:
    shape = usable.shape
    values = _images(shape[1:], [made for made, _ in targets])
    n_obs, n_valid = np.full((2, *shape[1:]), 0, np.uint16)
    for rows in _blocks(shape):
        count_observations(bands[0].pixels, usable, bands[0].mark, rows, n_obs, n_valid)
        for band, made, (_, empty) in zip(bands, values, targets, strict=True):
            _reduce(band, kind, usable, made, (Ends(band.top, band.bottom, empty), rows))
    return Composite(values, n_obs, n_valid)


def _images(shape: tuple[int, ...], dtypes: Sequence[np.dtype[Any]]) -> tuple[NDArray[Any], ...]:
    """Room for an image of each type; of one type in one piece, as the system gives large pieces out faster."""
    if len(set(dtypes)) == 1:
        return tuple(np.empty((len(dtypes), *shape), dtypes[0]))
    return tuple(np.empty(shape, dtype) for dtype in dtypes)


def _blocks(shape: tuple[int, ...]) -> Iterator[Rows]:
    """Rows whose observations stay in the processor's cache until all bands have seen what is usable."""
    height = max(1, CACHED // max(1, shape[0] * shape[2]))
    for start in range(0, shape[1], height):
        yield Rows(start, min(start + height, shape[1]))


def _reduce(band: Observations, kind: Kind, usable: NDArray[np.bool_], values: NDArray[Any], at: Place) -> None:
    ends, rows = at
    if kind.way == "mean":
        means(band.pixels, usable, band.mark, ends, rows, values)
    elif kind.percent == 50:
        medians(band.pixels, usable, band.mark, ends, rows, values)
    else:
        percentiles(band.pixels, usable, band.mark, ends, rows, kind.percent, values)


def _empty(band: Observations, dtype: DTypeLike | None) -> Target:
    own = band.pixels.dtype
    made: np.dtype[Any] = own if dtype is None else np.dtype(dtype)
    if made not in (own, np.float32, np.float64):
        raise CompositeError(f"Expected values of {own}, float32 or float64, got {made}; encode them afterwards")
    number, declared = band.mark
    if made == own and declared:
        return made, number
    return made, made.type(math.nan if made.kind == "f" else 0)
