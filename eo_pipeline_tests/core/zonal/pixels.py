"""What an engine would fill from the pixels of zones, by plain numpy."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from eo_pipeline.core.zonal.closed_zones import ClosedZones
from eo_pipeline.core.zonal.entries import Results
from eo_pipeline.core.zonal.measures import Distribution, Sums
from eo_pipeline.core.zonal.wanted import Wanted

Pixels = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Stored numbers of one zone and band, NaN where there is none, and the share of each pixel; both (n,)."""


def sums_of(zones: Sequence[Sequence[Pixels]]) -> Sums:
    """Sums of zones, each a sequence of bands."""
    made = [[_sums(values, shares) for values, shares in bands] for bands in zones]
    numbers = np.array(made, np.float64).reshape(len(zones), len(zones[0]) if zones else 1, 8)
    pixels, cover, count, weight, total, m2, low, high = np.moveaxis(numbers, 2, 0)
    return Sums(pixels.astype(np.int64), cover, count.astype(np.int64), weight, total, m2, low, high)


def distribution_of(values: NDArray[np.float64], shares: NDArray[np.float64], dtype: str) -> Distribution:
    """The usable pixels of one zone and band."""
    there = ~np.isnan(values)
    order = np.argsort(values[there], kind="stable")
    stored = values[there][order].astype(dtype)
    return Distribution(stored, np.ones(stored.size, np.int64), shares[there][order])


def results_of(zones: Sequence[Sequence[Pixels]], wanted: Wanted) -> Results:
    """What was measured of zones, each a sequence of bands."""
    closed = ClosedZones(len(zones), wanted)
    for zone, bands in enumerate(zones):
        for band, (values, shares) in enumerate(bands):
            if np.isfinite(values).any():
                closed(zone, band, distribution_of(values, shares, wanted.bands[band].dtype))
    return Results(sums_of(zones), closed)


def _sums(values: NDArray[np.float64], shares: NDArray[np.float64]) -> tuple[float, ...]:
    there = ~np.isnan(values)
    v, w = values[there], shares[there]
    if not v.size:
        return values.size, shares.sum(), 0, 0.0, 0.0, 0.0, np.nan, np.nan
    m2 = (w * (v - (w * v).sum() / w.sum()) ** 2).sum()
    return values.size, shares.sum(), v.size, w.sum(), (w * v).sum(), m2, v.min(), v.max()
