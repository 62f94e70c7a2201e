"""Exports that overlap, and schedules that can be drawn on paper."""

import numpy as np
import pytest

from eo_pipeline.core.estimates.queueing import dispatch_seconds, observed_concurrency, schedule_seconds
from eo_pipeline_tests.core.estimates.records import record, work


def test_the_most_exports_that_ran_at_one_instant() -> None:
    ran = [(0, 100), (50, 150), (90, 95), (150, 300)]  # the last starts when the second ends
    records = [record(work(), run=end - start, ended=end) for start, end in ran]
    assert observed_concurrency(records) == 3


def test_exports_whose_run_is_unknown_do_not_overlap() -> None:
    assert observed_concurrency([record(work(), run=0.0, ended=10.0)] * 5) == 1
    assert observed_concurrency([]) == 1


def test_what_an_export_waits_when_nothing_is_before_it() -> None:
    assert dispatch_seconds([]) == 0
    assert dispatch_seconds([record(work(), queue=q) for q in (4, 4, 5, 900, 1800)]) == 4


@pytest.mark.parametrize(("places", "seconds"), [(1, 100.0), (2, 60.0), (3, 40.0), (10, 40.0)])
def test_each_export_starts_when_a_place_is_free(places: int, seconds: float) -> None:
    # with two places: 20 + 40 after one another beside 30 + 10, with three: 20 + 10 beside 30 and 40
    found = schedule_seconds([np.array([20.0, 30.0, 40.0, 10.0])], concurrency=places)
    assert (found.low, found.middle, found.high) == (seconds, seconds, seconds)
