"""Collections without end, and what is asked of the catalog: no more than is needed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import ee
import pytest
from shapely.geometry.base import BaseGeometry

from eo_pipeline.sandbox.earth_engine.graph_engine import GraphEngine
from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.graph.images import ImageRecord
from eo_pipeline_tests.sandbox.algorithms.scene_collection import (
    DAY,
    JANUARY,
    SCENES,
    all_scenes,
)
from eo_pipeline_tests.sandbox.graph_support import (
    FakeAsset,
    FakeCatalog,
    engine,
    expression,
)


class _Endless(FakeCatalog):
    """A collection without end, as a procedural world has."""

    def asset(self, asset_id: str) -> FakeAsset | None:
        return FakeAsset(asset_id)

    def images(
        self, collection_id: str, *, start_ms: int | None, end_ms: int | None, region: BaseGeometry | None
    ) -> Iterator[ImageRecord]:
        while True:
            yield from super().images(collection_id, start_ms=start_ms, end_ms=end_ms, region=region)


def test_an_endless_collection_is_refused_not_waited_for() -> None:
    one = GraphEngine(_Endless(SCENES[:1]))
    with pytest.raises(ServiceError, match=r"aborted after accumulating over 5000 elements\."):
        one.value(expression(ee.ImageCollection("C").size()))
    assert one.value(expression(ee.ImageCollection("C").first().get("CLOUD"))) == 0
    assert one.value(expression(ee.ImageCollection("C").limit(2).size())) == 2


@dataclass
class _Counting(FakeCatalog):
    """As _Endless, says so, and counts the records that were read."""

    read: int = 0

    def asset(self, asset_id: str) -> FakeAsset | None:
        return FakeAsset(asset_id, endless=True)

    def images(
        self, collection_id: str, *, start_ms: int | None, end_ms: int | None, region: BaseGeometry | None
    ) -> Iterator[ImageRecord]:
        while found := list(super().images(collection_id, start_ms=start_ms, end_ms=end_ms, region=region)):
            for one in found:
                self.read += 1
                yield one
            if end_ms is not None:
                return


@pytest.mark.parametrize(
    "make",
    [
        lambda c: c.size(),
        lambda c: c.aggregate_mean("CLOUD"),
        lambda c: c.aggregate_array("system:index"),
        lambda c: c.filter(ee.Filter.lt("CLOUD", 50)).size(),
        lambda c: c.map(lambda image: image.set("a", 1)).filter(ee.Filter.eq("a", 1)).size(),
        lambda c: c.merge(c).size(),
        lambda c: c.sort("CLOUD").first().get("CLOUD"),
        lambda c: c.reduceColumns(ee.Reducer.mean(), ["CLOUD"]),
        lambda c: c.median().bandNames(),
        lambda c: ee.Join.simple().apply(c, c, ee.Filter.equals(leftField="CLOUD", rightField="CLOUD")).size(),
    ],
)
def test_a_collection_that_says_it_is_endless_is_refused_at_once(make: Callable[[Any], Any]) -> None:
    catalog = _Counting(SCENES)
    with pytest.raises(ServiceError, match=r"aborted after accumulating over 5000 elements\."):
        GraphEngine(catalog).value(expression(make(ee.ImageCollection("C"))))
    assert catalog.read <= 3


@pytest.mark.parametrize(
    ("make", "expected", "most"),
    [
        (lambda c: c.first().get("CLOUD"), 0, 2),
        (lambda c: c.limit(3).size(), 3, 5),
        (lambda c: ee.Image(c.toList(1, 2).get(0)).get("CLOUD"), 20, 4),
        (lambda c: c.map(lambda image: image.set("a", 1)).limit(2).aggregate_sum("a"), 2, 4),
        (lambda c: c.filter(ee.Filter.eq("system:index", "s3")).size(), 1, 0),
        (lambda c: c.filter(ee.Filter.eq("system:index", "s9")).size(), 0, 0),
        (lambda c: c.filterDate("2020-01-02", "2020-01-04").size(), 2, 2),
        (lambda c: c.filter(ee.Filter.lt("system:time_start", JANUARY + 2 * DAY)).size(), 2, 2),
        (lambda c: c.filter(ee.Filter.calendarRange(2019, 2020, "year")).size(), 7, 7),
        (lambda c: c.filterBounds(ee.Geometry.Point([-30, 0])).size(), 0, 0),
    ],
)
def test_of_an_endless_collection_only_what_is_needed_is_read(
    make: Callable[[Any], Any], expected: object, most: int
) -> None:
    catalog = _Counting(SCENES)
    assert GraphEngine(catalog).value(expression(make(ee.ImageCollection("C")))) == expected
    assert catalog.read <= most


def test_looking_for_what_never_comes_ends() -> None:
    with pytest.raises(ServiceError, match=r"Computation timed out\."):
        GraphEngine(_Counting(SCENES)).value(
            expression(ee.ImageCollection("C").filter(ee.Filter.lt("CLOUD", -1)).first().get("CLOUD"))
        )


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: ee.Filter.gt("system:time_start", JANUARY + 2), (JANUARY + 3, None)),
        (lambda: ee.Filter.lt("system:time_start", ee.Date("2020-01-03")), (None, JANUARY + 2 * DAY)),
        (lambda: ee.Filter.eq("system:time_start", JANUARY), (JANUARY, JANUARY + 1)),
        (lambda: ee.Filter.calendarRange(2020, 2021, "year"), (JANUARY, 1_640_995_200_000)),
        (
            lambda: ee.Filter.And(ee.Filter.date("2020-01-01", "2020-01-04"), ee.Filter.lt("CLOUD", 9)),
            (JANUARY, JANUARY + 3 * DAY),
        ),
        (lambda: ee.Filter.Or(ee.Filter.date("2020-01-01"), ee.Filter.date("2020-01-05")), (None, None)),
        (lambda: ee.Filter.date("2020-01-01").Not(), (None, None)),
    ],
)
def test_times_are_pushed_down(make: Callable[[], Any], expected: tuple[int | None, int | None]) -> None:
    one = engine(*SCENES)
    one.value(expression(all_scenes().filter(make()).size()))
    assert one.catalog.asked[-1][1:3] == expected  # type: ignore[attr-defined]


def test_of_several_regions_the_smallest_is_pushed_down_and_all_are_checked() -> None:
    small, large = ee.Geometry.Rectangle([14.9, 45, 15.1, 45.2]), ee.Geometry.Rectangle([0, 40, 20, 50])
    elsewhere = ee.Geometry.Rectangle([-50, -50, -30, -30])
    one = engine(*SCENES)
    for bounds in ([small, large], [large, small]):
        collection = all_scenes()
        for region in bounds:
            collection = collection.filterBounds(region)
        assert one.value(expression(collection.size())) == 7
        assert one.catalog.asked[-1][3].bounds == pytest.approx((14.9, 45, 15.1, 45.2))  # type: ignore[attr-defined]
        assert one.value(expression(collection.filterBounds(elsewhere).size())) == 0
