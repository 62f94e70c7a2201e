"""Periods: half-open spans, durations, availability."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from eo_pipeline.core.periods import Period, is_available, is_rechecked, parse_duration
from eo_pipeline.errors import ProductError

MAY = Period(datetime(2023, 5, 1, tzinfo=UTC), datetime(2023, 6, 1, tzinfo=UTC), "2023-05")


def test_period_is_half_open() -> None:
    assert MAY.contains(MAY.start)
    assert MAY.contains(MAY.end - timedelta(microseconds=1))
    assert not MAY.contains(MAY.end)


def test_periods_sort_by_start() -> None:
    june = Period(MAY.end, datetime(2023, 7, 1, tzinfo=UTC), "2023-06")
    assert sorted([june, MAY]) == [MAY, june]


def test_period_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(ProductError, match=r"ends after its start.*give an end that is later"):
        Period(MAY.end, MAY.start, "2023-05")


def test_naive_instant_is_refused_with_the_text_to_write() -> None:
    with pytest.raises(ProductError, match=r"in UTC, got 2023-05-01T00:00:00; .* 2023-05-01T00:00:00\+00:00"):
        Period(datetime(2023, 5, 1), MAY.end, "2023-05")  # noqa: DTZ001 (naive is the mistake under test)


def test_instant_of_another_zone_is_refused_with_its_utc() -> None:
    elsewhere = datetime(2023, 5, 1, 2, tzinfo=timezone(timedelta(hours=2)))
    with pytest.raises(ProductError, match=r"write it with a zone, as 2023-05-01T00:00:00\+00:00"):
        Period(elsewhere, MAY.end, "2023-05")


@pytest.mark.parametrize(("text", "hours"), [("6h", 6), ("10d", 240), ("2w", 336), ("0d", 0), ("120d", 2880)])
def test_durations(text: str, hours: int) -> None:
    assert parse_duration(text) == timedelta(hours=hours)


@pytest.mark.parametrize("text", ["", "10", "d", "-1d", "1.5d", "10 d", "010d", "10D", "1m", "10days", "10d "])
def test_other_texts_are_no_duration(text: str) -> None:
    with pytest.raises(ProductError, match="Expected a duration such as 6h, 10d or 2w"):
        parse_duration(text)


def test_period_is_available_from_its_end_and_the_delay_on() -> None:
    delay = timedelta(days=10)
    due = datetime(2023, 6, 11, tzinfo=UTC)
    assert is_available(MAY, now=due, available_after=delay)
    assert not is_available(MAY, now=due - timedelta(seconds=1), available_after=delay)


def test_period_is_rechecked_until_its_end_and_the_time_given() -> None:
    last = datetime(2023, 6, 15, tzinfo=UTC)
    assert is_rechecked(MAY, now=last - timedelta(seconds=1), recheck_for=timedelta(days=14))
    assert not is_rechecked(MAY, now=last, recheck_for=timedelta(days=14))
