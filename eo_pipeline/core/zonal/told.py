"""What a service tells of zones, as the results that the engine's own blocks give: one table comes of both.

A histogram of all different numbers of a zone stands for its pixels, so that medians, percentiles, modes, varieties,
classes and bins are computed by the same functions here and there, exactly. What does not belong here: asking
(`steps.zones.in_earth_engine`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eo_pipeline.core.series.statistics import variance
from eo_pipeline.core.zonal.closed_zones import ClosedZones
from eo_pipeline.core.zonal.entries import Results
from eo_pipeline.core.zonal.measures import Distribution, Keep, Rule, Sums
from eo_pipeline.core.zonal.wanted import Wanted

_ORDERED = ("min", "max", "range")


@dataclass(frozen=True)
class Told:
    """One band over one zone, in stored numbers v with shares w.

    Attributes:
        whole: sum of the shares of all pixels of the zone, with or without a value.
        valid: sum of w over usable pixels.
        first: sum of w v; 0 if it was not asked for.
        second: sum of w v v; 0 if it was not asked for.
        count: number of usable pixels whose centre is inside.
        low: smallest usable number, None if there is none or it was not asked for.
        high: largest usable number, likewise.
        values: every different usable number, ascending; () if they were not asked for.
        amounts: how much there is of each: pixels, or their shares added up.
    """

    whole: float
    valid: float
    first: float = 0.0
    second: float = 0.0
    count: int = 0
    low: float | None = None
    high: float | None = None
    values: tuple[float, ...] = ()
    amounts: tuple[float, ...] = ()


@dataclass(frozen=True)
class Asked:
    """What must be asked of a service for the numbers that are wanted of zones.

    Attributes:
        by_share: whether pixels count by the share of them that the zone covers; else those whose centre is inside.
        powers: of values that are summed: 0, 1 or 2.
        extremes: whether smallest and largest numbers are asked for beside sums.
        values: whether all different numbers are asked for.
    """

    by_share: bool
    powers: int
    extremes: bool
    values: bool


def asked_of_service(wanted: Wanted) -> Asked:
    """What the statistics, classes and bins of a product need.

    Smallest and largest numbers over pixels by their share come from all different numbers: the service's own reducers
    see only pixels whose centre is inside.
    """
    names, by_share = set(wanted.statistics), wanted.rule is Rule.FRACTIONAL
    extremes = bool(names & set(_ORDERED))
    return Asked(
        by_share=by_share,
        powers=2 if names & {"std", "var"} else int(bool(names & {"mean", "sum"})),
        extremes=extremes and not by_share,
        values=wanted.keep is not Keep.NOTHING or (extremes and by_share),
    )


def results_of(
    told: Mapping[int, Sequence[Told]],
    wanted: Wanted,
    there: NDArray[np.bool_],
    *,
    area: float = 1.0,
) -> Results:
    """The results of all zones.

    Args:
        told: of each band in order, by the zone's number; zones that are missing have no pixel.
        wanted: what is measured.
        there: (zone,) True where a zone touches what was measured.
        area: square metres of a pixel, for areas of classes.
    """
    closed = ClosedZones(len(there), wanted)
    if wanted.keep is not Keep.NOTHING:
        for zone, bands in sorted(told.items()):
            for band, one in enumerate(bands):
                if one.values:
                    closed(zone, band, _distribution(one, wanted, band))
    return Results(sums=_sums(told, wanted, len(there)), closed=closed, there=there, area=area)


def _distribution(one: Told, wanted: Wanted, band: int) -> Distribution:
    """Of pixels by their share it is not known how many there are: each number stands for one."""
    amounts = np.array(one.amounts, np.float64)
    counts = np.ones(amounts.size, np.int64) if wanted.by_share else np.rint(amounts).astype(np.int64)
    return Distribution(np.array(one.values).astype(wanted.bands[band].dtype), counts, amounts)


def _sums(told: Mapping[int, Sequence[Told]], wanted: Wanted, zones: int) -> Sums:
    shape = (zones, len(wanted.bands))
    whole, valid, total, m2 = (np.zeros(shape) for _ in range(4))
    count = np.zeros(shape, np.int64)
    low, high = np.full(shape, np.nan), np.full(shape, np.nan)
    for zone, bands in told.items():
        for band, one in enumerate(bands):
            at = (zone, band)
            whole[at], valid[at], total[at] = one.whole, one.valid, one.first
            if one.valid > 0:
                count[at] = max(one.count, 1)
                m2[at] = variance(one.valid, one.first, one.second) * one.valid if one.second else 0.0
            low[at], high[at] = _extremes(one)
    return Sums(np.rint(whole).astype(np.int64), whole, count, valid, total, m2, low, high)


def _extremes(one: Told) -> tuple[float, float]:
    """Smallest and largest number, NaN if unknown."""
    if one.values:
        return one.values[0], one.values[-1]
    return (np.nan if one.low is None else one.low), (np.nan if one.high is None else one.high)
