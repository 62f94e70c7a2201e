"""Whole forecasts: what is unknown stays unknown, and others' records widen."""

import pytest

from eo_pipeline.core.estimates.forecast import Forecast, History, forecast
from eo_pipeline.core.estimates.work import ExportRecord
from eo_pipeline_tests.core.estimates.records import record, work

RECORDS = [
    record(work(f"2024-{month:02d}"), eecu=90.0 + month, run=600.0, queue=6.0, ended=600.0 * month, size=1000 + month)
    for month in range(1, 13)
]
WANTED = [work(f"2025-{month:02d}") for month in range(1, 13)]


def own(records: list[ExportRecord], limit: int | None = None) -> History:
    return History(records, own=True, project=records, max_concurrent=limit)


def test_without_records_nothing_uncertain_is_said() -> None:
    assert forecast(WANTED, own([])) == Forecast(None, None, None, None)


def test_totals_are_near_what_the_same_work_took_before() -> None:
    found = forecast(WANTED, own(RECORDS))
    assert found.eecu_seconds is not None
    assert found.bytes is not None
    assert found.eecu_seconds.total.middle == pytest.approx(sum(r.eecu_seconds for r in RECORDS))
    assert found.bytes.total.middle == pytest.approx(sum(r.bytes or 0 for r in RECORDS))
    assert found.eecu_seconds.records == 12


def test_the_same_question_gets_the_same_answer() -> None:
    assert forecast(WANTED, own(RECORDS)) == forecast(WANTED, own(RECORDS))


def test_time_follows_from_how_many_run_at_once() -> None:
    one, four = (forecast(WANTED, own(RECORDS, limit)).seconds for limit in (1, 4))
    assert one is not None
    assert four is not None
    assert one.middle == pytest.approx(12 * 600 + 6, rel=0.1)
    assert four.middle < one.middle / 2.5


@pytest.mark.parametrize(
    ("history", "concurrency", "origin"),
    [
        (own(RECORDS), 2, "assumed"),
        (own([record(work(), ended=60.0)] * 3), 3, "observed"),
        (own(RECORDS, 20), 20, "EO_MAX_CONCURRENT_EXPORTS"),
        (own([]), 2, "assumed"),
    ],
)
def test_where_the_concurrency_comes_from(history: History, concurrency: int, origin: str) -> None:
    assert (history.concurrency, history.concurrency_from) == (concurrency, origin)


def test_records_of_another_product_reach_twice_as_far() -> None:
    mine = forecast(WANTED, own(RECORDS)).eecu_seconds
    theirs = forecast(WANTED, History(RECORDS, own=False, project=RECORDS)).eecu_seconds
    assert mine is not None
    assert theirs is not None
    assert theirs.total.middle == mine.total.middle
    assert theirs.total.width == pytest.approx(4 * mine.total.width)


def test_nothing_wanted_takes_nothing() -> None:
    found = forecast([], own(RECORDS))
    assert found.eecu_seconds is not None
    assert found.seconds is not None
    assert found.eecu_seconds.total.high == 0
    assert found.seconds.high == 0


def test_what_was_not_metered_is_unknown_though_the_time_is_known() -> None:
    unmetered = [record(work(f"2024-{month:02d}"), eecu=0.0, ended=600.0 * month) for month in range(1, 5)]
    found = forecast(WANTED, own(unmetered))
    assert found.eecu_seconds is None
    assert found.bytes is None
    assert found.seconds is not None
