"""From records of finished exports to what wanted ones will take: the whole estimate, purely.

What does not belong here: where records come from, and what it costs in money (`core.compute.prices`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from eo_pipeline.core.estimates.intervals import Interval
from eo_pipeline.core.estimates.queueing import (
    dispatch_seconds,
    draws_of_schedules,
    observed_concurrency,
    schedule_seconds,
)
from eo_pipeline.core.estimates.rates import Observed, Rates, fit
from eo_pipeline.core.estimates.work import ExportRecord, Work
from eo_pipeline.core.exports.queue import AVERAGE_CONCURRENCY

SEED = 1
"""Of the imagined histories: the same records give the same estimate."""

ANOTHER_PRODUCT = 2.0
"""How many times further an interval reaches that rests on other products' records: judged, not measured."""


@dataclass(frozen=True)
class History:
    """What an estimate rests on.

    Attributes:
        records: finished exports of the product, or of others with its source.
        own: True if they are the product's own.
        project: finished exports of every product, whose overlaps show how many run at once.
        max_concurrent: tasks that the project's plan runs at once, None if unknown.
    """

    records: Sequence[ExportRecord]
    own: bool
    project: Sequence[ExportRecord]
    max_concurrent: int | None = None

    @property
    def concurrency(self) -> int:
        """Exports at once: as set, as observed, or the documented average if less was observed."""
        if self.max_concurrent is not None:
            return self.max_concurrent
        return max(AVERAGE_CONCURRENCY, observed_concurrency(self.project))

    @property
    def concurrency_from(self) -> str:
        """Where that number comes from, in words."""
        if self.max_concurrent is not None:
            return "EO_MAX_CONCURRENT_EXPORTS"
        return "observed" if observed_concurrency(self.project) >= AVERAGE_CONCURRENCY else "assumed"


@dataclass(frozen=True)
class Quantity:
    """One uncertain amount of several exports.

    Attributes:
        total: of all.
        each: of each, in the order of the works.
        measure: what it was taken as proportional to.
        records: how many it was learned from.
    """

    total: Interval
    each: tuple[Interval, ...]
    measure: str
    records: int


@dataclass(frozen=True)
class Forecast:
    """What exports will take; None where no record tells.

    Attributes:
        eecu_seconds: computed by Earth Engine.
        bytes: of all tiles.
        run_seconds: of the exports, one after another.
        seconds: from the first submission until the last export has ended.
    """

    eecu_seconds: Quantity | None
    bytes: Quantity | None
    run_seconds: Quantity | None
    seconds: Interval | None


def forecast(works: Sequence[Work], history: History) -> Forecast:
    """Predict; the same arguments give the same numbers."""
    random = np.random.default_rng(SEED)
    eecu = _fit(history, lambda record: record.eecu_seconds)
    size = _fit(history, lambda record: float(record.bytes or 0))
    run = _fit(history, lambda record: record.run_seconds)
    return Forecast(
        _quantity(works, eecu, history, random),
        _quantity(works, size, history, random),
        _quantity(works, run, history, random),
        _seconds(works, run, history, random),
    )


def _fit(history: History, cost: Callable[[ExportRecord], float]) -> Rates | None:
    return fit([Observed(record.work, cost(record)) for record in history.records])


def _quantity(
    works: Sequence[Work], rates: Rates | None, history: History, random: np.random.Generator
) -> Quantity | None:
    if rates is None:
        return None
    total = rates.total(works, random) if works else Interval.exactly(0.0)
    factor = 1.0 if history.own else ANOTHER_PRODUCT
    each = tuple(interval.widened(factor) for interval in rates.each(works))
    return Quantity(total.widened(factor), each, rates.measure, len(rates.within))


def _seconds(
    works: Sequence[Work], rates: Rates | None, history: History, random: np.random.Generator
) -> Interval | None:
    if rates is None:
        return None
    if not works:
        return Interval.exactly(0.0)
    imagined = (rates.imagine(works, random) for _ in range(draws_of_schedules(len(works))))
    running = schedule_seconds(imagined, concurrency=history.concurrency)
    return running.widened(1.0 if history.own else ANOTHER_PRODUCT).plus(dispatch_seconds(history.project))
