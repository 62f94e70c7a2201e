"""Statistics of one region and image: from sums and order statistics of stored numbers to physical values.

A pixel's weight is its share inside the region, times its ground area if so declared; a masked pixel has none. Sums are
exact. Order statistics look at valid pixels whose centre is inside, each counting once; medians and percentiles are
what the service makes of them, which is exact for small regions and taken from a histogram for large ones. What does
not belong here: what the service is asked (`earth_engine.series.series_requests`), and the table (`columns`).
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from eo_pipeline.core.bands import BandEncoding

Weights = Literal["area", "pixel", "none"]

_ROUNDING = 1e-14
"""Of mean x mean, what a variance made of sums may be off: a standard deviation is right to 1e-6 from a hundred
thousandth of the mean upwards, and 0 below a ten millionth of it."""

FROM_SUMS = ("mean", "std", "sum")
"""Statistics that are made of sums; the others are order statistics, and `count`."""


@dataclass(frozen=True)
class Sums:
    """What the service tells of one band over one region, in stored numbers v with weights w.

    Attributes:
        whole: sum of the weights of all pixels of the region, valid or not.
        valid: sum of w over valid pixels.
        first: sum of w v; 0 if it was not asked for.
        second: sum of w v v; 0 if it was not asked for.
        count: number of valid pixels whose centre is inside.
        ordered: order statistics by the service's names (min, max, median, p10); those without a value are left out.
    """

    whole: float
    valid: float
    first: float = 0.0
    second: float = 0.0
    count: int = 0
    ordered: dict[str, float] = field(default_factory=dict)

    @property
    def valid_fraction(self) -> float:
        """Valid share of the region's weight, from 0 to 1; 0 of a region that holds no pixel."""
        return min(1.0, self.valid / self.whole) if self.whole > 0 else 0.0


def order_statistics(statistics: Sequence[str]) -> tuple[str, ...]:
    """Those that are neither made of sums nor the count, which is always asked for."""
    return tuple(name for name in statistics if name not in FROM_SUMS and name != "count")


def asked_of_service(statistics: Sequence[str], bands: Iterable[BandEncoding]) -> tuple[str, ...]:
    """Order statistics of stored numbers that are needed for those of physical values, each once."""
    wanted = order_statistics(statistics)
    return tuple(dict.fromkeys(_stored_name(name, band) for band in bands for name in wanted))


def physical(statistic: str, sums: Sums, band: BandEncoding) -> float | None:
    """One statistic in physical units, physical = stored * scale + offset.

    Args:
        statistic: its name as declared.
        sums: of the band over one region.
        band: encoding of the stored numbers.

    Returns:
        A whole number for count; None of the others where no pixel is valid.
    """
    if statistic == "count":
        return sums.count
    if statistic not in FROM_SUMS:
        stored = sums.ordered.get(_stored_name(statistic, band))
        return None if stored is None else band.physical(stored)
    if sums.valid <= 0:
        return None
    if statistic == "sum":
        return sums.first * band.scale + sums.valid * band.offset
    mean = sums.first / sums.valid
    if statistic == "mean":
        return band.physical(mean)
    return math.sqrt(variance(sums.valid, sums.first, sums.second)) * abs(band.scale)


def variance(valid: float, first: float, second: float) -> float:
    """Of values v with weights w, the population's variance, from sums of w (> 0), w v, and w v v."""
    mean = first / valid
    found = second / valid - mean * mean
    return found if found > _ROUNDING * mean * mean else 0.0


def _stored_name(statistic: str, band: BandEncoding) -> str:
    """A negative scale turns the order round."""
    if band.scale > 0:
        return statistic
    if statistic.startswith("p"):
        return f"p{100 - int(statistic[1:])}"
    return {"min": "max", "max": "min"}.get(statistic, statistic)
