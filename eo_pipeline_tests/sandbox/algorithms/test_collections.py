"""Collections, filters, joins, composites: against plain Python and numpy."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import ee
import numpy as np
import pytest
import shapely
from shapely.geometry.base import BaseGeometry

from eo_pipeline.sandbox.earth_engine.graph_engine import GraphEngine
from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.graph.images import ImageRecord
from eo_pipeline.sandbox.graph.values import Feature
from eo_pipeline_tests.sandbox.graph_support import (
    UTM,
    ArrayBand,
    FakeAsset,
    FakeCatalog,
    engine,
    expression,
    pixels,
    record,
    utm_grid,
    value,
)

RNG = np.random.default_rng(3)
DAY = 86_400_000
JANUARY = 1_577_836_800_000
"""2020-01-01T00:00 UTC in milliseconds since 1970."""
GRID = utm_grid(8, 8)
DATA = RNG.integers(1, 200, (7, 8, 8)).astype("u2")
MASKS = RNG.random((7, 8, 8)) > 0.35
MASKS[:, 0, 0] = False


def scenes() -> list[ImageRecord]:
    return [
        record(
            f"C/s{number}",
            {"B": ArrayBand(DATA[number], UTM, mask=MASKS[number]), "Q": DATA[6 - number]},
            time=JANUARY + number * DAY,
            CLOUD=float(number * 10),
            TILE="33T" if number % 2 else "32T",
            TAGS=["x", number],
        )
        for number in range(7)
    ]


SCENES = scenes()


def names(collection: Any) -> Any:
    return value(collection.aggregate_array("system:index"), *SCENES)


def all_scenes() -> Any:
    return ee.ImageCollection("C")


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


def test_an_unknown_collection_is_not_found() -> None:
    with pytest.raises(ServiceError, match="ImageCollection asset 'NO/SUCH' not found") as caught:
        value(ee.ImageCollection("NO/SUCH").size())
    assert caught.value.code == 404


@pytest.mark.parametrize(
    ("reducer", "expected"),
    [
        ("median", np.median),
        ("mean", np.mean),
        ("min", np.min),
        ("max", np.max),
        ("sum", np.sum),
        ("product", lambda v: np.prod(v.astype("f8"))),
        ("count", len),
        ("stdDev", np.std),
        ("variance", np.var),
        ("sampleStdDev", lambda v: np.std(v, ddof=1)),
        ("first", lambda v: v[0]),
        ("last", lambda v: v[-1]),
        ("mode", lambda v: np.bincount(v).argmax()),
        ("anyNonZero", lambda _: 1),
    ],
)
@pytest.mark.functions("ImageCollection.reduce", "Reducer.{reducer}", against="numpy")
def test_reducers_at_each_pixel(reducer: str, expected: Callable[[np.ndarray], float]) -> None:
    reduced = all_scenes().select("B").reduce(getattr(ee.Reducer, reducer)())
    ((data, mask),) = pixels(reduced, GRID, *SCENES)
    for row in range(8):
        for column in range(8):
            samples = DATA[:, row, column][MASKS[:, row, column]]
            few = 2 if reducer == "sampleStdDev" else 1
            assert mask[row, column] == (len(samples) >= few)
            if len(samples) >= few:
                assert data[row, column] == pytest.approx(expected(samples), rel=1e-9)


@pytest.mark.parametrize("name", ["median", "mean", "min", "max", "sum", "count", "mode"])
def test_the_short_forms_keep_band_names(name: str) -> None:
    short = getattr(all_scenes(), name)()
    assert value(short.bandNames(), *SCENES) == ["B", "Q"]
    longer = all_scenes().reduce(getattr(ee.Reducer, name)())
    for (a, a_mask), (b, b_mask) in zip(pixels(short, GRID, *SCENES), pixels(longer, GRID, *SCENES), strict=True):
        np.testing.assert_array_equal(a, b)
        np.testing.assert_array_equal(a_mask, b_mask)


@pytest.mark.functions(
    "Reducer.percentile", "Reducer.minMax", "Reducer.combine", "ImageCollection.reduce", against="numpy"
)
def test_percentiles_and_combined_reducers_name_their_bands() -> None:
    both = ee.Reducer.percentile([10, 90]).combine(ee.Reducer.minMax(), "x_", True)
    reduced = all_scenes().select("Q").reduce(both)
    assert value(reduced.bandNames(), *SCENES) == ["Q_p10", "Q_p90", "Q_x_min", "Q_x_max"]
    stack = DATA[::-1]
    found = [data for data, _ in pixels(reduced, GRID, *SCENES)]
    np.testing.assert_allclose(found[0], np.percentile(stack, 10, axis=0))
    np.testing.assert_allclose(found[1], np.percentile(stack, 90, axis=0))
    np.testing.assert_array_equal(found[2], stack.min(axis=0))
    np.testing.assert_array_equal(found[3], stack.max(axis=0))


def test_a_composite_is_one_degree_and_unbounded() -> None:
    published = value(all_scenes().median(), *SCENES)["bands"][0]
    assert published["crs"] == "EPSG:4326"
    assert published["crs_transform"] == [1, 0, 0, 0, 1, 0]
    assert "dimensions" not in published


def test_the_median_of_nothing_has_no_bands() -> None:
    assert value(ee.ImageCollection("EMPTY").median()) == {"type": "Image", "bands": []}
    assert value(all_scenes().filterDate("1990-01-01", "1990-02-01").median().bandNames(), *SCENES) == []


@pytest.mark.functions("ImageCollection.mosaic", against="numpy")
def test_a_mosaic_shows_the_last_valid_image() -> None:
    ((data, mask),) = pixels(all_scenes().select("B").mosaic(), GRID, *SCENES)
    for row in range(8):
        for column in range(8):
            valid = np.flatnonzero(MASKS[:, row, column])
            assert mask[row, column] == bool(len(valid))
            if len(valid):
                assert data[row, column] == DATA[valid[-1], row, column]


@pytest.mark.functions("ImageCollection.qualityMosaic", against="numpy")
def test_a_quality_mosaic_takes_all_bands_from_the_best_image() -> None:
    (b, b_mask), (q, _) = pixels(all_scenes().qualityMosaic("Q"), GRID, *SCENES)
    best = DATA[::-1].argmax(axis=0)
    np.testing.assert_array_equal(q, DATA[::-1].max(axis=0))
    np.testing.assert_array_equal(b_mask, np.take_along_axis(MASKS, best[None], 0)[0])
    valid = b_mask > 0
    np.testing.assert_array_equal(b[valid], np.take_along_axis(DATA, best[None], 0)[0][valid])


@pytest.mark.functions("ImageCollection.toBands", against="worked example")
@pytest.mark.functions("Image.reduce", against="numpy")
def test_bands_of_a_collection_and_reduction_of_bands() -> None:
    assert value(all_scenes().limit(2).toBands().bandNames(), *SCENES) == ["s0_B", "s0_Q", "s1_B", "s1_Q"]
    ((data, _),) = pixels(ee.Image("C/s0").select(["Q", "Q"]).reduce(ee.Reducer.sum()), GRID, *SCENES)
    np.testing.assert_array_equal(data, DATA[6] * 2.0)


@pytest.mark.functions("Reducer.linearFit", against="numpy")
def test_a_linear_fit_over_time() -> None:
    def with_time(image: Any) -> Any:
        days = ee.Image.constant(ee.Number(image.get("CLOUD"))).toDouble().rename("t")
        return days.addBands(image.select("Q"))

    fit = all_scenes().map(with_time).reduce(ee.Reducer.linearFit())
    (scale, _), (offset, _) = pixels(fit, GRID, *SCENES)
    slope, intercept = np.polyfit(np.arange(7) * 10.0, DATA[::-1].reshape(7, -1).astype(float), 1)
    np.testing.assert_allclose(scale.ravel(), slope, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(offset.ravel(), intercept, rtol=1e-6)


def test_images_with_other_bands_cannot_be_quality_mosaicked() -> None:
    mixed = ee.ImageCollection([ee.Image("C/s0"), ee.Image("C/s1").select("Q")])
    with pytest.raises(ServiceError, match="Expected a homogeneous image collection, but an image with incompatible"):
        pixels(mixed.qualityMosaic("Q"), GRID, *SCENES)


@pytest.mark.functions("ImageCollection.merge", against="worked example")
def test_merging_prefixes_the_indices() -> None:
    merged = all_scenes().limit(1).merge(all_scenes().limit(2))
    assert names(merged) == ["1_s0", "2_s0", "2_s1"]


@pytest.mark.functions("Image.linkCollection", against="worked example")
def test_link_collection_adds_bands_by_index() -> None:
    cloud = record("CS/s1", {"cs": np.full((8, 8), 0.5, "f4")}, time=JANUARY, SCORE=3)
    linked = all_scenes().linkCollection(ee.ImageCollection("CS"), ["cs"], ["SCORE"])
    assert value(linked.first().bandNames(), *SCENES, cloud) == ["B", "Q", "cs"]
    assert value(linked.aggregate_array("SCORE"), *SCENES, cloud) == [3]
    found = [pixels(ee.Image(linked.toList(7).get(number)).select("cs"), GRID, *SCENES, cloud)[0] for number in (0, 1)]
    assert not found[0][1].any()
    assert (found[1][0] == 0.5).all()
    assert found[1][1].all()


@pytest.mark.functions(
    "Join.apply",
    "Join.simple",
    "Join.inverted",
    "Join.saveFirst",
    "Join.inner",
    "Filter.maxDifference",
    against="worked example",
)
def test_joins() -> None:
    left = all_scenes().limit(3)
    right = all_scenes().filter(ee.Filter.gte("CLOUD", 20))
    same = ee.Filter.equals(leftField="CLOUD", rightField="CLOUD")
    assert names(ee.ImageCollection(ee.Join.simple().apply(left, right, same))) == ["s2"]
    assert names(ee.ImageCollection(ee.Join.inverted().apply(left, right, same))) == ["s0", "s1"]
    near = ee.Filter.maxDifference(15, leftField="CLOUD", rightField="CLOUD")
    first = ee.ImageCollection(ee.Join.saveFirst("match", "CLOUD", False).apply(left, right, near))
    assert names(first) == ["s1", "s2"]
    matched = first.map(lambda image: image.set("m", ee.Image(image.get("match")).get("CLOUD")))
    assert value(matched.aggregate_array("m"), *SCENES) == [20, 30]
    pairs = ee.Join.inner().apply(left, right, same)
    assert value(ee.Feature(pairs.first()).propertyNames(), *SCENES) == ["primary", "secondary"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("min", min),
        ("max", max),
        ("sum", sum),
        ("product", math.prod),
        ("mean", statistics.mean),
        ("count", len),
        ("count_distinct", lambda values: len(set(values))),
        ("total_sd", statistics.pstdev),
        ("total_var", statistics.pvariance),
        ("sample_sd", statistics.stdev),
        ("sample_var", statistics.variance),
        ("first", lambda values: values[0]),
        ("array", list),
        ("histogram", lambda values: {str(v): values.count(v) for v in values}),
    ],
)
@pytest.mark.functions("AggregateFeatureCollection.{name}", against="python")
def test_aggregates(name: str, expected: Callable[[list[int]], object]) -> None:
    values = [3, 1, 4, 1, 5, 9, 2, 6]
    table = ee.FeatureCollection([ee.Feature(None, {"v": v}) for v in values])
    assert value(getattr(table, f"aggregate_{name}")("v")) == pytest.approx(expected(values))


@pytest.mark.functions("AggregateFeatureCollection.stats", against="python")
def test_all_statistics_at_once() -> None:
    table = ee.FeatureCollection([ee.Feature(None, {"v": v}) for v in (2, 4, 9)] + [ee.Feature(None, {})])
    found = value(table.aggregate_stats("v"))
    assert (found["total_count"], found["valid_count"]) == (4, 3)
    assert (found["min"], found["max"], found["sum"], found["mean"]) == (2, 9, 15, 5)
    assert found["sample_var"] == pytest.approx(statistics.variance([2, 4, 9]))
    assert found["sample_sd"] == pytest.approx(statistics.stdev([2, 4, 9]))
    assert found["total_var"] == pytest.approx(statistics.pvariance([2, 4, 9]))
    assert found["total_sd"] == pytest.approx(statistics.pstdev([2, 4, 9]))


@pytest.mark.functions(
    "AggregateFeatureCollection.histogram",
    "AggregateFeatureCollection.count_distinct",
    "AggregateFeatureCollection.min",
    "Collection.reduceColumns",
    "Reducer.repeat",
    "Reducer.group",
    against="worked example",
)
def test_aggregates_of_texts_and_of_nothing() -> None:
    assert value(all_scenes().aggregate_histogram("TILE"), *SCENES) == {"32T": 4, "33T": 3}
    assert value(all_scenes().aggregate_count_distinct("TILE"), *SCENES) == 2
    assert value(all_scenes().aggregate_min("NO_SUCH"), *SCENES) is None
    columns = all_scenes().reduceColumns(ee.Reducer.mean().repeat(1), ["CLOUD"])
    assert value(columns, *SCENES) == {"mean": [30]}
    grouped = all_scenes().reduceColumns(ee.Reducer.mean().group(1, "tile"), ["CLOUD", "TILE"])
    assert value(grouped, *SCENES) == {"groups": [{"tile": "32T", "mean": 30}, {"tile": "33T", "mean": 30}]}


@pytest.mark.functions(
    "Feature",
    "Collection",
    "Collection.remap",
    "Collection.distinct",
    "Collection.flatten",
    "Feature.select",
    against="worked example",
)
def test_features_and_their_properties() -> None:
    square = ee.Geometry.Rectangle([0, 0, 1, 1], None, False)
    features = ee.FeatureCollection([ee.Feature(square, {"a": 1, "b": "x"}), ee.Feature(None, {"a": 2, "b": "y"})])
    assert value(features.aggregate_array("a")) == [1, 2]
    published = value(features)
    assert published["type"] == "FeatureCollection"
    assert published["columns"]["a"] == "Number"
    assert [feature["id"] for feature in published["features"]] == ["0", "1"]
    assert shapely.geometry.shape(published["features"][0]["geometry"]).equals(shapely.box(0, 0, 1, 1))
    assert value(features.map(lambda f: f.set("c", ee.Number(f.get("a")).add(1))).aggregate_sum("c")) == 5
    assert value(features.remap([1], [10], "a").aggregate_array("a")) == [10]
    assert value(features.distinct("b").size()) == 2
    assert value(ee.FeatureCollection([features, features]).flatten().size()) == 4
    assert value(ee.Feature(features.first()).select(["a"], ["z"], False)) == {
        "type": "Feature", "geometry": None, "properties": {"z": 1}, "id": "0",
    }  # fmt: skip


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


SQUARES = {"inside": (1, 1, 2, 2), "across": (3, 3, 6, 6), "far": (8, 8, 9, 9), "around": (-1, -1, 10, 10)}
MIDDLE = (0, 0, 4, 4)


def squares() -> Any:
    return ee.FeatureCollection(
        [ee.Feature(ee.Geometry.Rectangle(list(b), None, False), {"name": n}) for n, b in SQUARES.items()]
    )


@pytest.mark.parametrize(
    ("name", "predicate"),
    [
        ("intersects", shapely.intersects),
        ("disjoint", shapely.disjoint),
        ("isContained", shapely.within),
        ("contains", shapely.contains),
    ],
)
@pytest.mark.functions("Filter.{name}", against="shapely")
def test_filters_of_places(name: str, predicate: Callable[[Any, Any], bool]) -> None:
    middle = ee.Geometry.Rectangle(list(MIDDLE), None, False)
    passing = squares().filter(getattr(ee.Filter, name)(leftField=".geo", rightValue=middle))
    expected = [n for n, b in SQUARES.items() if predicate(shapely.box(*b), shapely.box(*MIDDLE))]
    assert value(passing.aggregate_array("name")) == expected
    assert expected


def numbered(*numbers: int) -> Any:
    return ee.FeatureCollection([ee.Feature(None, {"n": n}) for n in numbers])


@pytest.mark.functions("Join.saveAll", "Join.saveBest", "Filter.maxDifference", against="python")
def test_joins_that_keep_matches() -> None:
    left, right, most = (10, 20, 90), (8, 13, 21, 24), 5
    near = ee.Filter.maxDifference(most, leftField="n", rightField="n")

    def matched(join: Any) -> Any:
        return [
            feature["properties"] for feature in value(join.apply(numbered(*left), numbered(*right), near))["features"]
        ]

    everything = matched(ee.Join.saveAll("m", ordering="n", ascending=False))
    expected = {a: sorted((b for b in right if abs(a - b) <= most), reverse=True) for a in left}
    found = {row["n"]: [match["properties"]["n"] for match in row["m"]] for row in everything}
    assert found == {a: matches for a, matches in expected.items() if matches}
    best = matched(ee.Join.saveBest("m", "apart", outer=True))
    nearest = {a: min(matches, key=lambda b: abs(a - b)) for a, matches in found.items()}
    assert {row["n"]: row["m"]["properties"]["n"] for row in best if "m" in row} == nearest
    assert [row["m"]["properties"]["apart"] for row in best if "m" in row] == [2, 1]
    assert [row["n"] for row in best] == list(left)


@pytest.mark.functions("Element.getNumber", "Element.setMulti", "Element.get", against="worked example")
def test_several_properties_of_a_feature() -> None:
    feature = ee.ApiFunction.call_("Element.setMulti", ee.Feature(None, {"a": 1, "b": "x"}), {"b": 2.5, "c": [1]})
    assert value(feature)["properties"] == {"a": 1, "b": 2.5, "c": [1]}
    assert value(ee.Feature(feature).getNumber("b")) == 2.5
    assert value(ee.Feature(feature).get("c")) == [1]


@pytest.mark.functions("Collection.union", "Collection.geometry", against="shapely")
def test_the_union_of_features() -> None:
    expected = shapely.union_all([shapely.box(*bounds) for bounds in (MIDDLE, SQUARES["across"])])
    both = (
        squares()
        .filter(ee.Filter.eq("name", "across"))
        .merge(ee.FeatureCollection([ee.Feature(ee.Geometry.Rectangle(list(MIDDLE), None, False))]))
    )
    (united,) = value(both.union(1))["features"]
    assert shapely.geometry.shape(united["geometry"]).equals(expected)
    assert shapely.geometry.shape(value(both.geometry(1))).equals(expected)


@dataclass
class _Tables(FakeCatalog):
    """One table, T/places."""

    def asset(self, asset_id: str) -> FakeAsset | None:
        return FakeAsset(asset_id, "TABLE") if asset_id == "T/places" else None

    def table(self, _: str) -> list[Feature]:
        return [Feature(None, {"system:index": name, "n": n}) for n, name in enumerate("abc")]


@pytest.mark.functions("Collection.loadTable", against="worked example")
def test_a_table_of_the_catalog() -> None:
    one = GraphEngine(_Tables([]))
    table = ee.FeatureCollection("T/places")
    assert one.value(expression(table.aggregate_array("n"))) == [0, 1, 2]
    assert one.value(expression(table.filter(ee.Filter.gt("n", 0)).aggregate_array("system:index"))) == ["b", "c"]
    with pytest.raises(ServiceError, match="Collection asset 'T/nothing' not found"):
        one.value(expression(ee.FeatureCollection("T/nothing").size()))
