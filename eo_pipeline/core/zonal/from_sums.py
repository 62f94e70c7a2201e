"""Statistics that sums over zones' pixels tell, in physical units, physical = stored * scale + offset.

What does not belong here: those that need the pixels' values (`from_values`).
"""

import numpy as np
from numpy.typing import NDArray

from eo_pipeline.core.zonal.measures import Sums
from eo_pipeline.core.zonal.wanted import Wanted

Numbers = NDArray[np.float64]


def from_sums(statistic: str, sums: Sums, band: int, wanted: Wanted) -> Numbers:
    """One statistic of one band for every zone (zone,).

    Args:
        statistic: one of `statistics.OF_SUMS`; mean of sums with a raster of weights is the weighted mean.
        sums: of stored numbers.
        band: its number in `wanted.bands`, from 0.
        wanted: how pixels count.

    Returns:
        NaN where it is null: there was no usable pixel, or for shares, no pixel at all.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        if (known := _of_pixels(statistic, sums, band, wanted)) is not None:
            return known
        found = _of_values(statistic, sums, band, wanted)
    return np.where((sums.count[:, band] > 0) & (sums.weight[:, band] != 0), found, np.nan)


def valid_share(sums: Sums, band: int) -> Numbers:
    """Share of each zone (zone,) that has a usable value of a band; NaN where a zone has no pixel."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.clip(sums.weight[:, band] / sums.cover[:, band], 0.0, 1.0)


def _of_pixels(statistic: str, sums: Sums, band: int, wanted: Wanted) -> Numbers | None:
    """How many pixels there are, or what share; None of other statistics."""
    whole = wanted.whole_counts
    match statistic:
        case "count":
            return (sums.count if whole else sums.weight)[:, band].astype(np.float64)
        case "nodata":
            missing = sums.pixels - sums.count if whole else sums.cover - sums.weight
            return np.maximum(missing[:, band], 0.0)
        case "valid_share":
            return valid_share(sums, band)
        case "nodata_share":
            return 1.0 - valid_share(sums, band)
        case _:
            return None


def _of_values(statistic: str, sums: Sums, band: int, wanted: Wanted) -> Numbers:
    scale, offset = wanted.bands[band].scale, wanted.bands[band].offset
    if statistic in ("min", "max", "range"):
        low, high = sums.low[:, band], sums.high[:, band]
        if statistic == "range":
            return (high - low) * abs(scale)
        stored = low if (statistic == "min") == (scale > 0) else high
        return stored * scale + offset
    weight, total = sums.weight[:, band], sums.total[:, band]
    if statistic == "sum":
        return total * scale + weight * offset
    if statistic == "mean":
        return total / weight * scale + offset
    variance = sums.m2[:, band] / weight
    return variance * scale**2 if statistic == "var" else np.sqrt(variance) * abs(scale)
