"""Whatever looks around itself gives the same pixels whatever window is asked for, across the seams of tiles too."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import ee
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eo_pipeline.sandbox.graph.images import Image
from eo_pipeline_tests.sandbox.algorithms.scenes import SCENE
from eo_pipeline_tests.sandbox.graph_support import engine, expression, utm_grid

WIDTH, HEIGHT = 48, 40
ENGINE = engine(SCENE)


def scene(*bands: str) -> Any:
    return ee.Image("C/hood").select(list(bands))


LOOKERS: Mapping[str, Callable[[], Any]] = {
    "convolve": lambda: scene("Z").convolve(ee.Kernel.gaussian(4, 1.5)),
    "convolve metres": lambda: scene("Z").convolve(ee.Kernel.circle(25, "meters")),
    "focal": lambda: scene("L").focalMode(2, "circle", "pixels", 2),
    "reduceNeighborhood": lambda: scene("Z").reduceNeighborhood(ee.Reducer.stdDev(), ee.Kernel.plus(3)),
    "neighborhoodToBands": lambda: scene("L").neighborhoodToBands(ee.Kernel.square(1)),
    "gradient": lambda: scene("Z").gradient(),
    "derivative": lambda: scene("Z").derivative(),
    "zeroCrossing": lambda: scene("Z").subtract(330).zeroCrossing(),
    "slope": lambda: ee.Terrain.products(scene("Z")),
    "hillShadow": lambda: ee.Terrain.hillShadow(scene("height"), 200, 70, 9),
    "fastDistanceTransform": lambda: scene("sparse").fastDistanceTransform(7),
    "distance": lambda: scene("sparse").distance(ee.Kernel.manhattan(6)),
    "directionalDistanceTransform": lambda: scene("sparse").directionalDistanceTransform(30, 12),
    "cumulativeCost": lambda: scene("cost").cumulativeCost(scene("sparse"), 70),
    "neighborhoodToArray": lambda: scene("L").neighborhoodToArray(ee.Kernel.square(1)).arrayGet([0, 2]),
    "connectedPixelCount": lambda: scene("L").connectedPixelCount(12),
    "connectedComponents": lambda: scene("L").connectedComponents(ee.Kernel.plus(1), 12),
    "reduceConnectedComponents": lambda: scene("L", "Z").reduceConnectedComponents(ee.Reducer.mean(), "L", 9),
    "glcmTexture": lambda: scene("L").glcmTexture(2),
    "entropy": lambda: scene("L").entropy(ee.Kernel.circle(3)),
    "CDI": lambda: ee.Algorithms.Sentinel2.CDI(scene("Z", "height", "cost").rename(["B7", "B8", "B8A"])),
}
"""Functions of neighbourhoods, each of an image of the scene."""

Pixels = list[tuple[np.ndarray, np.ndarray]]


@pytest.fixture(scope="module")
def made() -> Mapping[str, tuple[Image, Pixels]]:
    """Each image and its pixels on the whole scene."""
    images = {name: ENGINE.image(expression(make())) for name, make in LOOKERS.items()}
    return {name: (image, ENGINE.read(image, utm_grid(WIDTH, HEIGHT))) for name, image in images.items()}


def same(found: Pixels, whole: Pixels, rows: slice, columns: slice) -> None:
    for (data, mask), (all_data, all_mask) in zip(found, whole, strict=True):
        np.testing.assert_array_equal(mask, all_mask[rows, columns])
        kept = mask > 0
        np.testing.assert_allclose(data[kept], all_data[rows, columns][kept], rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("name", LOOKERS)
@settings(max_examples=6, deadline=None)
@given(data=st.data())
def test_a_window_is_the_crop_of_a_larger_one(
    name: str, data: st.DataObject, made: Mapping[str, tuple[Image, Pixels]]
) -> None:
    x, y = data.draw(st.integers(0, WIDTH - 1), "x"), data.draw(st.integers(0, HEIGHT - 1), "y")
    width, height = data.draw(st.integers(1, WIDTH - x), "width"), data.draw(st.integers(1, HEIGHT - y), "height")
    image, whole = made[name]
    found = ENGINE.read(image, utm_grid(width, height, x=x, y=y))
    same(found, whole, slice(y, y + height), slice(x, x + width))


@pytest.mark.parametrize("name", LOOKERS)
def test_tiles_have_no_seams(name: str, made: Mapping[str, tuple[Image, Pixels]]) -> None:
    image, whole = made[name]
    for y, height in ((0, 17), (17, 23)):
        for x, width in ((0, 31), (31, 17)):
            found = ENGINE.read(image, utm_grid(width, height, x=x, y=y))
            same(found, whole, slice(y, y + height), slice(x, x + width))
