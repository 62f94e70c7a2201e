"""Distances against scipy and plain numpy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import ee
import numpy as np
import pytest
from scipy import ndimage
from scipy.spatial import distance
from skimage import graph

from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline_tests.sandbox.algorithms.scenes import COLUMNS, COST, ROWS, SCENE, SPARSE
from eo_pipeline_tests.sandbox.graph_support import UTM, ArrayBand, pixels, record, utm_grid, value

OUT = utm_grid(20, 12, x=14, y=14)
CROP = (slice(14, 26), slice(14, 34))
SIZE = 13

Metric = Literal["euclidean", "sqeuclidean", "cityblock", "chebyshev"]


def sparse() -> Any:
    return ee.Image("C/hood").select("sparse")


def nearest(metric: Metric, size: int = SIZE) -> np.ndarray:
    """Distance to the nearest source of all that are at most so many rows and columns away, infinite without one."""
    every = np.stack([ROWS.ravel(), COLUMNS.ravel()], axis=1)
    sources = np.argwhere(SPARSE)
    away = distance.cdist(every, sources, metric)
    away[distance.cdist(every, sources, "chebyshev") > size] = np.inf
    return np.asarray(away.min(axis=1).reshape(SPARSE.shape))


@pytest.mark.parametrize(
    ("metric", "oracle"),
    [("squared_euclidean", "sqeuclidean"), ("manhattan", "cityblock"), ("chebyshev", "chebyshev")],
)
@pytest.mark.functions("Image.fastDistanceTransform", against="scipy")
def test_the_fast_transform(metric: str, oracle: Metric) -> None:
    ((data, mask),) = pixels(sparse().fastDistanceTransform(SIZE, "pixels", metric), OUT, SCENE)
    expected = nearest(oracle)[CROP]
    np.testing.assert_array_equal(mask > 0, np.isfinite(expected))
    np.testing.assert_allclose(data[mask > 0], expected[np.isfinite(expected)])


@pytest.mark.functions("Image.fastDistanceTransform", against="scipy")
def test_the_fast_transform_is_scipys_where_everything_is_near() -> None:
    ((data, mask),) = pixels(sparse().fastDistanceTransform(40).sqrt(), OUT, SCENE)
    assert mask.all()
    np.testing.assert_allclose(data, ndimage.distance_transform_edt(SPARSE == 0)[CROP], rtol=1e-6)


@pytest.mark.parametrize(
    ("name", "options", "expected"),
    [
        ("euclidean", (SIZE,), lambda: nearest("euclidean")),
        ("manhattan", (SIZE,), lambda: nearest("cityblock")),
        ("chebyshev", (SIZE,), lambda: nearest("chebyshev")),
        ("euclidean", (10.0 * SIZE, "meters"), lambda: 10 * nearest("euclidean")),
    ],
)
@pytest.mark.functions("Image.distance", "Kernel.{name}", against="scipy")
def test_distances_by_kernel(name: str, options: tuple[Any, ...], expected: Callable[[], np.ndarray]) -> None:
    kernel = getattr(ee.Kernel, name)(*options)
    ((data, mask),) = pixels(sparse().distance(kernel), OUT, SCENE)
    known = np.isfinite(expected()[CROP])
    np.testing.assert_array_equal(mask > 0, known)
    np.testing.assert_allclose(data[known], expected()[CROP][known], rtol=1e-6)


@pytest.mark.functions("Image.directionalDistanceTransform", against="numpy")
def test_a_directional_transform_looks_one_way_only() -> None:
    ((data, mask),) = pixels(sparse().directionalDistanceTransform(0, SIZE), OUT, SCENE)
    for row in range(OUT.height):
        for column in range(OUT.width):
            ahead = np.flatnonzero(SPARSE[14 + row, 14 + column : 14 + column + SIZE + 1])
            assert bool(mask[row, column]) == bool(len(ahead))
            assert not len(ahead) or data[row, column] == ahead[0]


@pytest.mark.functions("Image.directionalDistanceTransform", against="numpy")
def test_a_directional_transform_brings_values_along() -> None:
    image = sparse().addBands(ee.Image("C/hood").select("whole")).directionalDistanceTransform(90, SIZE, "sparse")
    assert value(image.bandNames(), SCENE) == ["whole", "distance"]
    (values, mask), (away, seen) = pixels(image, OUT, SCENE)
    np.testing.assert_array_equal(mask, seen)
    whole = SCENE.bands["whole"].read(0, 0, 0, 48, 40)[0]
    for row, column in np.argwhere(seen > 0):
        assert values[row, column] == whole[14 + row - int(away[row, column]), 14 + column]


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (lambda: sparse().fastDistanceTransform(5000), "Expected a neighborhood of 1..1024"),
        (lambda: sparse().fastDistanceTransform(5, "meters"), "Unknown metric or units"),
        (lambda: sparse().cumulativeCost(sparse(), 5000), "A maxDistance of 500 pixels is more than 256"),
        (lambda: sparse().cumulativeCost(sparse(), -1), "Expected a positive maxDistance, got -1"),
        (lambda: sparse().distance(ee.Kernel.square(3)), "must be one of chebyshev, euclidean, or manhattan"),
        (lambda: sparse().directionalDistanceTransform(0, 5, "none"), "No band named 'none'"),
    ],
)
def test_refusals(made: Callable[[], Any], message: str) -> None:
    with pytest.raises(ServiceError) as caught:
        pixels(made(), OUT, SCENE)
    assert message in caught.value.message


@pytest.mark.functions("Image.cumulativeCost", against="scikit-image")
def test_the_cheapest_way_is_scikit_images() -> None:
    cost = ee.Image("C/hood").select("cost")
    ((data, mask),) = pixels(cost.cumulativeCost(sparse(), 480), utm_grid(48, 40), SCENE)
    ways: Any = graph.MCP_Geometric(COST.astype(float), sampling=(10.0, 10.0))
    expected, _ = ways.find_costs(np.argwhere(SPARSE).tolist())
    assert mask.all()
    np.testing.assert_allclose(data, expected)


@pytest.mark.functions("Image.cumulativeCost", against="scipy")
def test_a_way_has_as_many_moves_as_pixels_lie_within_the_distance() -> None:
    cost = ee.Image("C/hood").select("cost")
    ((_, mask),) = pixels(cost.cumulativeCost(sparse(), 40), OUT, SCENE)
    np.testing.assert_array_equal(mask > 0, nearest("chebyshev")[CROP] <= 4)


@pytest.mark.functions("Image.cumulativeCost", against="worked example")
def test_masked_pixels_are_no_way() -> None:
    wall = np.ones((5, 9), bool)
    wall[:, 4] = False
    scene = record("C/wall", {"c": ArrayBand(np.ones((5, 9), "u1"), UTM, mask=wall), "s": np.eye(5, 9, dtype="u1")})
    made = ee.Image("C/wall").select("c").cumulativeCost(ee.Image("C/wall").select("s"), 200)
    ((_, mask),) = pixels(made, utm_grid(9, 5), scene)
    np.testing.assert_array_equal(mask[0] > 0, [True] * 4 + [False] * 5)
