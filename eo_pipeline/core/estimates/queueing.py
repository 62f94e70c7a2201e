"""How many exports run at once, and how long many take. What does not belong here: what one export takes (`rates`)."""

import heapq
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from eo_pipeline.core.estimates.intervals import Interval
from eo_pipeline.core.estimates.work import ExportRecord
from eo_pipeline.core.exports.queue import most_at_once

_STEPS = 400_000
"""Exports that are placed in all imagined schedules together: about a second."""

_MOST_DRAWS = 400
_FEWEST_DRAWS = 40


def observed_concurrency(records: Sequence[ExportRecord]) -> int:
    """The most exports that ran at one instant, at least 1; what others' tasks take is not in it."""
    return max(1, most_at_once((r.started, r.ended) for r in records if r.run_seconds > 0))


def dispatch_seconds(records: Sequence[ExportRecord]) -> float:
    """What an export waits although nothing is before it: the lower quartile of queue seconds; 0 without records."""
    return float(np.quantile([record.queue_seconds for record in records], 0.25)) if records else 0.0


def draws_of_schedules(exports: int) -> int:
    """How many schedules of so many exports are imagined."""
    return int(np.clip(_STEPS // max(1, exports), _FEWEST_DRAWS, _MOST_DRAWS))


def schedule_seconds(imagined: Iterable[NDArray[np.float64]], *, concurrency: int) -> Interval:
    """Seconds until the last of many exports has ended, each starting as soon as one of `concurrency` places is free.

    Args:
        imagined: run seconds of each export (1-D, not empty), as often as they are imagined.
        concurrency: places.
    """
    draws = np.array([_makespan(seconds, concurrency) for seconds in imagined])
    return Interval.of(float(np.median(draws)), draws)


def _makespan(seconds: NDArray[np.float64], places: int) -> float:
    free = [0.0] * min(places, len(seconds))
    for duration in seconds.tolist():
        heapq.heapreplace(free, free[0] + duration)
    return max(free)
