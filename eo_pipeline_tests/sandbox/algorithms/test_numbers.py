"""Numbers, against Python's operators and its module math, and against numpy's limits of types."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import ee
import numpy as np
import pytest

from eo_pipeline_tests.sandbox.graph_support import value


def call(name: str, *arguments: object) -> Any:
    """The value of a function by its wire name."""
    return value(ee.ApiFunction.call_(name, *arguments))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("add", operator.add),
        ("subtract", operator.sub),
        ("multiply", operator.mul),
        ("divide", operator.truediv),
        ("mod", math.fmod),
        ("pow", operator.pow),
        ("min", min),
        ("max", max),
        ("eq", operator.eq),
        ("neq", operator.ne),
        ("gt", operator.gt),
        ("gte", operator.ge),
        ("lt", operator.lt),
        ("lte", operator.le),
        ("and", lambda a, b: bool(a) and bool(b)),
        ("or", lambda a, b: bool(a) or bool(b)),
        ("atan2", lambda x, y: math.atan2(y, x)),
        ("hypot", math.hypot),
    ],
)
@pytest.mark.functions("Number.{name}", against="python")
def test_functions_of_two_numbers(name: str, expected: Callable[[float, float], float]) -> None:
    for left, right in [(7, 2), (2.5, 2.5), (-7, 3), (0, 4), (0.5, -1)]:
        assert call(f"Number.{name}", left, right) == pytest.approx(float(expected(left, right))), (left, right)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("bitwiseAnd", operator.and_),
        ("bitwiseOr", operator.or_),
        ("bitwiseXor", operator.xor),
        ("leftShift", operator.lshift),
        ("rightShift", operator.rshift),
    ],
)
@pytest.mark.functions("Number.{name}", against="python")
def test_bits_of_two_numbers(name: str, expected: Callable[[int, int], int]) -> None:
    for left, right in [(12, 2), (255, 5), (-8, 1), (0, 3)]:
        assert call(f"Number.{name}", left, right) == expected(left, right), (left, right)


@pytest.mark.parametrize(
    ("name", "expected", "samples"),
    [
        ("abs", abs, (-2.5, 0, 3)),
        ("not", operator.not_, (-2.5, 0, 3)),
        ("floor", math.floor, (-2.5, 2.5, 3)),
        ("ceil", math.ceil, (-2.5, 2.5, 3)),
        ("signum", lambda a: math.copysign(1, a) if a else 0, (-2.5, 0, 3)),
        ("sqrt", math.sqrt, (0, 2, 6.25)),
        ("exp", math.exp, (-1, 0, 2.5)),
        ("log", math.log, (0.5, 1, 10)),
        ("log10", math.log10, (0.5, 1, 1000)),
        ("sin", math.sin, (-1, 0, 2.5)),
        ("cos", math.cos, (-1, 0, 2.5)),
        ("tan", math.tan, (-1, 0, 2.5)),
        ("asin", math.asin, (-1, 0, 0.5)),
        ("acos", math.acos, (-1, 0, 0.5)),
        ("atan", math.atan, (-10, 0, 0.5)),
        ("bitwiseNot", operator.invert, (-8, 0, 5)),
    ],
)
@pytest.mark.functions("Number.{name}", against="python")
def test_functions_of_one_number(
    name: str, expected: Callable[[float], float], samples: tuple[float, float, float]
) -> None:
    for sample in samples:
        assert call(f"Number.{name}", sample) == pytest.approx(float(expected(sample))), sample


@pytest.mark.parametrize(
    ("names", "dtype"),
    [
        ("Number.byte Number.toByte Number.uint8 Number.toUint8", "u1"),
        ("Number.int8 Number.toInt8", "i1"),
        ("Number.uint16 Number.toUint16", "u2"),
        ("Number.short Number.toShort Number.int16 Number.toInt16", "i2"),
        ("Number.uint32 Number.toUint32", "u4"),
        ("Number.int Number.toInt Number.int32 Number.toInt32", "i4"),
        ("Number.long Number.toLong Number.int64 Number.toInt64", "i8"),
    ],
)
@pytest.mark.functions("{names}", against="numpy")
def test_casts_cut_fractions_and_stop_at_the_limits_of_the_type(names: str, dtype: str) -> None:
    limits = np.iinfo(dtype)
    for name in names.split():
        for sample in (-1e15, -3.99, 3.99, 200, 40000.5, 1e15):
            expected = min(max(math.trunc(sample), int(limits.min)), int(limits.max))
            assert call(name, sample) == expected, (name, sample)


@pytest.mark.functions("Number.float", "Number.toFloat", "Number.double", "Number.toDouble", against="python")
def test_casts_to_floating_point_keep_the_value() -> None:
    for name in ("float", "toFloat", "double", "toDouble"):
        assert call(f"Number.{name}", 3) == 3.0
        assert call(f"Number.{name}", -0.25) == -0.25


@pytest.mark.parametrize(
    ("functions", "make", "expected"),
    [
        ("Number.divide", lambda: ee.Number(7).divide(0), 0),
        ("Number.mod", lambda: ee.Number(7).mod(0), 0),
        ("Number.round", lambda: ee.Number(2.5).round(), 3),
        ("Number.round", lambda: ee.Number(-2.5).round(), -2),
        ("Number.format", lambda: ee.Number(5).format("%04d"), "0005"),
        ("Number.format", lambda: ee.Number(5.0).format(), "5"),
        ("Number.format", lambda: ee.Number(1.2345).format("%.2f"), "1.23"),
        ("Number.parse", lambda: ee.Number.parse("12"), 12),
        ("Number.parse", lambda: ee.Number.parse("-1.5e2"), -150),
        ("Number.parse", lambda: ee.Number.parse("ff", 16), 255),
        ("Number.clamp", lambda: ee.Number(5).clamp(0, 3), 3),
        ("Number.clamp", lambda: ee.Number(-5).clamp(0, 3), 0),
        ("Number.unitScale", lambda: ee.Number(15).unitScale(10, 30), 0.25),
        ("IsEqual", lambda: ee.ApiFunction.call_("IsEqual", [1, "a"], [1, "a"]), True),
        ("IsEqual", lambda: ee.ApiFunction.call_("IsEqual", {"a": 1}, {"a": 2}), False),
    ],
)
@pytest.mark.functions("{functions}", against="worked example")
def test_numbers(functions: str, make: Callable[[], Any], expected: object) -> None:
    assert value(make()) == expected
