"""Collections: loading, filters, order, merging, mapping: worked examples."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ee
import pytest

from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline_tests.sandbox.algorithms.scene_collection import (
    DAY,
    JANUARY,
    SCENES,
    all_scenes,
    names,
)
from eo_pipeline_tests.sandbox.graph_support import (
    engine,
    expression,
    value,
)


@pytest.mark.functions(
    "ImageCollection.load",
    "Filter.dateRangeContains",
    "Collection.filter",
    "DateRange",
    "AggregateFeatureCollection.array",
    against="worked example",
)
def test_dates_are_half_open_and_pushed_down() -> None:
    one = engine(*SCENES)
    body = expression(all_scenes().filterDate("2020-01-02", "2020-01-04").aggregate_array("system:index"))
    assert one.value(body) == ["s1", "s2"]
    assert one.catalog.asked == [("C", JANUARY + DAY, JANUARY + 3 * DAY, None)]  # type: ignore[attr-defined]


@pytest.mark.functions(
    "Filter.intersects", "GeometryConstructors.Point", "GeometryConstructors.Rectangle", against="worked example"
)
def test_bounds_are_pushed_down_and_checked_against_footprints() -> None:
    inside = ee.Geometry.Rectangle([500_010, 4_999_930, 500_020, 4_999_940], "EPSG:32633", False)
    outside = ee.Geometry.Point([16, 45])
    assert len(names(all_scenes().filterBounds(inside))) == 7
    assert names(all_scenes().filterBounds(outside)) == []


@pytest.mark.parametrize(
    ("functions", "make", "expected"),
    [
        ("Filter.equals", lambda: ee.Filter.eq("CLOUD", 20), [2]),
        ("Filter.equals Filter.not", lambda: ee.Filter.neq("CLOUD", 20), [0, 1, 3, 4, 5, 6]),
        ("Filter.lessThan", lambda: ee.Filter.lt("CLOUD", 20), [0, 1]),
        ("Filter.greaterThan Filter.not", lambda: ee.Filter.lte("CLOUD", 20), [0, 1, 2]),
        ("Filter.greaterThan", lambda: ee.Filter.gt("CLOUD", 40), [5, 6]),
        ("Filter.lessThan Filter.not", lambda: ee.Filter.gte("CLOUD", 40), [4, 5, 6]),
        ("Filter.equals", lambda: ee.Filter.eq("TILE", "33T"), [1, 3, 5]),
        ("Filter.listContains", lambda: ee.Filter.inList("CLOUD", [0, 60, 99]), [0, 6]),
        ("Filter.listContains", lambda: ee.Filter.listContains("TAGS", 3), [3]),
        ("Filter.stringContains", lambda: ee.Filter.stringContains("TILE", "32"), [0, 2, 4, 6]),
        ("Filter.stringStartsWith", lambda: ee.Filter.stringStartsWith("TILE", "33"), [1, 3, 5]),
        ("Filter.stringEndsWith", lambda: ee.Filter.stringEndsWith("TILE", "2T"), [0, 2, 4, 6]),
        ("Filter.rangeContains", lambda: ee.Filter.rangeContains("CLOUD", 10, 30), [1, 2, 3]),
        ("Filter.and", lambda: ee.Filter.And(ee.Filter.gt("CLOUD", 10), ee.Filter.lt("CLOUD", 40)), [2, 3]),
        ("Filter.or", lambda: ee.Filter.Or(ee.Filter.lt("CLOUD", 10), ee.Filter.gt("CLOUD", 50)), [0, 6]),
        ("Filter.lessThan", lambda: ee.Filter.lt("NO_SUCH", 10), []),
        ("Filter.notNull", lambda: ee.Filter.notNull(["CLOUD"]), [0, 1, 2, 3, 4, 5, 6]),
        ("Filter.notNull", lambda: ee.Filter.notNull(["NO_SUCH"]), []),
        ("Filter.lessThan", lambda: ee.Filter.lt("TILE", 10), []),
        ("Filter.calendarRange", lambda: ee.Filter.calendarRange(3, 5, "day_of_month"), [2, 3, 4]),
        ("Filter.calendarRange", lambda: ee.Filter.calendarRange(6, 1, "day_of_week"), [3, 4, 5]),
        ("Filter.calendarRange", lambda: ee.Filter.calendarRange(2019, 2019, "year"), []),
        ("Filter.dayOfYear", lambda: ee.Filter.dayOfYear(2, 4), [1, 2]),
        ("Filter.dateRangeContains", lambda: ee.Filter.date("2020-01-03"), [2]),
        (
            "Filter.expression",
            lambda: ee.Filter.expression("CLOUD >= 20 && TILE == '32T' || CLOUD == 50"),
            [2, 4, 5, 6],
        ),
        ("Filter.expression", lambda: ee.Filter.expression("not (CLOUD < 50)"), [5, 6]),
    ],
)
@pytest.mark.functions("{functions}", against="worked example")
def test_filters(functions: str, make: Callable[[], Any], expected: list[int]) -> None:
    assert names(all_scenes().filter(make())) == [f"s{number}" for number in expected]


@pytest.mark.functions("Collection.map", "Element.get", "Element.set", against="worked example")
def test_a_filter_may_come_before_a_map_or_after_it() -> None:
    doubled = all_scenes().map(lambda image: image.set("C2", ee.Number(image.get("CLOUD")).multiply(2)))
    assert names(doubled.filter(ee.Filter.lt("C2", 30))) == ["s0", "s1"]


def test_a_filtered_collection_keeps_its_id() -> None:
    assert value(all_scenes().filter(ee.Filter.lt("CLOUD", 5)), *SCENES)["id"] == "C"


@pytest.mark.functions(
    "Collection.limit", "Collection.size", "Collection.first", "Collection.toList", "List.length", against="python"
)
def test_ordering_and_limits() -> None:
    assert names(all_scenes().sort("CLOUD", False).limit(2)) == ["s6", "s5"]
    assert names(all_scenes().limit(3, "TILE")) == ["s0", "s2", "s4"]
    assert value(all_scenes().size(), *SCENES) == 7
    assert value(all_scenes().first().get("system:index"), *SCENES) == "s0"
    assert value(ee.List(all_scenes().toList(2, 1)).length(), *SCENES) == 2


def test_first_of_nothing_is_null() -> None:
    assert value(ee.ImageCollection("EMPTY").first()) is None


def test_an_unknown_collection_is_not_found() -> None:
    with pytest.raises(ServiceError, match="ImageCollection asset 'NO/SUCH' not found") as caught:
        value(ee.ImageCollection("NO/SUCH").size())
    assert caught.value.code == 404


@pytest.mark.functions("ImageCollection.merge", against="worked example")
def test_merging_prefixes_the_indices() -> None:
    merged = all_scenes().limit(1).merge(all_scenes().limit(2))
    assert names(merged) == ["1_s0", "2_s0", "2_s1"]


@pytest.mark.functions(
    "Image.date",
    "Image.id",
    "Element.set",
    "Element.toDictionary",
    "Element.propertyNames",
    "Image.copyProperties",
    against="worked example",
)
def test_properties_of_images() -> None:
    image = ee.Image("C/s3")
    assert value(image.date().format("YYYY-MM-dd"), *SCENES) == "2020-01-04"
    assert value(image.id(), *SCENES) == "s3"
    assert value(image.set("x", 1, "y", "two").toDictionary(["x", "y"]), *SCENES) == {"x": 1, "y": "two"}
    copied = image.multiply(2).copyProperties(image, ["system:time_start", "CLOUD"])
    assert value(ee.Image(copied).toDictionary(["system:time_start", "CLOUD"]), *SCENES) == {
        "system:time_start": JANUARY + 3 * DAY,
        "CLOUD": 30,
    }
    everything = ee.Image(image.multiply(2).copyProperties(image)).propertyNames()
    assert value(everything, *SCENES) == ["CLOUD", "TAGS", "TILE", "system:index"]


@pytest.mark.functions("Collection.iterate", against="python")
def test_iterating_over_a_collection() -> None:
    summed = all_scenes().iterate(lambda image, total: ee.Number(total).add(ee.Number(image.get("CLOUD"))), 0)
    assert value(summed, *SCENES) == 210
