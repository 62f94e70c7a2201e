"""The numbers that a table tells of each zone: which there are, and what was measured of them.

What does not belong here: names, meanings and units (`columns`), and the table's form (`table`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from eo_pipeline.core.zonal.class_tally import ClassTally
from eo_pipeline.core.zonal.closed_zones import ClosedZones
from eo_pipeline.core.zonal.from_sums import from_sums, valid_share
from eo_pipeline.core.zonal.measures import Sums
from eo_pipeline.core.zonal.statistics import SHARES, of_values
from eo_pipeline.core.zonal.wanted import Wanted

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Entry:
    """One number of each zone.

    Attributes:
        band: its number in `Wanted.bands`, from 0.
        kind: a statistic; how much there is of a class, in pixels or on the ground; how much lies in a bin.
        statistic: its name, of a statistic.
        low: number of the class, or lower end of the bin.
        high: upper end of the bin.
    """

    band: int
    kind: Literal["statistic", "class_count", "class_area", "bin_count"]
    statistic: str = ""
    low: float = 0.0
    high: float = 0.0

    @property
    def is_value(self) -> bool:
        """Whether it tells of the values, not of how much there is; null where too little was usable."""
        return self.kind == "statistic" and self.statistic not in ("count", "nodata", *SHARES)


@dataclass(frozen=True)
class Results:
    """What was measured of all zones.

    Attributes:
        sums: of stored numbers, without a raster of weights.
        closed: what was taken of zones when they were complete.
        weighted: sums with the raster of weights, if there is one.
        areas: of which square metres of classes are made, if wanted: how much there is of each class.
        there: (zone,) True where a zone touches what was measured; None if all do. Of the others only a count is known.
        area: square metres for each unit of `areas`: a pixel's if those are pixels, 1 if they are square metres.
    """

    sums: Sums
    closed: ClosedZones
    weighted: Sums | None = None
    areas: ClassTally | None = None
    there: NDArray[np.bool_] | None = None
    area: float = 1.0


def entries(wanted: Wanted) -> tuple[Entry, ...]:
    """Every number that is known beforehand, band by band: statistics as declared, classes, bins.

    The valid share is told, too, wherever it decides about the others. Classes that are only found are not among them.
    """
    return tuple(entry for band in range(len(wanted.bands)) for entry in _of_band(wanted, band))


def _of_band(wanted: Wanted, band: int) -> Iterator[Entry]:
    deciding = wanted.min_valid_share > 0 and "valid_share" not in wanted.statistics
    for name in (*wanted.statistics, *(("valid_share",) if deciding else ())):
        yield Entry(band, "statistic", name)
    if wanted.bands[band].kind == "categorical":
        for number in wanted.classes or ():
            yield from of_class(wanted, band, number)
        return
    for low, high in pairwise(wanted.histogram):
        yield Entry(band, "bin_count", low=low, high=high)


def of_class(wanted: Wanted, band: int, number: float) -> tuple[Entry, ...]:
    """The entries of one class."""
    count = Entry(band, "class_count", low=number)
    return (count, Entry(band, "class_area", low=number)) if wanted.areas else (count,)


def numbers(entry: Entry, wanted: Wanted, results: Results) -> Numbers:
    """One entry of every zone (zone,) in physical units; NaN where it is null."""
    zones, band = len(results.sums.count), entry.band
    match entry.kind:
        case "class_count":
            return results.closed.classes.amounts(zones, band, [entry.low])[:, 0]
        case "class_area":
            tally = results.areas or results.closed.classes
            return tally.amounts(zones, band, [entry.low])[:, 0] * results.area
        case "bin_count":
            return results.closed.bins[:, band, wanted.histogram.index(entry.low)]
        case _:
            found = _statistic(entry.statistic, wanted, results, band)
    if not entry.is_value:
        return found
    return np.where(valid_share(results.sums, band) >= wanted.min_valid_share, found, np.nan)


def _statistic(name: str, wanted: Wanted, results: Results, band: int) -> Numbers:
    if of_values(name):
        return results.closed.statistics[name][:, band]
    if name == "nodata" and results.there is not None:
        return np.where(results.there, from_sums(name, results.sums, band, wanted), np.nan)
    if name == "weighted_mean" and results.weighted is not None:
        return from_sums("mean", results.weighted, band, wanted)
    return from_sums(name, results.sums, band, wanted)
