"""Functions of numbers, as Number, Array and Image have them, against Python and scipy; hidden names included."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from typing import Any

import ee
import numpy as np
import pytest
from scipy import special

from eo_pipeline.sandbox.algorithms import registry
from eo_pipeline.sandbox.graph.signatures import wheel_algorithms
from eo_pipeline_tests.sandbox.graph_support import pixels, utm_grid, value

KNOWN = registry(wheel_algorithms())
REAL, WHOLE = [0.25, 0.5, 0.75], [1, 6, 12]

OF_ONE: Mapping[str, tuple[Callable[[Any], Any], list[Any]]] = {
    **{name: (getattr(math, name), REAL) for name in (
        "sqrt", "cbrt", "exp", "log", "log10", "sin", "cos", "tan", "sinh", "cosh", "tanh", "asin", "acos", "atan",
        "erf", "erfc", "gamma",
    )},
    "abs": (abs, [-1.5, 0, 2]), "ceil": (math.ceil, [-1.5, 0.2]), "floor": (math.floor, [-1.5, 0.2]),
    "round": (lambda x: math.floor(x + 0.5), [-1.7, 0.2, 2.5]), "not": (operator.not_, [0, 2]),
    "signum": (lambda x: (x > 0) - (x < 0), [-3, 0, 2]), "bitwiseNot": (operator.invert, WHOLE),
    "bitwise_not": (operator.invert, WHOLE), "bitCount": (int.bit_count, WHOLE),
}  # fmt: skip

OF_TWO: Mapping[str, Callable[[Any, Any], Any]] = {
    "add": operator.add, "subtract": operator.sub, "multiply": operator.mul, "divide": operator.truediv,
    "pow": operator.pow, "mod": math.fmod, "min": min, "max": max, "hypot": math.hypot,
    "atan2": lambda x, y: math.atan2(y, x),
    "first": lambda a, _: a, "firstNonZero": lambda a, b: a or b, "first_nonzero": lambda a, b: a or b,
    "eq": operator.eq, "neq": operator.ne, "gt": operator.gt, "gte": operator.ge, "lt": operator.lt, "lte": operator.le,
    "and": lambda a, b: bool(a and b), "or": lambda a, b: bool(a or b),
    "bitwiseAnd": operator.and_, "bitwise_and": operator.and_, "bitwiseOr": operator.or_, "bitwise_or": operator.or_,
    "bitwiseXor": operator.xor, "bitwise_xor": operator.xor, "leftShift": operator.lshift,
    "left_shift": operator.lshift, "rightShift": operator.rshift, "right_shift": operator.rshift,
}  # fmt: skip
PAIRS = [(6, 3), (2, 5), (12, 1), (5, 5), (0, 4)]
WITH_ZERO = [*PAIRS, (3, 0), (0, 0)]
"""For all functions but divisions."""

SPECIAL: Mapping[str, tuple[Callable[..., Any], list[list[float]]]] = {
    "erfInv": (special.erfinv, [REAL]), "erfcInv": (special.erfcinv, [REAL]), "digamma": (special.psi, [REAL]),
    "gammainc": (lambda x, a: special.gammainc(a, x), [[6, 2, 12], [3, 5, 1]]),
}  # fmt: skip
"""Functions of numbers that Python's math does not have, as scipy has them, and numbers for each operand."""

LIMITS = {
    "uint8": "u1", "byte": "u1", "int8": "i1", "uint16": "u2", "short": "i2", "int16": "i2", "uint32": "u4",
    "int": "i4", "int32": "i4", "long": "i8", "int64": "i8", "float": "f4", "double": "f8",
}  # fmt: skip
CASTS = {f"{prefix}{name[0].upper()}{name[1:]}" if prefix else name: name for name in LIMITS for prefix in ("", "to")}


def cast(name: str, number: float) -> float:
    """A number in the type of a cast."""
    kind = np.dtype(LIMITS[CASTS[name]])
    if kind.kind == "f":
        return float(kind.type(number))
    return min(max(math.trunc(number), int(np.iinfo(kind).min)), int(np.iinfo(kind).max))


def call(name: str, *operands: Any) -> Any:
    """A call of a function by its wire name, arguments in published order."""
    names = [argument.name for argument in KNOWN[name].signature.arguments]
    return ee.ApiFunction.lookup(name).apply(dict(zip(names, operands, strict=True)))


def by_kind(kind: str, name: str, *operands: list[Any]) -> list[float]:
    """Results for lists of operands, as numbers one by one, as one array, or as an image of one band each."""
    if kind == "Number":
        return [float(value(call(f"Number.{name}", *map(ee.Number, one)))) for one in zip(*operands, strict=True)]
    if kind == "Array":
        found = value(ee.List([call(f"Array.{name}", *map(ee.Array, operands))]))
        return [float(one) for one in found[0]]
    images = [ee.Image.constant(one) for one in operands]
    found_pixels = pixels(ee.Image(call(f"Image.{name}", *images)), utm_grid(1, 1))
    return [float(data[0, 0]) for data, _ in found_pixels]


def cases(names: Any) -> list[tuple[str, str]]:
    return [(kind, name) for kind in ("Number", "Array", "Image") for name in names if f"{kind}.{name}" in KNOWN]


@pytest.mark.parametrize(("kind", "name"), cases(OF_ONE))
@pytest.mark.functions("{kind}.{name}", against="python")
def test_functions_of_one_number(kind: str, name: str) -> None:
    function, numbers = OF_ONE[name]
    assert by_kind(kind, name, numbers) == pytest.approx([float(function(one)) for one in numbers])


@pytest.mark.parametrize(("kind", "name"), cases(OF_TWO))
@pytest.mark.functions("{kind}.{name}", against="python")
def test_functions_of_two_numbers(kind: str, name: str) -> None:
    pairs = PAIRS if name in ("divide", "mod") else WITH_ZERO
    left, right = map(list, zip(*pairs, strict=True))
    assert by_kind(kind, name, left, right) == pytest.approx([float(OF_TWO[name](a, b)) for a, b in pairs])


@pytest.mark.parametrize(("kind", "name"), cases(SPECIAL))
@pytest.mark.functions("{kind}.{name}", against="scipy")
def test_special_functions(kind: str, name: str) -> None:
    function, operands = SPECIAL[name]
    assert by_kind(kind, name, *operands) == pytest.approx(function(*map(np.array, operands)))


@pytest.mark.parametrize(("kind", "name"), cases(CASTS))
@pytest.mark.functions("{kind}.{name}", against="numpy")
def test_casts(kind: str, name: str) -> None:
    numbers = [1.75, -1.75, 300.5, 70000.25, -3e9, 0.1, 16777217.0, 1e19]
    assert by_kind(kind, name, numbers) == [float(cast(name, one)) for one in numbers]


M = [[4.0, 1.0, 2.0], [1.0, 3.0, 0.0], [2.0, 0.0, 5.0]]
MATRIX: Mapping[str, tuple[Any, Any]] = {
    "matrixInverse": (M, np.linalg.inv(M)),
    "matrixPseudoInverse": (M[:2], np.linalg.pinv(M[:2])),
    "matrixDeterminant": (M, np.linalg.det(M)),
    "matrixTrace": (M, np.trace(M)),
    "matrixFnorm": (M, np.linalg.norm(M)),
    "matrixDiagonal": (M, [[4], [3], [5]]),
    "matrixToDiag": ([[1], [2]], [[1, 0], [0, 2]]),
}


@pytest.mark.parametrize("name", MATRIX)
@pytest.mark.functions("Array.{name}", "Image.{name}", against="numpy")
def test_matrices(name: str) -> None:
    given, expected = MATRIX[name]
    found = value(call(f"Array.{name}", ee.Array(given)))
    np.testing.assert_allclose(np.array(found, float), expected, atol=1e-12)
    image = ee.Image(call(f"Image.{name}", ee.Image(ee.Array(given))))
    for place in np.ndindex(np.shape(expected)):
        ((data, _),) = pixels(image.arrayGet(list(place)) if place else image, utm_grid(1, 1))
        assert data[0, 0] == pytest.approx(np.asarray(expected)[place], abs=1e-12)


@pytest.mark.functions("Array.matrixTranspose", against="worked example")
def test_transposing_has_two_names() -> None:
    assert value(call("Array.matrixTranspose", ee.Array([[1, 2]]), 0, 1)) == [[1], [2]]
