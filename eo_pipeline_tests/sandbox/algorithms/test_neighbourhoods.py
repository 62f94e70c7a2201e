"""Neighbourhoods, against scipy."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import ee
import numpy as np
import pytest
from scipy import ndimage

from eo_pipeline_tests.sandbox.graph_support import UTM, ArrayBand, pixels, record, utm_grid

RNG = np.random.default_rng(2)
DATA = RNG.integers(0, 9, (20, 24)).astype("u1")
MASK = np.ones(DATA.shape, bool)
MASK[9, 9] = False
SCENE = record("C/a", {"B": ArrayBand(DATA, UTM, mask=MASK)})
INNER = utm_grid(10, 6, x=6, y=2)
FAR = utm_grid(8, 5, x=12, y=12)
"""Away from the masked pixel and the edges."""
DISC = np.hypot(*np.mgrid[-2:3, -2:3]) <= 2


def most_frequent(values: np.ndarray) -> int:
    """The smallest of the most frequent numbers."""
    return int(np.bincount(values.astype(int)).argmax())


@pytest.mark.parametrize(
    ("names", "oracle"),
    [
        (("focal_max", "focalMax"), ndimage.maximum_filter),
        (("focal_min", "focalMin"), ndimage.minimum_filter),
        (("focal_median", "focalMedian"), ndimage.median_filter),
        (("focal_mean", "focalMean"), partial(ndimage.generic_filter, function=np.mean, output=float)),
        (("focal_mode", "focalMode"), partial(ndimage.generic_filter, function=most_frequent)),
    ],
)
@pytest.mark.functions("Image.{names[0]}", "Image.{names[1]}", against="scipy")
def test_focal_functions(names: tuple[str, str], oracle: Callable[..., np.ndarray]) -> None:
    away = ~ndimage.binary_dilation(~MASK, DISC)[2:8, 6:16]
    expected = oracle(DATA, footprint=DISC)[2:8, 6:16]
    for name in names:
        focal = getattr(ee.Image("C/a"), name)(radius=2, kernelType="circle", units="pixels")
        ((data, mask),) = pixels(focal, INNER, SCENE)
        np.testing.assert_allclose(data[away], expected[away], rtol=1e-12)
        np.testing.assert_array_equal(mask, MASK[2:8, 6:16])


@pytest.mark.parametrize(
    ("shape", "footprint"),
    [
        ("circle", DISC),
        ("square", np.ones((5, 5), bool)),
        ("plus", [[0, 0, 1, 0, 0], [0, 0, 1, 0, 0], [1, 1, 1, 1, 1], [0, 0, 1, 0, 0], [0, 0, 1, 0, 0]]),
        ("diamond", ndimage.iterate_structure(ndimage.generate_binary_structure(2, 1), 2)),
    ],
)
@pytest.mark.functions("Kernel.{shape}", "Image.reduceNeighborhood", against="scipy")
def test_shapes_of_kernels(shape: str, footprint: np.ndarray) -> None:
    kernel = getattr(ee.Kernel, shape)(2, "pixels")
    ((data, _),) = pixels(ee.Image("C/a").reduceNeighborhood(ee.Reducer.max(), kernel), FAR, SCENE)
    np.testing.assert_array_equal(data, ndimage.maximum_filter(DATA, footprint=footprint)[12:17, 12:20])


@pytest.mark.parametrize(("name", "shown", "hidden"), [("focalMax", 0, 255), ("focalMin", 255, 0)])
@pytest.mark.functions("Image.{name}", against="numpy")
def test_what_a_mask_hides_is_no_extreme_though_all_else_is_the_type_s_last_number(
    name: str, shown: int, hidden: int
) -> None:
    data = np.where(MASK, shown, hidden).astype("u1")
    scene = record("C/a", {"B": ArrayBand(data, UTM, mask=MASK)})
    ((found, mask),) = pixels(getattr(ee.Image("C/a"), name)(1, "circle", "pixels"), utm_grid(3, 3, x=8, y=8), scene)
    assert mask.tolist() == MASK[8:11, 8:11].tolist()
    assert (found[mask.astype(bool)] == shown).all()


@pytest.mark.functions("Image.focal_max", against="scipy")
def test_a_radius_in_metres_follows_the_scale() -> None:
    grown: Any = ee.Image("C/a").focal_max(20, "square", "meters")
    ((data, _),) = pixels(grown, utm_grid(4, 3, x=8, y=12), SCENE)
    np.testing.assert_array_equal(data, ndimage.maximum_filter(DATA, size=5)[12:15, 8:12])


@pytest.mark.functions("Image.reduceNeighborhood", "Kernel.square", against="numpy")
def test_reducing_a_neighbourhood_leaves_masked_pixels_out() -> None:
    means = ee.Image("C/a").reduceNeighborhood(ee.Reducer.mean(), ee.Kernel.square(1))
    ((data, mask),) = pixels(means, utm_grid(3, 1, x=9, y=8), SCENE)
    block = DATA[7:10, 8:11].astype(float)
    expected = (block.sum() - DATA[9, 9]) / 8
    assert data[0, 0] == pytest.approx(expected)
    assert mask.all()
    ((_, centre),) = pixels(means, utm_grid(1, 1, x=9, y=9), SCENE)
    assert not centre.any()
