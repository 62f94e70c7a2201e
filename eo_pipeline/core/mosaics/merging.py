"""Pixels of several tiles put into one window by a rule of precedence.

Does not belong here: reading tiles, and the loops over pixels (core.kernels.compose).
"""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.kernels.compose import add_up, cover, keep_largest, keep_smallest, real_means, whole_means
from eo_pipeline.core.mosaics.precedence import Overlap, rule_of
from eo_pipeline.core.rectangles import Rectangle

Layer = tuple[Rectangle, NDArray[Any]]
"""Where a tile's pixels (band, y, x) go, counted from the window's corner."""


def in_order[T](tiles: Sequence[T], overlap: Overlap) -> Sequence[T]:
    """Tiles as `merge` wants them: what comes later covers what came before."""
    return tiles[::-1] if overlap == "first" else tiles


def merge(window: NDArray[Any], layers: Iterable[Layer], bands: Sequence[BandEncoding], overlap: Overlap) -> None:
    """Put layers into a window, in place.

    Args:
        window: (band, y, x), filled with each band's `empty`.
        layers: in the order of `in_order`, of the window's dtype; one at a time is in use.
        bands: in order.
        overlap: which value wins; nodata and NaN never do.
    """
    if overlap in ("first", "last"):
        for place, pixels in layers:
            for kept, tile, band in zip(window, pixels, bands, strict=True):
                cover(kept[place.slices], tile, band.mark)
    elif overlap == "mean":
        _average(window, layers, bands)
    else:
        _extremes(window, layers, bands, overlap)


def _extremes(window: NDArray[Any], layers: Iterable[Layer], bands: Sequence[BandEncoding], overlap: Overlap) -> None:
    keep = [keep_smallest if rule_of(overlap, band) == "min" else keep_largest for band in bands]
    seen = np.zeros(window.shape, "int32")
    for place, pixels in layers:
        for number, band in enumerate(bands):
            at = (number, *place.slices)
            keep[number](window[at], seen[at], pixels[number], band.mark)


def _average(window: NDArray[Any], layers: Iterable[Layer], bands: Sequence[BandEncoding]) -> None:
    is_float = window.dtype.kind == "f"
    seen, sums = np.zeros(window.shape, "int32"), np.zeros(window.shape, "float64" if is_float else "int64")
    for place, pixels in layers:
        for number, band in enumerate(bands):
            at = (number, *place.slices)
            add_up(sums[at], seen[at], window[at], pixels[number], band.mark)
    divide = real_means if is_float else whole_means
    for kept, total, count in zip(window, sums, seen, strict=True):
        divide(total, count, kept)
