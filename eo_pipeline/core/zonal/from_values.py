"""Statistics of one zone that need its pixels' values, in physical units, physical = stored * scale + offset.

Where every pixel counts once they are numpy's and rasterstats'; where pixels count by shares, exactextract's. What does
not belong here: which zone is when complete (`closed_zones`).
"""

import numpy as np
from numpy.typing import NDArray

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.zonal.measures import Distribution
from eo_pipeline.core.zonal.statistics import percent_of
from eo_pipeline.core.zonal.wanted import Statistic
from eo_pipeline.errors import ProductError


def from_values(statistic: str, found: Distribution, band: BandEncoding, *, by_share: bool) -> float:
    """One statistic of a zone.

    Args:
        statistic: median, percentile_N, majority, mode, minority, unique or variety.
        found: the zone's usable stored numbers; at least one.
        band: how they are stored.
        by_share: whether pixels count by their weights; otherwise each once.
    """
    match statistic:
        case "unique" | "variety":
            return float(np.unique(found.values).size)
        case "majority" | "mode":
            return band.physical(_most(found, by_share=by_share))
        case "minority":
            return band.physical(_least(found, by_share=by_share))
        case _:
            percent = 50.0 if statistic == "median" else percent_of(statistic)
            if band.scale < 0:
                percent = 100 - percent
            return band.physical(_percentile(found, percent, by_share=by_share))


def from_function(name: str, function: Statistic, found: Distribution, band: BandEncoding) -> float:
    """What a person's function makes of a zone's values in physical units, ascending, and their weights.

    Raises:
        ProductError: it returns something else than one number.
    """
    values = np.repeat(found.values.astype(np.float64) * band.scale + band.offset, found.counts)
    weights = np.repeat(found.weights / found.counts, found.counts)
    step = -1 if band.scale < 0 else 1
    returned = function(values[::step], weights[::step])
    if not isinstance(returned, int | float | np.number):
        raise ProductError(
            f"zones.statistics: expected {name} to return a number, got {type(returned).__name__}; return a float, NaN "
            "where there is none"
        )
    return float(returned)


def _most(found: Distribution, *, by_share: bool) -> float:
    """Of values that are equally frequent, rasterstats takes the smallest, exactextract the largest."""
    values, amounts = tally(found, by_share=by_share)
    place = amounts.size - 1 - int(np.argmax(amounts[::-1])) if by_share else int(np.argmax(amounts))
    return float(values[place])


def _least(found: Distribution, *, by_share: bool) -> float:
    """Of values that are equally rare, the smallest."""
    values, amounts = tally(found, by_share=by_share)
    return float(values[int(np.argmin(amounts))])


def tally(found: Distribution, *, by_share: bool) -> tuple[NDArray[np.generic], NDArray[np.float64]]:
    """Every different stored number, ascending, and how much of it there is: shares or pixels; both (n,)."""
    values, which = np.unique(found.values, return_inverse=True)
    amounts = found.weights if by_share else found.counts
    return values, np.bincount(which, weights=amounts, minlength=values.size)


def _percentile(found: Distribution, percent: float, *, by_share: bool) -> float:
    if by_share:
        return _percentile_by_share(found, percent)
    values = np.repeat(found.values, found.counts)
    return float(np.median(values) if percent == 50 else np.percentile(values, percent))


def _percentile_by_share(found: Distribution, percent: float) -> float:
    """Between the different values, each at a place that its weight and those below it give.

    Source: `WeightedQuantiles` of exactextract 0.3, whose answers these are.
    """
    values, weights = tally(found, by_share=True)
    many, below = values.size, np.cumsum(weights)
    places = np.arange(many) * weights + (many - 1) * np.concatenate([[0.0], below[:-1]])
    return float(np.interp(percent / 100 * (many - 1) * below[-1], places, values.astype(np.float64)))
