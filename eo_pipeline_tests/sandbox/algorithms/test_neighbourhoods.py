"""Neighbourhoods, against scipy."""

from __future__ import annotations

from collections.abc import Callable
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
DISC = np.hypot(*np.mgrid[-2:3, -2:3]) <= 2


@pytest.mark.parametrize(
    ("name", "oracle"),
    [("max", ndimage.maximum_filter), ("min", ndimage.minimum_filter), ("median", ndimage.median_filter)],
)
@pytest.mark.parametrize("spelling", ["focal_{}", "focal{}"])
def test_focal_functions(name: str, oracle: Callable[..., np.ndarray], spelling: str) -> None:
    word = name if "_" in spelling else name.capitalize()
    focal = getattr(ee.Image("C/a"), spelling.format(word))(radius=2, kernelType="circle", units="pixels")
    ((data, mask),) = pixels(focal, INNER, SCENE)
    away = ~ndimage.binary_dilation(~MASK, DISC)[2:8, 6:16]
    np.testing.assert_array_equal(data[away], oracle(DATA, footprint=DISC)[2:8, 6:16][away])
    np.testing.assert_array_equal(mask, MASK[2:8, 6:16])


def test_a_radius_in_metres_follows_the_scale() -> None:
    grown: Any = ee.Image("C/a").focal_max(20, "square", "meters")
    ((data, _),) = pixels(grown, utm_grid(4, 3, x=8, y=12), SCENE)
    np.testing.assert_array_equal(data, ndimage.maximum_filter(DATA, size=5)[12:15, 8:12])


def test_reducing_a_neighbourhood_leaves_masked_pixels_out() -> None:
    means = ee.Image("C/a").reduceNeighborhood(ee.Reducer.mean(), ee.Kernel.square(1))
    ((data, mask),) = pixels(means, utm_grid(3, 1, x=9, y=8), SCENE)
    block = DATA[7:10, 8:11].astype(float)
    expected = (block.sum() - DATA[9, 9]) / 8
    assert data[0, 0] == pytest.approx(expected)
    assert mask.all()
    ((_, centre),) = pixels(means, utm_grid(1, 1, x=9, y=9), SCENE)
    assert not centre.any()
