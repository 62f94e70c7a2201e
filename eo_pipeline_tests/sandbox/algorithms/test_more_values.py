"""Ranges of dates, lists, texts, dictionaries and pixel types: against what Python says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ee
import numpy as np
import pytest

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
