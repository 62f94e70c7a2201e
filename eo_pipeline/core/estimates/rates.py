"""Cost per unit of work, learned from finished exports, and what it makes of wanted ones.

A cost is a rate times a measure of the work (pixels of all bands, the export itself, or pixels times images): the
measure is the one that predicts each record best from the others. Exports of one period share weather, orbits and the
service's day, so a total is drawn by period, not by export: on recorded tasks 0.5 to 0.9 of the spread (standard
deviation of the logarithm) lies between days and 0.1 to 0.2 within one. Two imagined records, at half and at twice the
rate, stand beside the real ones: alone they keep the interval of one record honest, beside fifty they hardly count.

What does not belong here: which quantity it is.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from eo_pipeline.core.estimates.intervals import Interval
from eo_pipeline.core.estimates.work import Work

FEW_RECORDS = 10
"""With fewer records an estimate says so."""

DRAWS = 1000
"""Totals that are imagined; the 10th and the 90th percentile of so many repeat within about 2 %."""

IMAGINED = (0.5, 2.0)
"""Multiples of the rate that stand beside the records as if two groups had shown them."""

_QUANTILES = np.linspace(0.005, 0.995, 100)
"""Of what is one export's own, so that thousands of records cost no more than a hundred."""

_FEWEST_TO_COMPARE = 3
"""Records from which measures are compared; below it pixels count."""

_BETTER = 0.9
"""A more complicated measure is taken if its error is below this share of the simpler one's."""

MEASURES: Mapping[str, Callable[[Work, float], float]] = MappingProxyType(
    {
        "pixels": lambda work, _: float(work.values),
        "exports": lambda *_: 1.0,
        "pixels x images": lambda work, typical: work.values * (typical if work.images is None else work.images),
    }
)
"""What a cost may be proportional to, simplest first, from a work and the typical number of images."""


@dataclass(frozen=True)
class Observed:
    """One work and what it cost, in any unit, above 0."""

    work: Work
    cost: float


@dataclass(frozen=True)
class Rates:
    """A fitted quantity.

    Attributes:
        measure: a name of `MEASURES`.
        rate: cost of a unit of the measure, over all records.
        periods: cost of a unit, by period.
        areas: cost of a unit, by area.
        within: cost of a unit as a multiple of its period's, by record.
        images: of a work whose images nobody counted.
    """

    measure: str
    rate: float
    periods: Mapping[str, float]
    areas: Mapping[str, float]
    within: NDArray[np.float64]
    images: float

    def amount(self, work: Work) -> float:
        """Units of the measure."""
        return MEASURES[self.measure](work, self.images)

    def each(self, works: Sequence[Work]) -> list[Interval]:
        """What each single export will cost."""
        own = np.quantile(self.within, _QUANTILES)
        one = Interval.of(self.rate, np.outer(self._known(self.periods), own).ravel())
        return [one.times(self.amount(work)) for work in works]

    def total(self, works: Sequence[Work], random: np.random.Generator) -> Interval:
        """What all of them cost together; areas that no record has seen add their own doubt."""
        by_period = self._total(works, self.periods, lambda work: work.period, random)
        if all(work.area in self.areas for work in works):
            return by_period
        by_area = self._total(works, self.areas, lambda work: work.area, random)
        return max(by_period, by_area, key=lambda interval: interval.width)

    def imagine(self, works: Sequence[Work], random: np.random.Generator) -> NDArray[np.float64]:
        """Costs that may come of each export (1-D), with what exports of one period share."""
        numbers = {period: number for number, period in enumerate(dict.fromkeys(work.period for work in works))}
        shared = _draw(self._known(self.periods), len(numbers), random)
        own = self.within[random.integers(len(self.within), size=len(works))]
        amounts = np.array([self.amount(work) for work in works])
        return amounts * shared[[numbers[work.period] for work in works]] * own

    def _total(
        self,
        works: Sequence[Work],
        groups: Mapping[str, float],
        group_of: Callable[[Work], str],
        random: np.random.Generator,
    ) -> Interval:
        amounts: dict[str, float] = {}
        for work in works:
            amounts[group_of(work)] = amounts.get(group_of(work), 0.0) + self.amount(work)
        wanted = np.array(list(amounts.values()))
        known = self._known(groups)
        draws = np.array([_draw(known, len(wanted), random) @ wanted for _ in range(DRAWS)])
        return Interval.of(self.rate * float(wanted.sum()), draws)

    def _known(self, groups: Mapping[str, float]) -> NDArray[np.float64]:
        """Rates of groups, and the imagined ones."""
        return np.concatenate([np.array(list(groups.values())), np.array(IMAGINED) * self.rate])


def _draw(known: NDArray[np.float64], count: int, random: np.random.Generator) -> NDArray[np.float64]:
    """Rates of as many groups: another history of the same length might have been seen, and each is one of its."""
    history = known[random.integers(len(known), size=len(known))]
    return history[random.integers(len(history), size=count)]


def fit(observed: Sequence[Observed]) -> Rates | None:
    """Learn from records; None if there is none with a cost above 0."""
    usable = [o for o in observed if o.cost > 0]
    if not usable:
        return None
    counted = [o.work.images for o in usable if o.work.images is not None]
    images = float(np.median(counted)) if len(counted) == len(usable) else 0.0
    measure = _best_measure(usable, images)
    amounts = {o.work: MEASURES[measure](o.work, images) for o in usable}
    periods = _by_group(usable, amounts, lambda work: work.period)
    return Rates(
        measure=measure,
        rate=sum(o.cost for o in usable) / sum(amounts[o.work] for o in usable),
        periods=periods,
        areas=_by_group(usable, amounts, lambda work: work.area),
        within=np.array([o.cost / amounts[o.work] / periods[o.work.period] for o in usable]),
        images=images,
    )


def _by_group(
    observed: Sequence[Observed], amounts: Mapping[Work, float], group_of: Callable[[Work], str]
) -> dict[str, float]:
    costs: dict[str, float] = {}
    units: dict[str, float] = {}
    for o in observed:
        group = group_of(o.work)
        costs[group] = costs.get(group, 0.0) + o.cost
        units[group] = units.get(group, 0.0) + amounts[o.work]
    return {group: cost / units[group] for group, cost in costs.items()}


def _best_measure(observed: Sequence[Observed], images: float) -> str:
    best = "pixels"
    error = _left_out_error(observed, best, images)
    for measure in list(MEASURES)[1:]:
        found = _left_out_error(observed, measure, images)
        if found < _BETTER * error:
            best, error = measure, found
    return best


def _left_out_error(observed: Sequence[Observed], measure: str, images: float) -> float:
    """Median absolute logarithm of predicted / actual where each record is predicted from all others."""
    amounts = np.array([MEASURES[measure](o.work, images) for o in observed])
    costs = np.array([o.cost for o in observed])
    if (amounts <= 0).any():
        return math.inf
    if len(observed) < _FEWEST_TO_COMPARE:
        return 0.0
    predicted = (costs.sum() - costs) / (amounts.sum() - amounts) * amounts
    return float(np.median(np.abs(np.log(predicted / costs))))
