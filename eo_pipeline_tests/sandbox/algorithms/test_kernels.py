"""Kernels against documented weights and plain numpy; convolutions and differences against scipy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ee
import numpy as np
import pytest
from scipy import ndimage

from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline_tests.sandbox.algorithms.scenes import HEIGHTS, LABELS, MASK, SCENE
from eo_pipeline_tests.sandbox.graph_support import pixels, utm_grid, value

OUT: Any = utm_grid(20, 12, x=9, y=8)
CROP = (slice(8, 20), slice(9, 29))
ROW, COLUMN = np.mgrid[-3:4, -3:4]


SOBEL = [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]
OCTAGON = [
    [0, 0, 1, 1, 1, 0, 0],
    [0, 1, 1, 1, 1, 1, 0],
    [1, 1, 1, 1, 1, 1, 1],
    [1, 1, 1, 1, 1, 1, 1],
    [1, 1, 1, 1, 1, 1, 1],
    [0, 1, 1, 1, 1, 1, 0],
    [0, 0, 1, 1, 1, 0, 0],
]


def weights_of(kernel: Any) -> np.ndarray:
    return np.array(value(kernel)["weights"], float)


@pytest.mark.functions("Kernel.gaussian", against="worked example")
def test_a_gaussian_has_the_documented_weights() -> None:
    found = weights_of(ee.Kernel.gaussian(3))
    np.testing.assert_allclose(found[0], [0.002, 0.013, 0.021, 0.013, 0.002], atol=1e-3)
    np.testing.assert_allclose(found[2], [0.021, 0.098, 0.162, 0.098, 0.021], atol=1e-3)
    assert found.sum() == pytest.approx(1)


@pytest.mark.parametrize(
    ("names", "kernel", "expected"),
    [
        ("Kernel.square", lambda: ee.Kernel.square(3, normalize=False), np.ones((7, 7))),
        ("Kernel.circle", lambda: ee.Kernel.circle(3, normalize=False), np.hypot(ROW, COLUMN) <= 3),
        ("Kernel.plus", lambda: ee.Kernel.plus(3, normalize=False), (ROW == 0) | (COLUMN == 0)),
        ("Kernel.cross", lambda: ee.Kernel.cross(3, normalize=False), np.abs(ROW) == np.abs(COLUMN)),
        ("Kernel.diamond", lambda: ee.Kernel.diamond(3, normalize=False), np.abs(ROW) + np.abs(COLUMN) <= 3),
        ("Kernel.euclidean", lambda: ee.Kernel.euclidean(3), np.hypot(ROW, COLUMN)),
        ("Kernel.manhattan", lambda: ee.Kernel.manhattan(3), np.abs(ROW) + np.abs(COLUMN)),
        ("Kernel.chebyshev", lambda: ee.Kernel.chebyshev(3), np.maximum(np.abs(ROW), np.abs(COLUMN))),
        ("Kernel.square", lambda: ee.Kernel.square(3, magnitude=98), np.full((7, 7), 2.0)),
        ("Kernel.rectangle", lambda: ee.Kernel.rectangle(3, 1, normalize=False), np.ones((3, 7))),
        ("Kernel.rotate", lambda: ee.Kernel.sobel().rotate(1), np.rot90(SOBEL, -1)),
        (
            "Kernel.inverse",
            lambda: ee.Kernel.euclidean(1).inverse(),
            [[0.5**0.5, 1, 0.5**0.5], [1, 0, 1], [0.5**0.5, 1, 0.5**0.5]],
        ),
        ("Kernel.add", lambda: ee.Kernel.square(1, normalize=False).add(ee.Kernel.plus(2, normalize=False)), None),
    ],
)
@pytest.mark.functions("{names}", against="numpy")
def test_weights(names: str, kernel: Callable[[], Any], expected: np.ndarray | None) -> None:
    if expected is None:
        expected = np.zeros((5, 5))
        expected[1:4, 1:4] += 1
        expected[2, :] += 1
        expected[:, 2] += 1
        expected[2, 2] -= 1
    np.testing.assert_allclose(weights_of(kernel()), expected)


@pytest.mark.parametrize(
    ("name", "options", "expected"),
    [
        ("roberts", (), [[1, 0], [0, -1]]),
        ("prewitt", (), [[1, 0, -1], [1, 0, -1], [1, 0, -1]]),
        ("sobel", (), SOBEL),
        ("laplacian4", (), [[0, 1, 0], [1, -4, 1], [0, 1, 0]]),
        ("laplacian8", (), [[1, 1, 1], [1, -8, 1], [1, 1, 1]]),
        ("compass", (), [[1, 1, -1], [1, -2, -1], [1, 1, -1]]),
        ("kirsch", (), [[5, -3, -3], [5, 0, -3], [5, -3, -3]]),
        ("octagon", (3,), np.divide(OCTAGON, 37)),
    ],
)
@pytest.mark.functions("Kernel.{name}", against="worked example")
def test_weights_as_documented(name: str, options: tuple[float, ...], expected: Any) -> None:
    np.testing.assert_allclose(weights_of(getattr(ee.Kernel, name)(*options)), expected)


@pytest.mark.functions("Image.convolve", "Kernel.fixed", against="scipy")
def test_convolving_lays_the_weights_as_they_are() -> None:
    matrix = np.array([[1.0, 2, 0], [0, -3, 5], [7, 0, 0.5]])
    ((data, mask),) = pixels(
        ee.Image("C/hood").select("height").convolve(ee.Kernel.fixed(3, 3, matrix.tolist())), OUT, SCENE
    )
    np.testing.assert_allclose(data, ndimage.correlate(HEIGHTS.astype(float), matrix)[CROP], rtol=1e-5)
    assert mask.all()
    ((shifted, _),) = pixels(
        ee.Image("C/hood").select("height").convolve(ee.Kernel.fixed(2, 1, [[0, 1]], 0, 0)), OUT, SCENE
    )
    np.testing.assert_allclose(shifted, np.roll(HEIGHTS, -1, axis=1)[CROP])


@pytest.mark.functions("Image.convolve", "Kernel.circle", against="scipy")
def test_a_convolution_is_masked_where_a_pixel_under_the_kernel_is() -> None:
    ((_, mask),) = pixels(ee.Image("C/hood").select("Z").convolve(ee.Kernel.circle(2)), OUT, SCENE)
    disc = np.hypot(*np.mgrid[-2:3, -2:3]) <= 2
    np.testing.assert_array_equal(mask > 0, ~ndimage.binary_dilation(~MASK, disc)[CROP])


@pytest.mark.functions("Image.convolve", "Kernel.gaussian", against="scipy")
def test_a_gaussian_blur_is_scipys() -> None:
    ((data, _),) = pixels(ee.Image("C/hood").select("height").convolve(ee.Kernel.gaussian(5, 1.5)), OUT, SCENE)
    expected = ndimage.gaussian_filter(HEIGHTS.astype(float), 1.5, radius=4)[CROP]
    np.testing.assert_allclose(data, expected, rtol=1e-5)


@pytest.mark.functions("Image.derivative", against="numpy")
def test_derivatives_are_central_differences() -> None:
    (x, _), (y, _) = pixels(ee.Image("C/hood").select("height").derivative(), OUT, SCENE)
    down, across = np.gradient(HEIGHTS.astype(float))
    np.testing.assert_allclose(x, across[CROP], atol=1e-4)
    np.testing.assert_allclose(y, down[CROP], atol=1e-4)


@pytest.mark.functions("Image.gradient", against="numpy")
def test_a_gradient_is_per_metre_eastwards_and_northwards() -> None:
    (x, _), (y, _) = pixels(ee.Image("C/hood").select("height").gradient(), OUT, SCENE)
    down, across = np.gradient(HEIGHTS.astype(float), 10.0)
    np.testing.assert_allclose(x, across[CROP], atol=1e-5)
    np.testing.assert_allclose(y, -down[CROP], atol=1e-5)


@pytest.mark.functions("Image.zeroCrossing", against="numpy")
def test_zero_crossings() -> None:
    signs = LABELS.astype(int) - 1
    ((data, _),) = pixels(ee.Image("C/hood").select("whole").subtract(1).zeroCrossing(), OUT, SCENE)
    right, below = np.roll(signs, -1, 1), np.roll(signs, -1, 0)
    expected = (signs == 0) | (signs == -right) | (signs == -below)
    np.testing.assert_array_equal(data, expected[CROP])


@pytest.mark.functions("Image.neighborhoodToBands", against="numpy")
def test_neighbours_as_bands() -> None:
    image = ee.Image("C/hood").select("whole").neighborhoodToBands(ee.Kernel.square(1))
    assert value(image.bandNames(), SCENE)[:2] == ["whole_-1_-1", "whole_0_-1"]
    found = pixels(image, OUT, SCENE)
    offsets = [(y, x) for y in (-1, 0, 1) for x in (-1, 0, 1)]
    for (data, _), (y, x) in zip(found, offsets, strict=True):
        np.testing.assert_array_equal(data, np.roll(LABELS, (-y, -x), (0, 1))[CROP])


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (lambda: ee.Kernel.square(300), "A radius of 300 pixels is not within 0 and 256"),
        (lambda: ee.Kernel.square(3, "feet"), "Units must be 'pixels' or 'meters', got 'feet'"),
        (lambda: ee.Kernel.gaussian(3, 0), "Sigma must be positive, got 0"),
        (lambda: ee.Kernel.fixed(3, 3, [[1, 2], [3]]), "non-empty list of lists of equal length"),
        (lambda: ee.Kernel.fixed(2, 1, [[1, 2]], 5, 0), "The focus [5, 0] is outside of 1 x 2 weights"),
        (lambda: ee.Kernel.fixed(3, 3, [[1, 2]]), "Expected 3 x 3 weights, got 1 x 2"),
    ],
)
def test_refused_kernels(made: Callable[[], Any], message: str) -> None:
    with pytest.raises(ServiceError) as caught:
        value(made())
    assert message in caught.value.message


@pytest.mark.functions("Kernel.square", against="worked example")
def test_a_kernel_in_metres_follows_the_scale() -> None:
    coarse = utm_grid(4, 3, x=8, y=8, scale=2)
    ((data, _),) = pixels(
        ee.Image("C/hood").select("height").reduceNeighborhood("count", ee.Kernel.square(40, "meters")), coarse, SCENE
    )
    assert (data == 25).all()
