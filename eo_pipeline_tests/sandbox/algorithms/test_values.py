"""Dates, numbers, texts, lists, dictionaries: against plain Python and documented examples."""

from __future__ import annotations

import datetime as dt
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
@pytest.mark.functions("Date", against="worked example")
def test_dates_from_text(text: str, milliseconds: int) -> None:
    assert value(ee.Date(text)) == {"type": "Date", "value": milliseconds}


@pytest.mark.functions("Date", "Date.format", against="worked example")
def test_dates_in_time_zones() -> None:
    local = ee.Date("2020-06-01", "America/New_York")
    assert value(local.format("YYYY-MM-dd HH:mm")) == "2020-06-01 04:00"
    assert value(local.format("HH", "America/New_York")) == "00"


@pytest.mark.parametrize(
    ("function", "make", "expected"),
    [
        ("advance", lambda d: d.advance(1, "month"), "2020-02-29T12:30:00"),
        ("advance", lambda d: d.advance(-1, "year"), "2019-01-31T12:30:00"),
        ("advance", lambda d: d.advance(1.5, "days"), "2020-02-02T00:30:00"),
        ("advance", lambda d: d.advance(2, "week"), "2020-02-14T12:30:00"),
        ("update", lambda d: d.update(day=1, hour=0), "2020-01-01T00:30:00"),
        ("getRange", lambda d: d.getRange("month").end(), "2020-02-01T00:00:00"),
        ("getRange", lambda d: d.getRange("week").start(), "2020-01-27T00:00:00"),
        ("fromYMD", lambda _: ee.Date.fromYMD(2021, 12, 24), "2021-12-24T00:00:00"),
    ],
)
@pytest.mark.functions("Date.{function}", against="worked example")
def test_moving_dates(function: str, make: Callable[[Any], Any], expected: str) -> None:
    assert value(make(ee.Date("2020-01-31T12:30:00")).format()) == expected


@pytest.mark.functions(
    "Date.get",
    "Date.getRelative",
    "Date.format",
    "Date.difference",
    "Date.getFraction",
    "Date.millis",
    "DateRange",
    "DateRange.start",
    "DateRange.end",
    against="worked example",
)
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
    days = ee.DateRange("2020-01-01", "2020-01-03")
    assert value(ee.List([days.start().millis(), days.end().millis()])) == [1_577_836_800_000, 1_578_009_600_000]


@pytest.mark.functions("Date", "Date.millis", "Date.get", "Date.difference", against="python")
@pytest.mark.parametrize("moment", ["1969-07-20T20:17:00+00:00", "2024-02-29T23:59:58+00:00"])
def test_dates_are_those_of_python(moment: str) -> None:
    instant = dt.datetime.fromisoformat(moment)
    date = ee.Date(moment.removesuffix("+00:00"))
    assert value(date.millis()) == instant.timestamp() * 1000
    parts = [value(date.get(name)) for name in ("year", "month", "day", "hour", "minute", "second")]
    assert parts == list(instant.timetuple()[:6])
    elapsed = dt.datetime(2030, 1, 1, tzinfo=dt.UTC) - instant
    assert value(ee.Date("2030-01-01").difference(date, "day")) == pytest.approx(elapsed / dt.timedelta(days=1))


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
    ("functions", "make", "expected"),
    [
        ("String.cat String.toUpperCase", lambda: ee.String("ab").cat("cd").toUpperCase(), "ABCD"),
        ("String.slice", lambda: ee.String("abcdef").slice(1, -1), "bcde"),
        ("String.split", lambda: ee.String("a_b_c").split("_"), ["a", "b", "c"]),
        ("String.replace", lambda: ee.String("a1b22").replace("[0-9]+", "-", "g"), "a-b-"),
        ("String.replace", lambda: ee.String("a1b22").replace("([0-9])", "<$1>"), "a<1>b22"),
        ("String.match", lambda: ee.String("T32TQM_2020").match("T(\\d\\d)([A-Z]+)"), ["T32TQM", "32", "TQM"]),
        ("String.length", lambda: ee.String(ee.Number(5).format()).length(), 1),
        ("String.index", lambda: ee.String("hello").index("l"), 2),
        ("String", lambda: ee.ApiFunction.call_("String", 5.0), "5"),
        ("String", lambda: ee.ApiFunction.call_("String", 2.5), "2.5"),
        ("String.compareTo", lambda: ee.List([ee.String("a").compareTo(b) for b in ("b", "a", "A")]), [-1, 0, 1]),
        ("String.index", lambda: ee.String("hello").index("z"), -1),
        ("String.rindex", lambda: ee.String("hello").rindex("l"), 3),
        ("String.toLowerCase", lambda: ee.String("aBC").toLowerCase(), "abc"),
        ("String.toUpperCase", lambda: ee.String("aBc").toUpperCase(), "ABC"),
        ("String.trim", lambda: ee.String(" a b ").trim(), "a b"),
    ],
)
@pytest.mark.functions("{functions}", against="worked example")
def test_texts(functions: str, make: Callable[[], Any], expected: object) -> None:
    assert value(make()) == expected


@pytest.mark.parametrize(
    ("functions", "make", "expected"),
    [
        ("List.sequence", lambda: ee.List.sequence(0, 10, 5), [0, 5, 10]),
        ("List.sequence", lambda: ee.List.sequence(0, 1, None, 5), [0, 0.25, 0.5, 0.75, 1]),
        ("List.sort List.reverse", lambda: ee.List([3, 1, 2]).sort().reverse(), [3, 2, 1]),
        ("List.sort", lambda: ee.List(["a", "b", "c"]).sort([3, 1, 2]), ["b", "c", "a"]),
        ("List.flatten", lambda: ee.List([1, [2, [3]]]).flatten(), [1, 2, 3]),
        ("List.slice", lambda: ee.List([1, 2, 3, 4]).slice(1, 3), [2, 3]),
        ("List.zip", lambda: ee.List([1, 2]).zip(["a", "b"]), [[1, "a"], [2, "b"]]),
        ("List.distinct", lambda: ee.List([1, 2, 2, 3]).distinct(), [1, 2, 3]),
        ("List.remove", lambda: ee.List([1, 2, 2]).remove(2), [1, 2]),
        ("List.removeAll", lambda: ee.List([1, 2, 2]).removeAll([2]), [1]),
        ("List.indexOf", lambda: ee.List([1, 2, 3]).indexOf(3), 2),
        ("List.get", lambda: ee.List([1, 2, 3]).get(-1), 3),
        ("List.add List.cat List.size", lambda: ee.List([1, 2]).add(3).cat([4]).size(), 4),
        ("List.contains", lambda: ee.List([1, 2, 3]).contains(2), True),
        ("List.join", lambda: ee.List(["a", 1, 2.0]).join("-"), "a-1-2"),
        ("List.filter", lambda: ee.List([1, 2, 3]).filter(ee.Filter.gt("item", 1)), [2, 3]),
        ("List.reduce Reducer.mean", lambda: ee.List([1, 2, 6]).reduce(ee.Reducer.mean()), 3),
        ("List.reduce Reducer.firstNonNull", lambda: ee.List([1, None, 6]).reduce(ee.Reducer.firstNonNull()), 1),
        ("List.reduce Reducer.minMax", lambda: ee.List([4, 1, 9]).reduce(ee.Reducer.minMax()), {"min": 1, "max": 9}),
        ("List.reduce Reducer.percentile", lambda: ee.List([1, 2, 3, 4]).reduce(ee.Reducer.percentile([50])), 2.5),
        ("List.iterate", lambda: ee.List([1, 2, 3]).iterate(lambda n, s: ee.Number(n).add(ee.Number(s)), 0), 6),
        ("List.map", lambda: ee.List([1, 2]).map(lambda n: ee.Algorithms.If(ee.Number(n).gt(1), n, None), True), [2]),
        ("List.rotate", lambda: ee.List([1, 2, 3]).rotate(1), [2, 3, 1]),
        ("List.repeat", lambda: ee.List.repeat("x", 2), ["x", "x"]),
        ("List.add", lambda: ee.List([1]).add([2]), [1, [2]]),
        ("List.cat", lambda: ee.List([1]).cat([2, 3]), [1, 2, 3]),
        ("List.size", lambda: ee.ApiFunction.call_("List.size", [5, 6]), 2),
        ("List.length", lambda: ee.List([5, 6]).length(), 2),
        ("List.containsAll", lambda: ee.List([1, 2, 3]).containsAll([3, 1]), True),
        ("List.containsAll", lambda: ee.List([1, 2, 3]).containsAll([3, 4]), False),
        ("List.frequency", lambda: ee.List([1, 2, 1]).frequency(1), 2),
        ("List.getNumber", lambda: ee.List(["a", 7]).getNumber(1), 7),
        ("List.getString", lambda: ee.List(["a", 7]).getString(0), "a"),
        ("List.insert", lambda: ee.List([1, 3]).insert(1, 2), [1, 2, 3]),
        ("List.replace", lambda: ee.List([1, 2, 1]).replace(1, 9), [9, 2, 1]),
        ("List.replaceAll", lambda: ee.List([1, 2, 1]).replaceAll(1, 9), [9, 2, 9]),
        ("List.reverse", lambda: ee.List([1, 2, 3]).reverse(), [3, 2, 1]),
        ("List.set", lambda: ee.List([1, 2, 3]).set(-1, 9), [1, 2, 9]),
        ("List.swap", lambda: ee.List([1, 2, 3]).swap(0, 2), [3, 2, 1]),
        ("List.unzip", lambda: ee.List([[1, "a"], [2, "b"]]).unzip(), [[1, 2], ["a", "b"]]),
    ],
)
@pytest.mark.functions("{functions}", against="worked example")
def test_lists(functions: str, make: Callable[[], Any], expected: object) -> None:
    assert value(make()) == expected


@pytest.mark.parametrize(
    ("functions", "make", "expected"),
    [
        ("Dictionary.keys", lambda: ee.Dictionary({"b": 1, "a": 2}).keys(), ["a", "b"]),
        ("Dictionary.values", lambda: ee.Dictionary({"b": 1, "a": 2}).values(), [2, 1]),
        (
            "Dictionary.set Dictionary.combine",
            lambda: ee.Dictionary({"a": 1}).set("b", 2).combine({"a": 5}),
            {"a": 5, "b": 2},
        ),
        ("Dictionary.combine", lambda: ee.Dictionary({"a": 1}).combine({"a": 5}, False), {"a": 1}),
        (
            "Dictionary.map",
            lambda: ee.Dictionary({"a": 1, "b": 2}).map(lambda _, v: ee.Number(v).add(1)),
            {"a": 2, "b": 3},
        ),
        ("Dictionary.remove", lambda: ee.Dictionary({"a": 1, "b": 2}).remove(["a"]), {"b": 2}),
        ("Dictionary.select", lambda: ee.Dictionary({"a": 1, "b": 2}).select(["a"]), {"a": 1}),
        ("Dictionary.rename", lambda: ee.Dictionary({"a": 1}).rename(["a"], ["z"]), {"z": 1}),
        ("Dictionary.fromLists", lambda: ee.Dictionary.fromLists(["a", "b"], [1, 2]), {"a": 1, "b": 2}),
        ("Dictionary.get", lambda: ee.Dictionary({"a": 1}).get("z", 9), 9),
        ("Dictionary.contains", lambda: ee.Dictionary({"a": 1}).contains("a"), True),
        ("Dictionary.toImage", lambda: ee.Dictionary({"x": 3, "a": 2}).toImage().bandNames(), ["a", "x"]),
        ("Dictionary", lambda: ee.ApiFunction.call_("Dictionary", ["a", 1, "b", 2]), {"a": 1, "b": 2}),
        ("Dictionary.getNumber", lambda: ee.Dictionary({"a": 1.5}).getNumber("a"), 1.5),
        ("Dictionary.getString", lambda: ee.Dictionary({"a": "x"}).getString("a"), "x"),
        ("Dictionary.set", lambda: ee.Dictionary({"a": 1}).set("a", 3), {"a": 3}),
        ("Dictionary.size", lambda: ee.Dictionary({"a": 1, "b": 2}).size(), 2),
    ],
)
@pytest.mark.functions("{functions}", against="worked example")
def test_dictionaries(functions: str, make: Callable[[], Any], expected: object) -> None:
    assert value(make()) == expected
