"""Reducers of several inputs, and of moments, against scipy and numpy: over images, regions and lists."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ee
import numpy as np
import pytest
from scipy import stats

from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline_tests.sandbox.graph_support import UTM, ArrayBand, pixels, record, utm_grid, value

RNG = np.random.default_rng(8)
IMAGES, ROWS, COLUMNS = 9, 5, 6
X = RNG.random((IMAGES, ROWS, COLUMNS)) * 10
Y = 3 * X - 2 + RNG.normal(size=X.shape)
VALID = RNG.random(X.shape) > 0.2
SERIES = [
    record(f"C/i{n}", {"x": X[n], "y": ArrayBand(Y[n], UTM, mask=VALID[n]), "k": (X[n] // 3).astype("u1")}, time=n)
    for n in range(IMAGES)
]
OUT = utm_grid(COLUMNS, ROWS)
REGION = (500_000, 4_999_950, 500_060, 5_000_000)


def seen(row: int, column: int) -> tuple[np.ndarray, np.ndarray]:
    """X and y of the images in which a pixel is valid."""
    used = VALID[:, row, column]
    return X[used, row, column], Y[used, row, column]


def over_images(reducer: Any, oracle: Callable[[np.ndarray, np.ndarray], Any], *bands: str) -> None:
    found = pixels(ee.ImageCollection("C").select(list(bands)).reduce(reducer), OUT, *SERIES)
    for row, column in np.ndindex(ROWS, COLUMNS):
        expected = np.atleast_1d(oracle(*seen(row, column)))
        for (data, mask), one in zip(found, expected, strict=True):
            assert mask[row, column]
            assert data[row, column] == pytest.approx(one)


@pytest.mark.parametrize(
    ("name", "oracle"),
    [
        ("pearsonsCorrelation", stats.pearsonr),
        ("sensSlope", lambda x, y: stats.theilslopes(y, x)[:2]),
        ("linearFit", lambda x, y: stats.linregress(x, y)[:2]),
    ],
)
@pytest.mark.functions("Reducer.{name}", against="scipy")
def test_two_inputs(name: str, oracle: Callable[[np.ndarray, np.ndarray], Any]) -> None:
    over_images(getattr(ee.Reducer, name)(), lambda x, y: np.asarray(tuple(oracle(x, y))), "x", "y")


@pytest.mark.parametrize(
    ("name", "oracle"),
    [("skew", stats.skew), ("kurtosis", stats.kurtosis)],
)
@pytest.mark.functions("Reducer.{name}", against="scipy")
def test_one_input(name: str, oracle: Callable[[np.ndarray], Any]) -> None:
    over_images(getattr(ee.Reducer, name)(), lambda _, y: oracle(y), "y")


@pytest.mark.functions("Reducer.countDistinct", against="python")
def test_distinct_values_repeat() -> None:
    ((data, _),) = pixels(ee.ImageCollection("C").select("k").reduce(ee.Reducer.countDistinct()), OUT, *SERIES)
    for row, column in np.ndindex(ROWS, COLUMNS):
        assert data[row, column] == len(set((X[:, row, column] // 3).tolist()))


@pytest.mark.functions("Reducer.linearRegression", "Image.arrayProject", "Image.arrayFlatten", against="numpy")
def test_a_regression_at_each_pixel() -> None:
    design = ee.ImageCollection("C").map(lambda one: ee.Image(1).addBands(ee.Image(one).select(["x", "y"])))
    fitted = design.reduce(ee.Reducer.linearRegression(2, 1))
    assert value(fitted.bandNames(), *SERIES) == ["coefficients", "residuals"]
    coefficients = fitted.select("coefficients").arrayProject([0]).arrayFlatten([["offset", "slope"]])
    (offset, _), (slope, _) = pixels(coefficients, OUT, *SERIES)
    ((residual, _),) = pixels(fitted.select("residuals").arrayGet([0]), OUT, *SERIES)
    for row, column in np.ndindex(ROWS, COLUMNS):
        x, y = seen(row, column)
        expected = np.polyfit(x, y, 1)
        assert (slope[row, column], offset[row, column]) == pytest.approx(tuple(expected))
        assert residual[row, column] == pytest.approx(np.sqrt(np.mean((y - np.polyval(expected, x)) ** 2)))


def region() -> Any:
    return ee.Geometry.Rectangle(list(REGION), "EPSG:32633", False)


@pytest.mark.functions("Reducer.linearRegression", against="numpy")
def test_a_regression_over_a_region() -> None:
    image = ee.Image(1).addBands(ee.Image("C/i0").select(["x", "y"]))
    found = value(image.reduceRegion(ee.Reducer.linearRegression(2, 1), region(), 10, "EPSG:32633"), *SERIES)
    x, y = X[0][VALID[0]], Y[0][VALID[0]]
    slope, offset = np.polyfit(x, y, 1)
    assert np.array(found["coefficients"]) == pytest.approx(np.array([[offset], [slope]]))
    assert found["residuals"] == pytest.approx([np.sqrt(np.mean((y - slope * x - offset) ** 2))])


def test_too_few_samples_give_nothing() -> None:
    image = ee.Image(1).addBands(ee.Image("C/i0").select(["x", "k"]))
    pixel = ee.Geometry.Rectangle([500_000, 4_999_990, 500_010, 5_000_000], "EPSG:32633", False)
    found = value(image.reduceRegion(ee.Reducer.linearRegression(2, 1), pixel, 10, "EPSG:32633"), *SERIES)
    assert found == {"coefficients": None, "residuals": None}


@pytest.mark.functions("Reducer.covariance", "Reducer.centeredCovariance", against="numpy")
def test_principal_components_of_a_region() -> None:
    image = ee.Image("C/i0").select(["x", "y"])
    matrix = value(image.toArray().reduceRegion(ee.Reducer.covariance(), region(), 10), *SERIES)["array"]
    both = np.stack([X[0][VALID[0]], Y[0][VALID[0]]])
    np.testing.assert_allclose(matrix, np.cov(both, bias=True))
    means = image.toArray().subtract(ee.Image(ee.Array(both.mean(axis=1).tolist())))
    centred = value(means.reduceRegion(ee.Reducer.centeredCovariance(), region(), 10), *SERIES)["array"]
    np.testing.assert_allclose(centred, np.cov(both, bias=True))


@pytest.mark.functions("Reducer.fixedHistogram", against="numpy")
def test_a_fixed_histogram() -> None:
    found = value(ee.Image("C/i0").select("x").reduceRegion(ee.Reducer.fixedHistogram(2, 8, 4), region(), 10), *SERIES)
    counts, edges = np.histogram(X[0], 4, (2, 8))
    np.testing.assert_allclose(found["x"], np.stack([edges[:-1], counts], axis=1))
    running = ee.Reducer.fixedHistogram(2, 8, 4, True)
    cumulative = value(ee.Image("C/i0").select("x").reduceRegion(running, region(), 10), *SERIES)
    np.testing.assert_allclose(np.array(cumulative["x"])[:, 1], np.cumsum(counts))


@pytest.mark.functions("Reducer.getOutputs", "Reducer.setOutputs", against="worked example")
def test_names_of_outputs() -> None:
    both = ee.Reducer.minMax()
    assert value(both.getOutputs()) == ["min", "max"]
    renamed = both.setOutputs(["low", "high"])
    assert value(ee.Image("C/i0").select(["x"]).reduce(renamed).bandNames(), *SERIES) == ["low", "high"]


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (lambda: ee.Reducer.linearRegression(0), "Expected numX and numY of 1..100, got 0 and 1"),
        (lambda: ee.Reducer.fixedHistogram(5, 2, 4), "Expected min < max and 1..10000 steps"),
        (lambda: ee.Reducer.minMax().setOutputs(["a"]), "Expected 2 different names, got ['a']"),
        (ee.Reducer.covariance, "The reducer takes bands of arrays"),
        (ee.Reducer.countEvery, "got a reducer with 0"),
    ],
)
def test_refusals(made: Callable[[], Any], message: str) -> None:
    with pytest.raises(ServiceError) as caught:
        value(ee.Image("C/i0").select("x").reduceRegion(made(), region(), 10), *SERIES)
    assert message in caught.value.message


def test_arrays_are_not_reduced_as_numbers() -> None:
    with pytest.raises(ServiceError, match="The reducer takes bands of plain numbers"):
        value(ee.Image("C/i0").toArray().reduceRegion(ee.Reducer.mean(), region(), 10), *SERIES)
