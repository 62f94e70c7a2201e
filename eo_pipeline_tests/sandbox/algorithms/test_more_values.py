"""Ranges of dates, lists, texts, dictionaries and pixel types: against what Python says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ee
import numpy as np
import pytest
import shapely

from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline_tests.sandbox.algorithms.scenes import LABELS, MASK, SCENE
from eo_pipeline_tests.sandbox.graph_support import pixels, utm_grid, value

DAY = 86_400_000


def days(start: int, end: int) -> Any:
    return ee.DateRange(start * DAY, end * DAY)


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (lambda: days(2, 9).contains(ee.Date(2 * DAY)), True),
        (lambda: days(2, 9).contains(ee.Date(9 * DAY)), False),
        (lambda: days(2, 9).contains(days(3, 9)), True),
        (lambda: days(2, 9).contains(days(3, 10)), False),
        (lambda: days(2, 9).isEmpty(), False),
        (lambda: days(2, 9).intersects(days(9, 12)), False),
        (lambda: days(2, 9).intersects(days(8, 12)), True),
        (lambda: days(2, 9).intersection(days(5, 12)).end().millis(), 9 * DAY),
        (lambda: days(2, 9).intersection(days(12, 13)).isEmpty(), True),
        (lambda: days(2, 9).union(days(5, 12)).end().millis(), 12 * DAY),
        (lambda: ee.List([1, 2, 3]).equals([1, 2, 3]), True),
        (lambda: ee.List([1, 2, 3]).equals([1, 3, 2]), False),
        (lambda: ee.List([1, 2, 3, 4]).splice(1, 2, ["x"]), [1, "x", 4]),
        (lambda: ee.List([1, 2, 3, 4]).splice(-1, 1), [1, 2, 3]),
        (lambda: ee.List([1, 2, 1, 2]).indexOfSublist([1, 2]), 0),
        (lambda: ee.List([1, 2, 1, 2]).lastIndexOfSubList([1, 2]), 2),
        (lambda: ee.List([1, 2]).lastIndexOfSubList([3]), -1),
        (lambda: ee.List([0, [1, 2]]).getArray(1).add(1), [2, 3]),
        (lambda: ee.String("a").equals("a"), True),
        (lambda: ee.String("1").equals(ee.Number(1)), False),
        (lambda: ee.String.encodeJSON({"a": [1, "x"]}), '{"a":[1,"x"]}'),
        (lambda: ee.String('{"a": [1, null]}').decodeJSON(), {"a": [1, None]}),
        (lambda: ee.Dictionary({"b": 2, "a": 1}).toArray(), [1, 2]),
        (lambda: ee.Dictionary({"b": 2, "a": 1}).toArray(["b", "a"], 1), [[2, 1]]),
        (lambda: ee.Dictionary({"b": [2, 3]}).getArray("b").get([1]), 3),
        (lambda: ee.Feature(None, {"p": 4, "q": 5}).toArray(["q", "p"]), [5, 4]),
        (ee.PixelType.int16, {"type": "PixelType", "precision": "int", "min": -32768, "max": 32767}),
        (lambda: ee.PixelType("float", 0, 1), {"type": "PixelType", "precision": "float", "min": 0, "max": 1}),
        (lambda: ee.PixelType("double", None, None, 2).dimensions(), 2),
        (lambda: ee.PixelType.uint8().maxValue(), 255),
        (lambda: ee.PixelType.uint8().minValue(), 0),
        (lambda: ee.PixelType.float().precision(), "float"),
    ],
)
def test_values(made: Callable[[], Any], expected: object) -> None:
    assert value(made()) == expected


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (lambda: ee.List([1]).splice(0, -1), "Expected a count of at least 0, got -1"),
        (lambda: ee.String("{").decodeJSON(), "String.decodeJSON: Expecting"),
        (lambda: ee.String("[" * 500 + "]" * 500).decodeJSON(), "Values are nested deeper than 100 times"),
        (lambda: ee.Dictionary({"a": 1}).toArray(["b"]), "There is no number named 'b'"),
        (lambda: ee.Dictionary({"a": 1}).getArray("b"), "does not contain key: 'b'"),
        (lambda: ee.PixelType("float", 2, 1), "The smallest value 2 is larger than the largest, 1"),
        (lambda: ee.PixelType("text"), "Cannot convert 'text' to a pixel type"),
        (lambda: ee.PixelType("int8", None, None, 99), "Expected 0..16 dimensions, got 99"),
    ],
)
def test_refusals(made: Callable[[], Any], message: str) -> None:
    with pytest.raises(ServiceError) as caught:
        value(made())
    assert message in caught.value.message


def test_a_neighbourhood_as_an_array() -> None:
    image: Any = ee.Image("C/hood").select("L").neighborhoodToArray(ee.Kernel.rectangle(2, 1), 9)
    filled = np.where(MASK, LABELS, 9)
    for row, column in ((0, 0), (1, 2), (2, 4)):
        ((data, mask),) = pixels(image.arrayGet([row, column]), utm_grid(20, 12, x=9, y=8), SCENE)
        expected = filled[8 + row - 1 : 20 + row - 1, 9 + column - 2 : 29 + column - 2]
        np.testing.assert_array_equal(mask > 0, MASK[8:20, 9:29])
        np.testing.assert_array_equal(data[mask > 0], expected[mask > 0])


def moved() -> Any:
    return ee.Feature(ee.Feature(None).setGeometry(ee.Geometry.Point(3, 4)))


def shape(*coordinates: Any) -> Any:
    return ee.Geometry.Rectangle(list(coordinates), "EPSG:32633", False)


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (lambda: ee.Dictionary({"a": 2}).getNumber("a"), 2),
        (lambda: ee.Feature(None, {"n": 3}).getNumber("n"), 3),
        (lambda: ee.Feature(None).set("system:index", "f1").id(), "f1"),
        (lambda: moved().geometry().coordinates(), [3, 4]),
        (lambda: ee.String("ÄbC").toLowerCase(), "äbc"),
        (lambda: ee.String(" x ").trim(), "x"),
        (lambda: ee.String("abab").rindex("ab"), 2),
        (lambda: ee.String("a").compareTo("b"), -1),
        (lambda: ee.Projection("EPSG:32633").crs(), "EPSG:32633"),
        (lambda: ee.Projection("EPSG:32633").atScale(30).nominalScale(), 30),
        (lambda: ee.Projection("EPSG:32633", [10, 0, 5, 0, -10, 7]).scale(2, 3).nominalScale(), 10 * 6**0.5),
        (lambda: ee.Algorithms.IsEqual(3, 3), True),
        (lambda: ee.Algorithms.IsEqual(3, "3"), False),
        (lambda: ee.List([5, 7]).reduce(ee.Reducer.toList()), [5, 7]),
        (lambda: ee.List([3, 0]).reduce(ee.Reducer.allNonZero()), 0),
        (lambda: ee.List([3, 0]).reduce(ee.Reducer.Or()), 1),
        (lambda: ee.List([3, 0]).reduce(ee.Reducer.And()), 0),
        (lambda: ee.List([1, 2, 3, 100]).reduce(ee.Reducer.intervalMean(0, 70)), 2),
        (lambda: ee.List([1, 2, 9]).reduce(ee.Reducer.lastNonNull()), 9),
        (lambda: ee.List([2, 2, 3]).reduce(ee.Reducer.countDistinctNonNull()), 2),
        (lambda: ee.List([2, 4, 6]).reduce(ee.Reducer.sampleVariance()), 4),
        (lambda: ee.List([0, 1, 1, 4]).reduce(ee.Reducer.histogram(4, 1)), [1, 2, 0, 1]),
        (lambda: ee.List([1, 2]).set(0, 9), [9, 2]),
        (lambda: ee.List([1, 2, 1]).frequency(1), 2),
        (lambda: ee.List([1, 3]).insert(1, 2), [1, 2, 3]),
        (lambda: ee.List([1, 1]).replace(1, 5), [5, 1]),
        (lambda: ee.List([1, 1]).replaceAll(1, 5), [5, 5]),
        (lambda: ee.List([1, 2, 3]).swap(0, 2), [3, 2, 1]),
        (lambda: ee.List([[1, 2], [3, 4]]).unzip(), [[1, 3], [2, 4]]),
        (lambda: ee.List([1, 2]).containsAll([2]), True),
        (lambda: ee.List(["a", 2]).getString(0), "a"),
        (lambda: ee.List(["a", 2]).getNumber(1), 2),
        (lambda: ee.Dictionary({"a": "x"}).getString("a"), "x"),
        (lambda: ee.Dictionary({"a": "x", "b": 1}).size(), 2),
        (lambda: ee.Dictionary(numbered().aggregate_stats("n")).get("mean"), 2),
        (lambda: numbered().aggregate_product("n"), 6),
        (lambda: numbered().aggregate_sample_var("n"), 1.0),
        (lambda: numbered().aggregate_sample_sd("n"), 1.0),
        (lambda: numbered().aggregate_total_var("n"), 2 / 3),
        (lambda: ee.PixelType.uint32().maxValue(), 2**32 - 1),
        (lambda: ee.PixelType.int8().minValue(), -128),
        (lambda: ee.PixelType.int32().minValue(), -(2**31)),
        (lambda: ee.PixelType.uint16().maxValue(), 65535),
        (lambda: ee.PixelType.double().precision(), "double"),
        (lambda: shape(0, 0, 4, 2).symmetricDifference(shape(2, 0, 6, 2), 1e-9).bounds(1e-9).type(), "Polygon"),
        (lambda: shape(1, 1, 2, 2).containedIn(shape(0, 0, 4, 4), 1e-9), True),
        (lambda: shape(0, 0, 4, 4).projection().crs(), "EPSG:32633"),
    ],
)
def test_more_values(made: Callable[[], Any], expected: object) -> None:
    found = value(made())
    found = found["histogram"] if isinstance(found, dict) and "histogram" in found else found
    assert found == (pytest.approx(expected) if isinstance(expected, float) else expected)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("roberts", [[1, 0], [0, -1]]),
        ("prewitt", [[1, 0, -1], [1, 0, -1], [1, 0, -1]]),
        ("laplacian4", [[0, 1, 0], [1, -4, 1], [0, 1, 0]]),
        ("compass", [[1, 1, -1], [1, -2, -1], [1, 1, -1]]),
        ("kirsch", [[5, -3, -3], [5, 0, -3], [5, -3, -3]]),
    ],
)
def test_documented_edge_detectors(name: str, expected: list[list[int]]) -> None:
    assert value(getattr(ee.Kernel, name)())["weights"] == expected


@pytest.mark.parametrize(("name", "spelling"), [("mean", "focalMean"), ("mean", "focal_mean"), ("mode", "focal_mode")])
def test_focal_functions_by_both_names(name: str, spelling: str) -> None:
    image: Any = getattr(ee.Image("C/hood").select("whole"), spelling)(1, "square", "pixels")
    ((data, _),) = pixels(image, utm_grid(6, 5, x=9, y=8), SCENE)
    for row, column in np.ndindex(5, 6):
        block = LABELS[7 + row : 10 + row, 8 + column : 11 + column]
        expected = block.mean() if name == "mean" else np.bincount(block.ravel()).argmax()
        assert data[row, column] == pytest.approx(expected)


def test_pixels_know_their_place() -> None:
    (x, _), (y, _) = pixels(ee.Image.pixelCoordinates(ee.Projection("EPSG:32633")), utm_grid(2, 1, x=3, y=4))
    np.testing.assert_allclose(x, [[500_035, 500_045]])
    np.testing.assert_allclose(y, [[4_999_955, 4_999_955]])


def test_logic_over_images() -> None:
    images = ee.ImageCollection([ee.Image(2), ee.Image(0), ee.Image(3)])
    for made, expected in ((images.And(), 0), (images.Or(), 1), (images.product(), 0)):
        ((data, _),) = pixels(made, utm_grid(1, 1))
        assert data[0, 0] == expected


def numbered() -> Any:
    return ee.FeatureCollection([ee.Feature(None, {"n": n}) for n in (1, 2, 3)])


def test_casting_single_bands() -> None:
    image = ee.Image("C/hood").select(["whole", "height"]).cast({"height": "int16"})
    whole, height = value(image, SCENE)["bands"]
    assert whole["data_type"]["max"] == 255
    assert height["data_type"] == {"type": "PixelType", "precision": "int", "min": -32768, "max": 32767}


def test_shapes_against_shapely() -> None:
    ring = shapely.Polygon([(0, 0), (40, 0), (40, 1), (41, 1), (41, 40), (0, 40)])
    drawn = ee.Geometry.Polygon([list(map(list, ring.exterior.coords))], "EPSG:32633", False)
    simple = shapely.geometry.shape(value(drawn.simplify(ee.ErrorMargin(5, "projected"))))
    assert shapely.get_num_coordinates(simple) < shapely.get_num_coordinates(ring)
    assert simple.symmetric_difference(ring).area < 45
    two = ee.Geometry.MultiPolygon([value(shape(0, 0, 4, 4))["coordinates"], value(shape(2, 2, 6, 6))["coordinates"]])
    assert value(two.dissolve(1e-9).type()) == "Polygon"


def test_an_outline_of_an_image() -> None:
    outline = shapely.geometry.shape(value(ee.Image("C/hood").geometry(), SCENE))
    assert outline.equals_exact(shapely.geometry.shape(shapely.geometry.mapping(SCENE.footprint)), 1e-9)


def test_terrain_has_a_hidden_name() -> None:
    heights = ee.Image("C/hood").select("height")
    hidden = ee.Image(ee.ApiFunction.lookup("Terrain").call(heights)).select("slope")
    ((found, _),) = pixels(hidden, utm_grid(6, 5, x=9, y=8), SCENE)
    ((expected, _),) = pixels(ee.Terrain.slope(heights), utm_grid(6, 5, x=9, y=8), SCENE)
    np.testing.assert_array_equal(found, expected)


def test_a_property_as_pixels() -> None:
    ((data, _),) = pixels(ee.Image(1).set("angle", 12.5).metadata("angle"), utm_grid(1, 1))
    assert data[0, 0] == 12.5
