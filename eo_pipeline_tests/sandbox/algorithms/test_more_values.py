"""Ranges of dates, lists, texts, dictionaries and pixel types: small results worked out by hand."""

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
    ("names", "made", "expected"),
    [
        ("DateRange.contains", lambda: days(2, 9).contains(ee.Date(2 * DAY)), True),
        ("DateRange.contains", lambda: days(2, 9).contains(ee.Date(9 * DAY)), False),
        ("DateRange.contains", lambda: days(2, 9).contains(days(3, 9)), True),
        ("DateRange.contains", lambda: days(2, 9).contains(days(3, 10)), False),
        ("DateRange.isEmpty", lambda: days(2, 9).isEmpty(), False),
        ("DateRange.intersects", lambda: days(2, 9).intersects(days(9, 12)), False),
        ("DateRange.intersects", lambda: days(2, 9).intersects(days(8, 12)), True),
        ("DateRange.intersection DateRange.end", lambda: days(2, 9).intersection(days(5, 12)).end().millis(), 9 * DAY),
        ("DateRange.intersection DateRange.isEmpty", lambda: days(2, 9).intersection(days(12, 13)).isEmpty(), True),
        ("DateRange.union DateRange.end", lambda: days(2, 9).union(days(5, 12)).end().millis(), 12 * DAY),
        ("List.equals", lambda: ee.List([1, 2, 3]).equals([1, 2, 3]), True),
        ("List.equals", lambda: ee.List([1, 2, 3]).equals([1, 3, 2]), False),
        ("List.splice", lambda: ee.List([1, 2, 3, 4]).splice(1, 2, ["x"]), [1, "x", 4]),
        ("List.splice", lambda: ee.List([1, 2, 3, 4]).splice(-1, 1), [1, 2, 3]),
        ("List.indexOfSublist", lambda: ee.List([1, 2, 1, 2]).indexOfSublist([1, 2]), 0),
        ("List.lastIndexOfSubList", lambda: ee.List([1, 2, 1, 2]).lastIndexOfSubList([1, 2]), 2),
        ("List.lastIndexOfSubList", lambda: ee.List([1, 2]).lastIndexOfSubList([3]), -1),
        ("List.getArray Array.add", lambda: ee.List([0, [1, 2]]).getArray(1).add(1), [2, 3]),
        ("String.equals", lambda: ee.String("a").equals("a"), True),
        ("String.equals", lambda: ee.String("1").equals(ee.Number(1)), False),
        ("String.encodeJSON", lambda: ee.String.encodeJSON({"a": [1, "x"]}), '{"a":[1,"x"]}'),
        ("String.decodeJSON", lambda: ee.String('{"a": [1, null]}').decodeJSON(), {"a": [1, None]}),
        ("Dictionary.toArray", lambda: ee.Dictionary({"b": 2, "a": 1}).toArray(), [1, 2]),
        ("Dictionary.toArray", lambda: ee.Dictionary({"b": 2, "a": 1}).toArray(["b", "a"], 1), [[2, 1]]),
        ("Dictionary.getArray Array.get", lambda: ee.Dictionary({"b": [2, 3]}).getArray("b").get([1]), 3),
        ("Feature.toArray", lambda: ee.Feature(None, {"p": 4, "q": 5}).toArray(["q", "p"]), [5, 4]),
        ("PixelType.int16", ee.PixelType.int16, {"type": "PixelType", "precision": "int", "min": -32768, "max": 32767}),
        (
            "PixelType",
            lambda: ee.PixelType("float", 0, 1),
            {"type": "PixelType", "precision": "float", "min": 0, "max": 1},
        ),
        ("PixelType.dimensions", lambda: ee.PixelType("double", None, None, 2).dimensions(), 2),
        ("PixelType.uint8 PixelType.maxValue", lambda: ee.PixelType.uint8().maxValue(), 255),
        ("PixelType.uint8 PixelType.minValue", lambda: ee.PixelType.uint8().minValue(), 0),
        ("PixelType.float PixelType.precision", lambda: ee.PixelType.float().precision(), "float"),
    ],
)
@pytest.mark.functions("{names}", against="worked example")
def test_values(names: str, made: Callable[[], Any], expected: object) -> None:
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


@pytest.mark.functions("Image.neighborhoodToArray", "Kernel.rectangle", "Image.arrayGet", against="numpy")
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
    ("names", "made", "expected"),
    [
        ("Dictionary.getNumber", lambda: ee.Dictionary({"a": 2}).getNumber("a"), 2),
        ("Element.getNumber", lambda: ee.Feature(None, {"n": 3}).getNumber("n"), 3),
        ("Feature.id", lambda: ee.Feature(None).set("system:index", "f1").id(), "f1"),
        ("Feature.setGeometry Feature.geometry Geometry.coordinates", lambda: moved().geometry().coordinates(), [3, 4]),
        ("String.toLowerCase", lambda: ee.String("ÄbC").toLowerCase(), "äbc"),
        ("String.trim", lambda: ee.String(" x ").trim(), "x"),
        ("String.rindex", lambda: ee.String("abab").rindex("ab"), 2),
        ("String.compareTo", lambda: ee.String("a").compareTo("b"), -1),
        ("Projection.crs", lambda: ee.Projection("EPSG:32633").crs(), "EPSG:32633"),
        (
            "Projection.atScale Projection.nominalScale",
            lambda: ee.Projection("EPSG:32633").atScale(30).nominalScale(),
            30,
        ),
        (
            "Projection.scale Projection.nominalScale",
            lambda: ee.Projection("EPSG:32633", [10, 0, 5, 0, -10, 7]).scale(2, 3).nominalScale(),
            10 * 6**0.5,
        ),
        ("IsEqual", lambda: ee.Algorithms.IsEqual(3, 3), True),
        ("IsEqual", lambda: ee.Algorithms.IsEqual(3, "3"), False),
        ("Reducer.toList", lambda: ee.List([5, 7]).reduce(ee.Reducer.toList()), [5, 7]),
        ("Reducer.allNonZero", lambda: ee.List([3, 0]).reduce(ee.Reducer.allNonZero()), 0),
        ("Reducer.or", lambda: ee.List([3, 0]).reduce(ee.Reducer.Or()), 1),
        ("Reducer.and", lambda: ee.List([3, 0]).reduce(ee.Reducer.And()), 0),
        ("Reducer.intervalMean", lambda: ee.List([1, 2, 3, 100]).reduce(ee.Reducer.intervalMean(0, 70)), 2),
        ("Reducer.lastNonNull", lambda: ee.List([1, 2, 9]).reduce(ee.Reducer.lastNonNull()), 9),
        ("Reducer.countDistinctNonNull", lambda: ee.List([2, None, 2, 3]).reduce(ee.Reducer.countDistinctNonNull()), 2),
        ("Reducer.countDistinct", lambda: ee.List([2, None, 3, 3]).reduce(ee.Reducer.countDistinct()), 2),
        ("Reducer.countEvery", lambda: ee.List([2, None, 2]).reduce(ee.Reducer.countEvery()), 3),
        ("Reducer.sampleVariance", lambda: ee.List([2, 4, 6]).reduce(ee.Reducer.sampleVariance()), 4),
        ("Reducer.histogram", lambda: ee.List([0, 1, 1, 4]).reduce(ee.Reducer.histogram(4, 1)), [1, 2, 0, 1]),
        ("Reducer.countEvery", lambda: numbered().reduceColumns(ee.Reducer.countEvery(), []).get("count"), 3),
        ("List.set", lambda: ee.List([1, 2]).set(0, 9), [9, 2]),
        ("List.frequency", lambda: ee.List([1, 2, 1]).frequency(1), 2),
        ("List.insert", lambda: ee.List([1, 3]).insert(1, 2), [1, 2, 3]),
        ("List.replace", lambda: ee.List([1, 1]).replace(1, 5), [5, 1]),
        ("List.replaceAll", lambda: ee.List([1, 1]).replaceAll(1, 5), [5, 5]),
        ("List.swap", lambda: ee.List([1, 2, 3]).swap(0, 2), [3, 2, 1]),
        ("List.unzip", lambda: ee.List([[1, 2], [3, 4]]).unzip(), [[1, 3], [2, 4]]),
        ("List.containsAll", lambda: ee.List([1, 2]).containsAll([2]), True),
        ("List.getString", lambda: ee.List(["a", 2]).getString(0), "a"),
        ("List.getNumber", lambda: ee.List(["a", 2]).getNumber(1), 2),
        ("Dictionary.getString", lambda: ee.Dictionary({"a": "x"}).getString("a"), "x"),
        ("Dictionary.size", lambda: ee.Dictionary({"a": "x", "b": 1}).size(), 2),
        ("AggregateFeatureCollection.stats", lambda: ee.Dictionary(numbered().aggregate_stats("n")).get("mean"), 2),
        ("AggregateFeatureCollection.product", lambda: numbered().aggregate_product("n"), 6),
        ("AggregateFeatureCollection.sample_var", lambda: numbered().aggregate_sample_var("n"), 1.0),
        ("AggregateFeatureCollection.sample_sd", lambda: numbered().aggregate_sample_sd("n"), 1.0),
        ("AggregateFeatureCollection.total_var", lambda: numbered().aggregate_total_var("n"), 2 / 3),
        ("PixelType.uint32 PixelType.maxValue", lambda: ee.PixelType.uint32().maxValue(), 2**32 - 1),
        ("PixelType.int8 PixelType.minValue", lambda: ee.PixelType.int8().minValue(), -128),
        ("PixelType.int32 PixelType.minValue", lambda: ee.PixelType.int32().minValue(), -(2**31)),
        ("PixelType.int64 PixelType.minValue", lambda: ee.PixelType.int64().minValue(), -(2**63)),
        ("PixelType.uint16 PixelType.maxValue", lambda: ee.PixelType.uint16().maxValue(), 65535),
        ("PixelType.double PixelType.precision", lambda: ee.PixelType.double().precision(), "double"),
        (
            "Geometry.symmetricDifference",
            lambda: shape(0, 0, 4, 2).symmetricDifference(shape(2, 0, 6, 2), 1e-9).bounds(1e-9).type(),
            "Polygon",
        ),
        ("Geometry.containedIn", lambda: shape(1, 1, 2, 2).containedIn(shape(0, 0, 4, 4), 1e-9), True),
        ("Geometry.projection", lambda: shape(0, 0, 4, 4).projection().crs(), "EPSG:32633"),
    ],
)
@pytest.mark.functions("{names}", against="worked example")
def test_more_values(names: str, made: Callable[[], Any], expected: object) -> None:
    found = value(made())
    found = found["histogram"] if isinstance(found, dict) and "histogram" in found else found
    assert found == (pytest.approx(expected) if isinstance(expected, float) else expected)


@pytest.mark.parametrize(("name", "spelling"), [("mean", "focalMean"), ("mean", "focal_mean"), ("mode", "focal_mode")])
@pytest.mark.functions("Image.{spelling}", against="numpy")
def test_focal_functions_by_both_names(name: str, spelling: str) -> None:
    image: Any = getattr(ee.Image("C/hood").select("whole"), spelling)(1, "square", "pixels")
    ((data, _),) = pixels(image, utm_grid(6, 5, x=9, y=8), SCENE)
    for row, column in np.ndindex(5, 6):
        block = LABELS[7 + row : 10 + row, 8 + column : 11 + column]
        expected = block.mean() if name == "mean" else np.bincount(block.ravel()).argmax()
        assert data[row, column] == pytest.approx(expected)


@pytest.mark.functions("Image.pixelCoordinates", against="worked example")
def test_pixels_know_their_place() -> None:
    (x, _), (y, _) = pixels(ee.Image.pixelCoordinates(ee.Projection("EPSG:32633")), utm_grid(2, 1, x=3, y=4))
    np.testing.assert_allclose(x, [[500_035, 500_045]])
    np.testing.assert_allclose(y, [[4_999_955, 4_999_955]])


@pytest.mark.functions("reduce.and", "reduce.or", "reduce.product", against="worked example")
def test_logic_over_images() -> None:
    images = ee.ImageCollection([ee.Image(2), ee.Image(0), ee.Image(3)])
    for made, expected in ((images.And(), 0), (images.Or(), 1), (images.product(), 0)):
        ((data, _),) = pixels(made, utm_grid(1, 1))
        assert data[0, 0] == expected


def numbered() -> Any:
    return ee.FeatureCollection([ee.Feature(None, {"n": n}) for n in (1, 2, 3)])


@pytest.mark.functions("Image.cast", against="worked example")
def test_casting_single_bands() -> None:
    image = ee.Image("C/hood").select(["whole", "height"]).cast({"height": "int16"})
    whole, height = value(image, SCENE)["bands"]
    assert whole["data_type"]["max"] == 255
    assert height["data_type"] == {"type": "PixelType", "precision": "int", "min": -32768, "max": 32767}


@pytest.mark.functions("Geometry.simplify", "Geometry.dissolve", against="shapely")
def test_shapes_against_shapely() -> None:
    ring = shapely.Polygon([(0, 0), (40, 0), (40, 1), (41, 1), (41, 40), (0, 40)])
    drawn = ee.Geometry.Polygon([list(map(list, ring.exterior.coords))], "EPSG:32633", False)
    simple = shapely.geometry.shape(value(drawn.simplify(ee.ErrorMargin(5, "projected"))))
    assert shapely.get_num_coordinates(simple) < shapely.get_num_coordinates(ring)
    assert simple.symmetric_difference(ring).area < 45
    two = ee.Geometry.MultiPolygon([value(shape(0, 0, 4, 4))["coordinates"], value(shape(2, 2, 6, 6))["coordinates"]])
    assert value(two.dissolve(1e-9).type()) == "Polygon"


@pytest.mark.functions("Image.geometry", against="shapely")
def test_an_outline_of_an_image() -> None:
    outline = shapely.geometry.shape(value(ee.Image("C/hood").geometry(), SCENE))
    assert outline.equals_exact(shapely.geometry.shape(shapely.geometry.mapping(SCENE.footprint)), 1e-9)


@pytest.mark.functions("Image.metadata", against="worked example")
def test_a_property_as_pixels() -> None:
    ((data, _),) = pixels(ee.Image(1).set("angle", 12.5).metadata("angle"), utm_grid(1, 1))
    assert data[0, 0] == 12.5
