"""Connected pixels against scipy and shapely."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ee
import numpy as np
import pytest
import shapely
from scipy import ndimage

from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline_tests.sandbox.algorithms.scenes import HEIGHTS, LABELS, SCENE
from eo_pipeline_tests.sandbox.graph_support import pixels, utm_grid, value

WHOLE = utm_grid(48, 40)
FOUR, EIGHT = ndimage.generate_binary_structure(2, 1), ndimage.generate_binary_structure(2, 2)


def image(*bands: str) -> Any:
    return ee.Image("C/hood").select(list(bands))


def components(structure: np.ndarray) -> np.ndarray:
    """A number for each segment of equal labels, from 0."""
    numbers = np.zeros(LABELS.shape, int)
    for label in np.unique(LABELS):
        found, count = ndimage.label(label == LABELS, structure)
        numbers[found > 0] = found[found > 0] + numbers.max() + 1
        assert count
    return np.unique(numbers, return_inverse=True)[1].reshape(LABELS.shape)


def sizes(structure: np.ndarray) -> np.ndarray:
    numbers = components(structure)
    return np.asarray(np.bincount(numbers.ravel())[numbers])


@pytest.mark.parametrize(("eight", "structure"), [(True, EIGHT), (False, FOUR)])
@pytest.mark.parametrize("limit", [7, 1000])
@pytest.mark.functions("Image.connectedPixelCount", against="scipy")
def test_counts(eight: bool, structure: np.ndarray, limit: int) -> None:
    ((data, mask),) = pixels(image("whole").connectedPixelCount(limit, eight), WHOLE, SCENE)
    np.testing.assert_array_equal(data, np.minimum(sizes(structure), limit))
    assert mask.all()


@pytest.mark.parametrize(("kernel", "structure"), [("plus", FOUR), ("square", EIGHT)])
@pytest.mark.functions("Image.connectedComponents", against="scipy")
def test_labels_tell_objects_apart(kernel: str, structure: np.ndarray) -> None:
    made = image("whole").connectedComponents(getattr(ee.Kernel, kernel)(1), 20)
    assert value(made.bandNames(), SCENE) == ["whole", "labels"]
    (_, kept), (labels, mask) = pixels(made, WHOLE, SCENE)
    np.testing.assert_array_equal(mask > 0, sizes(structure) <= 20)
    np.testing.assert_array_equal(kept, mask)
    pairs = set(zip(labels[mask > 0].tolist(), components(structure)[mask > 0].tolist(), strict=True))
    assert len(pairs) == len({a for a, _ in pairs}) == len({b for _, b in pairs})


@pytest.mark.functions("Image.reduceConnectedComponents", against="scipy")
def test_statistics_of_objects() -> None:
    made = image("whole", "height").reduceConnectedComponents(ee.Reducer.mean(), "whole", 256)
    assert value(made.bandNames(), SCENE) == ["height"]
    ((data, mask),) = pixels(made, WHOLE, SCENE)
    numbers = components(EIGHT)
    means = ndimage.mean(HEIGHTS.astype(float), numbers, np.arange(numbers.max() + 1))[numbers]
    assert mask.all()
    np.testing.assert_allclose(data, means, rtol=1e-6)


@pytest.mark.functions("Image.reduceConnectedComponents", against="scipy")
def test_objects_that_extend_too_far_are_masked() -> None:
    made = image("whole", "height").reduceConnectedComponents(ee.Reducer.max(), "whole", 6)
    ((_, mask),) = pixels(made, WHOLE, SCENE)
    numbers = components(EIGHT)
    boxes = [box for box in ndimage.find_objects(numbers + 1) if box is not None]
    small = np.array([max(s.stop - s.start for s in box) <= 6 for box in boxes])
    np.testing.assert_array_equal(mask > 0, small[numbers])


def vectors(**options: Any) -> list[Any]:
    region = ee.Geometry.Rectangle([500_100, 4_999_700, 500_300, 4_999_900], "EPSG:32633", False)
    made = image("whole", "height").reduceToVectors(
        reducer=ee.Reducer.mean(), geometry=region, scale=10, geometryInNativeProjection=True, **options
    )
    features: list[Any] = value(made, SCENE)["features"]
    return features


@pytest.mark.functions("Image.reduceToVectors", against="shapely")
@pytest.mark.functions("Image.reduceToVectors", against="scipy")
def test_segments_become_polygons() -> None:
    inner, heights = LABELS[10:30, 10:30], HEIGHTS[10:30, 10:30].astype(float)
    expected = {}
    for label in np.unique(inner):
        found, count = ndimage.label(inner == label, FOUR)
        for number in range(1, count + 1):
            squares = [
                shapely.box(500_100 + 10 * c, 4_999_890 - 10 * r, 500_110 + 10 * c, 4_999_900 - 10 * r)
                for r, c in np.argwhere(found == number)
            ]
            expected[shapely.union_all(squares).normalize().wkt] = (label, heights[found == number].mean())
    found_features = vectors(eightConnected=False)
    assert len(found_features) == len(expected)
    for feature in found_features:
        shape = shapely.geometry.shape(feature["geometry"])
        match = next(wkt for wkt in expected if shapely.from_wkt(wkt).equals(shape))
        assert feature["properties"]["label"] == expected[match][0]
        assert feature["properties"]["mean"] == pytest.approx(expected[match][1])


@pytest.mark.functions("Image.reduceToVectors", against="shapely")
def test_other_shapes_of_segments() -> None:
    polygons = [shapely.geometry.shape(f["geometry"]) for f in vectors(eightConnected=False)]
    boxes = [shapely.geometry.shape(f["geometry"]) for f in vectors(eightConnected=False, geometryType="bb")]
    centres = [shapely.geometry.shape(f["geometry"]) for f in vectors(eightConnected=False, geometryType="centroid")]
    for polygon, box, centre in zip(polygons, boxes, centres, strict=True):
        assert box.bounds == pytest.approx(polygon.bounds)
        assert centre.distance(polygon.centroid) < 1e-6


@pytest.mark.functions("Image.reduceToVectors", against="shapely")
def test_every_pixel_belongs_to_one_segment() -> None:
    for eight in (True, False):
        shapes = [shapely.geometry.shape(f["geometry"]) for f in vectors(eightConnected=eight)]
        assert sum(shape.area for shape in shapes) == pytest.approx(200 * 200)


@pytest.mark.functions("Image.reduceToVectors", against="scipy")
def test_the_default_reducer_counts() -> None:
    region = ee.Geometry.Rectangle([500_000, 4_999_600, 500_480, 5_000_000], "EPSG:32633", False)
    made = image("whole").reduceToVectors(geometry=region, scale=10, eightConnected=True)
    counts = [feature["properties"]["count"] for feature in value(made, SCENE)["features"]]
    assert sorted(counts) == sorted(np.bincount(components(EIGHT).ravel()).tolist())


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (lambda: image("whole").connectedPixelCount(5000), "Expected maxSize 1..1024, got 5000"),
        (lambda: image("whole").connectedComponents(ee.Kernel.square(0), 5), "kernel has no neighbours"),
        (lambda: image("whole").reduceConnectedComponents("mean", "none"), "No band named 'none'"),
    ],
)
def test_refusals(made: Callable[[], Any], message: str) -> None:
    with pytest.raises(ServiceError) as caught:
        pixels(made(), WHOLE, SCENE)
    assert message in caught.value.message


def test_vectors_need_whole_numbers() -> None:
    with pytest.raises(ServiceError, match="must be of an integer type"):
        value(image("height").reduceToVectors(scale=10), SCENE)
