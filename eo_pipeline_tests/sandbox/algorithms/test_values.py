"""Dates, numbers, texts, lists, dictionaries: against plain Python and documented examples."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ee
import pytest

from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline_tests.sandbox.graph_support import value

DAY = 86_400_000


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [
        ("1970-01-02", DAY),
        ("1970-01-01T00:00:01", 1000),
        ("1970-01-01T00:00:01.250Z", 1250),
        ("1970-01-01T02:00:00+02:00", 0),
        ("1971", 365 * DAY),
        ("1970-02", 31 * DAY),
    ],
)
def test_dates_from_text(text: str, milliseconds: int) -> None:
    assert value(ee.Date(text)) == {"type": "Date", "value": milliseconds}


def test_dates_in_time_zones() -> None:
    local = ee.Date("2020-06-01", "America/New_York")
    assert value(local.format("YYYY-MM-dd HH:mm")) == "2020-06-01 04:00"
    assert value(local.format("HH", "America/New_York")) == "00"


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda d: d.advance(1, "month"), "2020-02-29T12:30:00"),
        (lambda d: d.advance(-1, "year"), "2019-01-31T12:30:00"),
        (lambda d: d.advance(1.5, "days"), "2020-02-02T00:30:00"),
        (lambda d: d.advance(2, "week"), "2020-02-14T12:30:00"),
        (lambda d: d.update(day=1, hour=0), "2020-01-01T00:30:00"),
        (lambda d: d.getRange("month").end(), "2020-02-01T00:00:00"),
        (lambda d: d.getRange("week").start(), "2020-01-27T00:00:00"),
        (lambda _: ee.Date.fromYMD(2021, 12, 24), "2021-12-24T00:00:00"),
    ],
)
def test_moving_dates(make: Callable[[Any], Any], expected: str) -> None:
    assert value(make(ee.Date("2020-01-31T12:30:00")).format()) == expected


def test_reading_dates() -> None:
    date = ee.Date("2020-03-01T05:06:07")
    assert value(ee.List([date.get("year"), date.get("month"), date.get("day"), date.get("hour")])) == [2020, 3, 1, 5]
    assert value(date.getRelative("day", "year")) == 60
    assert value(date.getRelative("month", "year")) == 2
    assert value(date.format("D yy MMM d")) == "61 20 Mar 1"
    assert value(date.format("'Day' DDD")) == "Day 061"
    assert value(date.difference(ee.Date("2020-02-29T05:06:07"), "hour")) == 24
    assert value(ee.Date("2021-01-01").difference(ee.Date("2020-01-01"), "year")) == pytest.approx(366 / 365.2425)
    assert value(ee.Date("2020-07-02").getFraction("year")) == pytest.approx(183 / 366)
    assert value(ee.DateRange("2020-01-01", "2020-01-02").start().millis()) == 1_577_836_800_000


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ee.Date("soon"), "Bad date/time 'soon'"),
        (lambda: ee.Date("2020-01-01").advance(1, "fortnight"), "Unknown unit 'fortnight'"),
        (lambda: ee.Date("2020-01-01", "Mars/Base"), "time zone|zone id 'Mars/Base'"),
        (lambda: ee.Date.fromYMD(2021, 2, 30), "Bad date 2021-2-30"),
        (lambda: ee.DateRange("2020-02-01", "2020-01-01"), "end of the range must not be before"),
        (lambda: ee.List([1]).get(3), "List index must be between 0 and 1"),
        (lambda: ee.Dictionary({"a": 1}).get("b"), "Dictionary does not contain key: 'b'"),
        (lambda: ee.Number.parse("x"), "Cannot parse 'x'"),
        (lambda: ee.String("a").match("("), r"Invalid pattern '\('"),
    ],
)
def test_wrong_values_are_refused(make: Callable[[], Any], message: str) -> None:
    with pytest.raises(ServiceError, match=message):
        value(make())


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: ee.Number(7).divide(2), 3.5),
        (lambda: ee.Number(7).divide(0), 0),
        (lambda: ee.Number(-7).mod(3), -1),
        (lambda: ee.Number(2).pow(10), 1024),
        (lambda: ee.Number(2.5).round(), 3),
        (lambda: ee.Number(-2.5).floor(), -3),
        (lambda: ee.Number(3).max(5).min(4), 4),
        (lambda: ee.Number(3).gt(2).And(0), 0),
        (lambda: ee.Number(300).toByte(), 255),
        (lambda: ee.Number(3.99).toInt(), 3),
        (lambda: ee.Number(5).format("%04d"), "0005"),
        (lambda: ee.Number(5.0).format(), "5"),
        (lambda: ee.Number(1.2345).format("%.2f"), "1.23"),
        (lambda: ee.Number.parse("12"), 12),
        (lambda: ee.Number.parse("ff", 16), 255),
        (lambda: ee.Number(5).clamp(0, 3), 3),
    ],
)
def test_numbers(make: Callable[[], Any], expected: object) -> None:
    assert value(make()) == expected


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: ee.String("ab").cat("cd").toUpperCase(), "ABCD"),
        (lambda: ee.String("abcdef").slice(1, -1), "bcde"),
        (lambda: ee.String("a_b_c").split("_"), ["a", "b", "c"]),
        (lambda: ee.String("a1b22").replace("[0-9]+", "-", "g"), "a-b-"),
        (lambda: ee.String("a1b22").replace("([0-9])", "<$1>"), "a<1>b22"),
        (lambda: ee.String("T32TQM_2020").match("T(\\d\\d)([A-Z]+)"), ["T32TQM", "32", "TQM"]),
        (lambda: ee.String(ee.Number(5).format()).length(), 1),
        (lambda: ee.String("hello").index("l"), 2),
    ],
)
def test_texts(make: Callable[[], Any], expected: object) -> None:
    assert value(make()) == expected


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: ee.List.sequence(0, 10, 5), [0, 5, 10]),
        (lambda: ee.List.sequence(0, 1, None, 5), [0, 0.25, 0.5, 0.75, 1]),
        (lambda: ee.List([3, 1, 2]).sort().reverse(), [3, 2, 1]),
        (lambda: ee.List(["a", "b", "c"]).sort([3, 1, 2]), ["b", "c", "a"]),
        (lambda: ee.List([1, [2, [3]]]).flatten(), [1, 2, 3]),
        (lambda: ee.List([1, 2, 3, 4]).slice(1, 3), [2, 3]),
        (lambda: ee.List([1, 2]).zip(["a", "b"]), [[1, "a"], [2, "b"]]),
        (lambda: ee.List([1, 2, 2, 3]).distinct(), [1, 2, 3]),
        (lambda: ee.List([1, 2, 2]).remove(2), [1, 2]),
        (lambda: ee.List([1, 2, 2]).removeAll([2]), [1]),
        (lambda: ee.List([1, 2, 3]).indexOf(3), 2),
        (lambda: ee.List([1, 2, 3]).get(-1), 3),
        (lambda: ee.List([1, 2]).add(3).cat([4]).size(), 4),
        (lambda: ee.List([1, 2, 3]).contains(2), True),
        (lambda: ee.List(["a", 1, 2.0]).join("-"), "a-1-2"),
        (lambda: ee.List([1, 2, 3]).filter(ee.Filter.gt("item", 1)), [2, 3]),
        (lambda: ee.List([1, 2, 6]).reduce(ee.Reducer.mean()), 3),
        (lambda: ee.List([1, None, 6]).reduce(ee.Reducer.firstNonNull()), 1),
        (lambda: ee.List([4, 1, 9]).reduce(ee.Reducer.minMax()), {"min": 1, "max": 9}),
        (lambda: ee.List([1, 2, 3, 4]).reduce(ee.Reducer.percentile([50])), 2.5),
        (lambda: ee.List([1, 2, 3]).iterate(lambda n, s: ee.Number(n).add(ee.Number(s)), 0), 6),
        (lambda: ee.List([1, 2]).map(lambda n: ee.Algorithms.If(ee.Number(n).gt(1), n, None), True), [2]),
        (lambda: ee.List([1, 2, 3]).rotate(1), [2, 3, 1]),
        (lambda: ee.List.repeat("x", 2), ["x", "x"]),
    ],
)
def test_lists(make: Callable[[], Any], expected: object) -> None:
    assert value(make()) == expected


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: ee.Dictionary({"b": 1, "a": 2}).keys(), ["a", "b"]),
        (lambda: ee.Dictionary({"b": 1, "a": 2}).values(), [2, 1]),
        (lambda: ee.Dictionary({"a": 1}).set("b", 2).combine({"a": 5}), {"a": 5, "b": 2}),
        (lambda: ee.Dictionary({"a": 1}).combine({"a": 5}, False), {"a": 1}),
        (lambda: ee.Dictionary({"a": 1, "b": 2}).map(lambda _, v: ee.Number(v).add(1)), {"a": 2, "b": 3}),
        (lambda: ee.Dictionary({"a": 1, "b": 2}).remove(["a"]), {"b": 2}),
        (lambda: ee.Dictionary({"a": 1, "b": 2}).select(["a"]), {"a": 1}),
        (lambda: ee.Dictionary({"a": 1}).rename(["a"], ["z"]), {"z": 1}),
        (lambda: ee.Dictionary.fromLists(["a", "b"], [1, 2]), {"a": 1, "b": 2}),
        (lambda: ee.Dictionary({"a": 1}).get("z", 9), 9),
        (lambda: ee.Dictionary({"a": 1}).contains("a"), True),
        (lambda: ee.Dictionary({"x": 3, "a": 2}).toImage().bandNames(), ["a", "x"]),
    ],
)
def test_dictionaries(make: Callable[[], Any], expected: object) -> None:
    assert value(make()) == expected
