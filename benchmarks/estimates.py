"""Estimates of exports: a back-test on recorded tasks, fitted on the first part by time, held against the rest.

Each line is one quantity of one kind of task (a product, as it were) or of all kinds. Of single tasks: the median of
the absolute error, and how many lie in their interval of 8 in 10. Of totals: the same for the sums over every 5 dates
that follow each other, and the error of the sum over all that was held out. `time` is from the first task created to
the last one ended, of each burst of exports to Cloud Storage.
"""

import json
import math
import statistics
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import batched, groupby
from typing import Literal

from benchmarks.task_history import Task, read_tasks
from eo_pipeline.core.estimates.forecast import History, Quantity, forecast
from eo_pipeline.core.estimates.intervals import LEVEL, Interval
from eo_pipeline.core.estimates.work import ExportRecord

FITTED = 0.6
"""Share of the dates that estimates are made from."""

WINDOW = 5
"""Dates of one total."""

TOLERANCE = 0.1
"""By which coverage over all kinds may miss what intervals promise; of few, by two standard errors if that is more."""

_PAUSE = 1800.0
"""Seconds without any task that end a burst."""

type Name = Literal["eecu_seconds", "run_seconds"]


@dataclass(frozen=True)
class Score:
    """How well some predictions were met.

    Attributes:
        count: predictions.
        median_error: median of |predicted - actual| / actual.
        mean_error: mean of the same.
        coverage: share of actuals inside their interval.
    """

    count: int
    median_error: float
    mean_error: float
    coverage: float


@dataclass(frozen=True)
class BackTest:
    """One line of the result.

    Attributes:
        kind: of task, or `all`.
        quantity: what was predicted.
        fitted: tasks that it was predicted from.
        tasks: of single ones; None for the time of bursts, which is a total.
        totals: of sums over `WINDOW` dates, or of bursts.
        total_error: (predicted - actual) / actual of the sum over all that was held out; None for bursts.
        equal: True if the coverage over all kinds is what was promised; single kinds have too few dates to tell.
    """

    kind: str
    quantity: str
    fitted: int
    tasks: Score | None
    totals: Score
    total_error: float | None
    equal: bool

    def to_json(self) -> str:
        """One line; numbers with three significant digits."""
        return json.dumps(_rounded(asdict(self)))


@dataclass(frozen=True)
class _Met:
    """A prediction and what came."""

    predicted: Interval
    actual: float


@dataclass(frozen=True)
class _Kind:
    """The predictions of one kind."""

    kind: str
    fitted: int
    tasks: list[_Met]
    totals: list[_Met]
    rest: _Met


def comparisons() -> Iterator[BackTest]:
    """Every quantity, kind by kind and over all kinds."""
    tasks = read_tasks()
    for quantity in ("eecu_seconds", "run_seconds"):
        yield from _quantity(tasks, quantity)
    yield _bursts(tasks)


def _quantity(tasks: Sequence[Task], quantity: Name) -> Iterator[BackTest]:
    kinds = [_back_test(tasks, kind, quantity) for kind in sorted({task.kind for task in tasks})]
    for found in kinds:
        error = found.rest.predicted.middle / found.rest.actual - 1
        yield BackTest(found.kind, quantity, found.fitted, _score(found.tasks), _score(found.totals), error, equal=True)
    singles, totals = ([met for found in kinds for met in getattr(found, name)] for name in ("tasks", "totals"))
    error = sum(k.rest.predicted.middle for k in kinds) / sum(k.rest.actual for k in kinds) - 1
    scores = _score(singles), _score(totals)
    yield BackTest("all", quantity, sum(k.fitted for k in kinds), *scores, error, equal=_kept(scores))


def _back_test(tasks: Sequence[Task], kind: str, quantity: Name) -> _Kind:
    records = [task.record for task in tasks if task.kind == kind]
    dates = list(dict.fromkeys(record.work.period for record in records))
    cut = round(FITTED * len(dates))
    known = _of(records, dates[:cut])
    later = _of(records, dates[cut:])
    windows = [_of(later, window) for window in batched(dates[cut:], WINDOW) if len(window) == WINDOW]
    singles = [
        _Met(interval, getattr(record, quantity))
        for record, interval in zip(later, _predicted(known, later, quantity).each, strict=True)
    ]
    totals = [_met(known, window, quantity) for window in windows]
    return _Kind(kind, len(known), singles, totals, _met(known, later, quantity))


def _of(records: Iterable[ExportRecord], dates: Iterable[str]) -> list[ExportRecord]:
    wanted = set(dates)
    return [record for record in records if record.work.period in wanted]


def _predicted(known: Sequence[ExportRecord], later: Sequence[ExportRecord], quantity: Name) -> Quantity:
    found = forecast([record.work for record in later], History(known, own=True, project=known))
    chosen: Quantity | None = getattr(found, quantity)
    assert chosen is not None  # noqa: S101 - every recorded task has it
    return chosen


def _met(known: Sequence[ExportRecord], later: Sequence[ExportRecord], quantity: Name) -> _Met:
    return _Met(_predicted(known, later, quantity).total, sum(getattr(record, quantity) for record in later))


def _bursts(tasks: Sequence[Task]) -> BackTest:
    """Time under the queue: every export to Cloud Storage as one of one product, whatever its kind."""
    bursts = list(_separate([task for task in tasks if task.to_storage]))
    cut = round(FITTED * len(bursts))
    known = [task.record for burst in bursts[:cut] for task in burst]
    met = []
    for burst in bursts[cut:]:
        seconds = forecast([task.record.work for task in burst], History(known, own=True, project=known)).seconds
        assert seconds is not None  # noqa: S101 - every recorded task ran
        met.append(_Met(seconds, max(t.record.ended for t in burst) - min(t.created for t in burst)))
    score = _score(met)
    return BackTest("mosaics", "time", len(known), None, score, None, equal=_kept([score]))


def _separate(tasks: Sequence[Task]) -> Iterator[list[Task]]:
    """Tasks by burst: each created while those before it were there or within half an hour."""
    number, end, numbered = 0, 0.0, []
    for task in sorted(tasks, key=lambda task: task.created):
        number += task.created > end + _PAUSE
        end = max(end, task.record.ended)
        numbered.append((number, task))
    return ([task for _, task in group] for _, group in groupby(numbered, key=lambda pair: pair[0]))


def _score(met: Sequence[_Met]) -> Score:
    errors = [abs(m.predicted.middle / m.actual - 1) for m in met]
    inside = sum(m.actual in m.predicted for m in met)
    return Score(len(met), statistics.median(errors), statistics.fmean(errors), inside / len(met))


def _kept(scores: Iterable[Score]) -> bool:
    return all(abs(score.coverage - LEVEL) <= max(TOLERANCE, 2 * _standard_error(score.count)) for score in scores)


def _standard_error(count: int) -> float:
    return math.sqrt(LEVEL * (1 - LEVEL) / count)


def _rounded(value: object) -> object:
    if isinstance(value, dict):
        return {name: _rounded(part) for name, part in value.items()}
    return float(f"{value:.3g}") if isinstance(value, float) else value
