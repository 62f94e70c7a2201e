"""Reducers of lists, against numpy and Python's module statistics."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from typing import Any

import ee
import numpy as np
import pytest

from eo_pipeline_tests.sandbox.graph_support import value

SAMPLES = np.random.default_rng(8).normal(10, 4, 40).round(3).tolist()


def reduced(reducer: Any, values: list[Any]) -> Any:
    return value(ee.List(values).reduce(reducer))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("mean", statistics.fmean),
        ("median", statistics.median),
        ("variance", statistics.pvariance),
        ("sampleVariance", statistics.variance),
        ("stdDev", statistics.pstdev),
        ("sampleStdDev", statistics.stdev),
        ("sum", sum),
        ("count", len),
        ("min", min),
        ("max", max),
        ("toList", list),
    ],
)
@pytest.mark.functions("Reducer.{name}", "List.reduce", against="python")
def test_statistics_of_a_list(name: str, expected: Callable[[list[float]], object]) -> None:
    assert reduced(getattr(ee.Reducer, name)(), SAMPLES) == pytest.approx(expected(SAMPLES))


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("allNonZero", [1, 2, -3], 1),
        ("allNonZero", [1, 0, 3], 0),
        ("anyNonZero", [0, 0, 3], 1),
        ("anyNonZero", [0, 0], 0),
        ("first", [4, 5], 4),
        ("last", [4, 5], 5),
        ("firstNonNull", [None, 5, 6], 5),
        ("lastNonNull", [4, 5, None], 5),
        ("mode", [3, 1, 3, 2], 3),
        ("product", [2, 3, 4], 24),
    ],
)
@pytest.mark.functions("Reducer.{name}", against="worked example")
def test_choices_from_a_list(name: str, values: list[Any], expected: float) -> None:
    assert reduced(getattr(ee.Reducer, name)(), values) == expected


@pytest.mark.functions("Reducer.toList", against="worked example")
def test_a_list_of_tuples() -> None:
    assert reduced(ee.Reducer.toList(2), [[1, 10], [2, 20]]) == [[1, 10], [2, 20]]


@pytest.mark.functions("Reducer.percentile", against="numpy")
def test_percentiles_are_interpolated() -> None:
    wanted = [0, 12.5, 50, 99]
    found = reduced(ee.Reducer.percentile(wanted), SAMPLES)
    assert found == pytest.approx({f"p{p:g}": np.percentile(SAMPLES, p) for p in wanted})


@pytest.mark.functions("Reducer.intervalMean", against="numpy")
def test_the_mean_between_two_percentiles() -> None:
    low, high = np.percentile(SAMPLES, [25, 75])
    inside = [x for x in SAMPLES if low <= x <= high]
    assert reduced(ee.Reducer.intervalMean(25, 75), SAMPLES) == pytest.approx(np.mean(inside))


@pytest.mark.functions("Reducer.histogram", against="numpy")
def test_a_histogram_has_buckets_of_equal_width() -> None:
    found = reduced(ee.Reducer.histogram(8), SAMPLES)
    counts, edges = np.histogram(SAMPLES, 8)
    sums, _ = np.histogram(SAMPLES, 8, weights=SAMPLES)
    assert found["histogram"] == counts.tolist()
    assert found["bucketMin"] == pytest.approx(edges[0])
    assert found["bucketWidth"] == pytest.approx(edges[1] - edges[0])
    np.testing.assert_allclose(found["bucketMeans"], np.where(counts, sums / np.maximum(counts, 1), edges[:-1]))


@pytest.mark.functions("Reducer.linearFit", against="python")
def test_a_line_through_pairs() -> None:
    pairs = [[float(n), x] for n, x in enumerate(SAMPLES)]
    slope, intercept = statistics.linear_regression(*zip(*pairs, strict=True))
    assert reduced(ee.Reducer.linearFit(), pairs) == pytest.approx({"scale": slope, "offset": intercept})
