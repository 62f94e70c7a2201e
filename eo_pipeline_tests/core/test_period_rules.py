"""Rules of periods: keys, contiguity, leap years, MODIS' days of the year."""

import calendar
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eo_pipeline.core.period_rules import CalendarRule, DaysRule, ImageDates, PeriodRule, parse_period_rule
from eo_pipeline.errors import KeyFormatError, ProductError


def utc(*numbers: int) -> datetime:
    year, month, day, *rest = numbers
    return datetime(year, month, day, *rest, tzinfo=UTC)  # type: ignore[misc,arg-type] # hours and minutes only


DAY, MONTH, YEAR = CalendarRule("day"), CalendarRule("month"), CalendarRule("year")
RULES = st.one_of(st.sampled_from([DAY, MONTH, YEAR]), st.integers(2, 365).map(DaysRule))
INSTANTS = st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1)).map(  # noqa: DTZ001 (hypothesis takes naive bounds)
    lambda instant: instant.replace(tzinfo=UTC)
)


@given(RULES, INSTANTS)
def test_key_round_trip(rule: CalendarRule | DaysRule, instant: datetime) -> None:
    period = rule.containing(instant)
    assert rule.parse(period.key) == period


@given(RULES, INSTANTS)
def test_period_contains_its_instant(rule: CalendarRule | DaysRule, instant: datetime) -> None:
    assert rule.containing(instant).contains(instant)


@given(RULES, INSTANTS, st.integers(0, 900))
def test_periods_are_contiguous_and_stay_in_bounds(rule: PeriodRule, start: datetime, days: int) -> None:
    until = start + timedelta(days=days)
    periods = rule.periods(start, until)
    assert all(earlier.end == later.start for earlier, later in pairwise(periods))
    assert all(start <= period.start < until for period in periods)
    assert not periods or periods[-1].end >= until


@given(st.integers(2, 365), st.integers(1970, 2100))
def test_days_restart_each_january(days: int, year: int) -> None:
    periods = DaysRule(days).periods(utc(year, 1, 1), utc(year + 1, 1, 1))
    lengths = [(period.end - period.start).days for period in periods]
    assert periods[0].start == utc(year, 1, 1)
    assert set(lengths[:-1]) <= {days}
    assert 1 <= lengths[-1] <= days
    assert sum(lengths) == 365 + calendar.isleap(year)


@given(st.integers(1970, 2100))
def test_days_of_a_year(year: int) -> None:
    assert len(DAY.periods(utc(year, 1, 1), utc(year + 1, 1, 1))) == 365 + calendar.isleap(year)


@given(st.integers(1970, 2100), st.integers(1, 12))
def test_months_end_with_the_calendar(year: int, month: int) -> None:
    period = MONTH.parse(f"{year}-{month:02}")
    assert (period.end - period.start).days == calendar.monthrange(year, month)[1]


@given(RULES, st.text("0123456789-TW:+ ", max_size=12))
def test_a_text_is_refused_or_printed_again(rule: CalendarRule | DaysRule, text: str) -> None:
    try:
        period = rule.parse(text)
    except KeyFormatError:
        return
    assert period.key == text


def test_modis_eight_days_start_on_its_published_days_of_the_year() -> None:
    periods = DaysRule(8).periods(utc(2020, 1, 1), utc(2021, 1, 1))
    assert [period.start.timetuple().tm_yday for period in periods] == list(range(1, 362, 8))
    assert len(periods) == 46
    assert (periods[-1].key, periods[-1].end) == ("2020-12-26", utc(2021, 1, 1))


def test_modis_sixteen_days_end_with_the_year() -> None:
    periods = DaysRule(16).periods(utc(2023, 1, 1), utc(2024, 1, 1))
    assert len(periods) == 23
    assert (periods[-1].key, periods[-1].end) == ("2023-12-19", utc(2024, 1, 1))


def test_a_leap_day_has_its_period() -> None:
    assert DAY.parse("2024-02-29").end == utc(2024, 3, 1)
    with pytest.raises(KeyFormatError, match="'2023-02-29'"):
        DAY.parse("2023-02-29")


def test_periods_begin_with_the_first_that_starts_at_or_after_the_start() -> None:
    assert [period.key for period in MONTH.periods(utc(2023, 5, 17), utc(2023, 8, 1))] == ["2023-06", "2023-07"]
    assert [period.key for period in MONTH.periods(utc(2023, 5, 1), utc(2023, 6, 1))] == ["2023-05"]
    assert [period.key for period in YEAR.periods(utc(2022, 1, 1), utc(2023, 1, 1, 1))] == ["2022", "2023"]


@pytest.mark.parametrize(
    ("rule", "key"),
    [
        (MONTH, "2023-5"),
        (MONTH, "2023-13"),
        (MONTH, "2023-05-01"),
        (DAY, "2023-05"),
        (DAY, "20230517"),
        (DAY, "2023-W20-3"),
        (YEAR, "23"),
        (YEAR, "9999"),
        (DaysRule(8), "2023-01-10"),
    ],
)
def test_a_key_that_is_not_printed_is_refused(rule: PeriodRule, key: str) -> None:
    with pytest.raises(KeyFormatError, match=f"Expected the key of a period of {rule.text}.*{key}"):
        rule.parse(key)


def test_image_dates_start_at_the_image_and_end_where_given() -> None:
    rule = ImageDates(((utc(2020, 3, 1), utc(2020, 6, 1)), (utc(2021, 3, 4), utc(2021, 6, 1))))
    assert [period.key for period in rule.periods(utc(2020, 1, 1), utc(2022, 1, 1))] == ["2020-03-01", "2021-03-04"]
    assert rule.periods(utc(2020, 4, 1), utc(2021, 3, 4)) == ()
    assert rule.parse("2021-03-04").end == utc(2021, 6, 1)
    assert rule.whole_days


def test_image_dates_with_hours_say_so_in_the_key() -> None:
    rule = ImageDates(((utc(2020, 3, 1, 10), utc(2020, 3, 1, 11)),))
    assert rule.parse("2020-03-01T10").start == utc(2020, 3, 1, 10)
    assert not rule.whole_days


def test_a_key_that_is_no_image_date_is_refused() -> None:
    rule = ImageDates(((utc(2020, 3, 1), utc(2020, 6, 1)),))
    with pytest.raises(KeyFormatError, match=r"one of the 1 image dates of the product, got '2020-03-02'"):
        rule.parse("2020-03-02")


def test_image_dates_that_overlap_are_refused() -> None:
    with pytest.raises(ProductError, match=r"without overlap, got 2020-03-01 until .* then 2020-05-01"):
        ImageDates(((utc(2020, 3, 1), utc(2020, 6, 1)), (utc(2020, 5, 1), utc(2020, 7, 1))))


def test_image_dates_with_minutes_are_refused() -> None:
    with pytest.raises(ProductError, match=r"whole hours, got 2020-03-01T10:30:00\+00:00; round it down"):
        ImageDates(((utc(2020, 3, 1, 10, 30), utc(2020, 6, 1)),))


@pytest.mark.parametrize("text", ["day", "month", "year", "8 days", "16 days"])
def test_rules_as_text_round_trip(text: str) -> None:
    assert parse_period_rule(text).text == text


@pytest.mark.parametrize("text", ["week", "8days", "08 days", "0 days", "days", ""])
def test_other_texts_are_no_rule(text: str) -> None:
    with pytest.raises(ProductError, match="Expected a period of day, month, year or '<n> days'"):
        parse_period_rule(text)


@pytest.mark.parametrize("days", [1, 366])
def test_spans_that_are_a_day_or_longer_than_a_year_are_refused(days: int) -> None:
    with pytest.raises(ProductError, match=f"a span of 2 to 365 days, got {days}"):
        DaysRule(days)
