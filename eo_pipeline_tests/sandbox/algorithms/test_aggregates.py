"""One value from a property of all elements: against Python's statistics."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable

import ee
import pytest

from eo_pipeline_tests.sandbox.algorithms.scene_collection import (
    SCENES,
    all_scenes,
)
from eo_pipeline_tests.sandbox.graph_support import (
    value,
)


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
