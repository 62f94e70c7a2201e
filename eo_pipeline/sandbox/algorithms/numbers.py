"""Numbers, and values of any type. What does not belong here: images."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from eo_pipeline.sandbox.algorithms.unary import CASTS
from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.graph.pixel_types import PixelType
from eo_pipeline.sandbox.graph.registry import Family
from eo_pipeline.sandbox.graph.values import ErrorMargin

FAMILY = Family()

Value = int | float


def _divide(left: Value, right: Value) -> Value:
    return 0 if right == 0 else left / right


def _mod(left: Value, right: Value) -> Value:
    if right == 0:
        return 0
    remainder = math.fmod(left, right)
    return int(remainder) if isinstance(left, int) and isinstance(right, int) else remainder


def _pow(base: Value, exponent: Value) -> Value:
    """Whole where that fits in 64 bits."""
    power = math.pow(base, exponent)
    whole = isinstance(base, int) and isinstance(exponent, int) and exponent >= 0
    return base**exponent if whole and abs(power) < 2**63 else power


_BINARY: dict[str, Callable[[Value, Value], Value]] = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": _divide,
    "mod": _mod,
    "pow": _pow,
    "min": min,
    "max": max,
    "eq": lambda a, b: int(a == b),
    "neq": lambda a, b: int(a != b),
    "gt": lambda a, b: int(a > b),
    "gte": lambda a, b: int(a >= b),
    "lt": lambda a, b: int(a < b),
    "lte": lambda a, b: int(a <= b),
    "and": lambda a, b: int(bool(a) and bool(b)),
    "or": lambda a, b: int(bool(a) or bool(b)),
    "atan2": lambda x, y: math.atan2(y, x),
    "hypot": math.hypot,
    "bitwiseAnd": lambda a, b: int(a) & int(b),
    "bitwiseOr": lambda a, b: int(a) | int(b),
    "bitwiseXor": lambda a, b: int(a) ^ int(b),
    "leftShift": lambda a, b: int(a) << int(b) % 64,
    "rightShift": lambda a, b: int(a) >> int(b) % 64,
}

_UNARY: dict[str, Callable[[Value], Value]] = {
    "abs": abs,
    "not": lambda a: int(not a),
    "floor": math.floor,
    "ceil": math.ceil,
    "round": lambda a: math.floor(a + 0.5),
    "signum": lambda a: (a > 0) - (a < 0),
    "sqrt": math.sqrt,
    "exp": math.exp,
    "log": math.log,
    "log10": math.log10,
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
    "asin": math.asin,
    "acos": math.acos,
    "atan": math.atan,
    "bitwiseNot": lambda a: ~int(a),
}


def _checked(name: str, compute: Callable[[], Value]) -> Value:
    try:
        return compute()
    except (ValueError, OverflowError) as error:
        raise ServiceError(f"Number.{name}: {error}.") from error


def _register_binary(name: str, operation: Callable[[Value, Value], Value]) -> None:
    def function(left: Value, right: Value) -> Value:
        return _checked(name, lambda: operation(left, right))

    FAMILY.add(f"Number.{name}", function)


def _register_unary(name: str, operation: Callable[[Value], Value]) -> None:
    def function(input_: Value) -> Value:
        return _checked(name, lambda: operation(input_))

    FAMILY.add(f"Number.{name}", function)


def _rounded(number: Value, target: PixelType) -> float:
    """The nearest number of a floating-point type, infinite beyond its largest."""
    with np.errstate(over="ignore"):
        return float(np.array(number, np.float64).astype(target.dtype))


def _register_cast(name: str) -> None:
    target = CASTS[name]

    def function(input_: Value) -> Value:
        if not target.is_integer:
            return _checked(name, lambda: _rounded(input_, target))
        return int(min(max(int(input_), target.low or 0), target.high or 0))

    FAMILY.add(f"Number.{name}", function)


for _name, _binary in _BINARY.items():
    _register_binary(_name, _binary)
for _name, _unary in _UNARY.items():
    _register_unary(_name, _unary)
for _name in CASTS:
    _register_cast(_name)


@FAMILY.algorithm("Number.clamp")
def clamp(number: Value, min_: Value, max_: Value) -> Value:
    """The number, or the nearer end of the range."""
    return min(max(number, min_), max_)


@FAMILY.algorithm("Number.unitScale")
def unit_scale(number: Value, min_: Value, max_: Value) -> Value:
    """0 at the start of the range and 1 at its end, linearly."""
    return (number - min_) / (max_ - min_)


@FAMILY.algorithm("Number.parse")
def parse(input_: str, radix: int) -> Value:
    """The number that a text says."""
    try:
        return int(input_, radix) if radix != 10 or input_.strip().lstrip("+-").isdigit() else float(input_)
    except ValueError as error:
        raise ServiceError(f"Number.parse: Cannot parse '{input_}' as a number.") from error


@FAMILY.algorithm("Number.format")
def format_(number: Value, pattern: str) -> str:
    """The number by a printf pattern; %s shows whole numbers without a point."""
    shown: object = int(number) if pattern.endswith("d") or (pattern == "%s" and number == int(number)) else number
    try:
        return pattern % shown
    except (TypeError, ValueError) as error:
        raise ServiceError(f"Number.format: Invalid pattern '{pattern}': {error}.") from error


@FAMILY.algorithm("IsEqual")
def is_equal(left: object, right: object) -> bool:
    """True if both values are the same."""
    return left == right


@FAMILY.algorithm("ErrorMargin")
def error_margin(value: float | None, unit: str) -> ErrorMargin:
    """A margin; computations here are exact and ignore it."""
    return ErrorMargin(value, unit)
