"""What operators and functions of formulas compute, as Earth Engine's functions of the same meaning do.

Division by 0 gives 0, and so does a remainder by 0 (documented of `ee.Image.divide`); comparisons give 1 or 0. What has
no result, such as the root of a negative number, is NaN. Does not belong here: which pixels are usable (`evaluating`).
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]


def _divided(a: Values, b: Values) -> Values:
    return np.where(b == 0, 0.0, a / b)


def _remainder(a: Values, b: Values) -> Values:
    return np.where(b == 0, 0.0, np.fmod(a, b))


def _bits(of_whole: Callable[..., Any]) -> Callable[..., Values]:
    """Of the whole parts of numbers; of what is no number, 0."""
    return lambda *operands: np.asarray(of_whole(*(np.nan_to_num(o).astype(np.int64) for o in operands)), np.float64)


def _shown(of_numbers: Callable[..., Any]) -> Callable[..., Values]:
    """1 where it is true, else 0."""
    return lambda *operands: np.asarray(of_numbers(*operands), np.float64)


UNARY: Mapping[str, Callable[[Values], Values]] = {
    "unary -": np.negative, "unary !": _shown(np.logical_not), "unary ~": _bits(np.invert),
    "abs": np.abs, "signum": np.sign, "ceil": np.ceil, "floor": np.floor, "round": lambda x: np.floor(x + 0.5),
    "sqrt": np.sqrt, "cbrt": np.cbrt, "exp": np.exp, "log": np.log, "log10": np.log10,
    "sin": np.sin, "cos": np.cos, "tan": np.tan, "sinh": np.sinh, "cosh": np.cosh, "tanh": np.tanh,
    "asin": np.arcsin, "acos": np.arccos, "atan": np.arctan,
}  # fmt: skip
"""Functions of one operand; `round` rounds halves up, angles are in radians."""

BINARY: Mapping[str, Callable[[Values, Values], Values]] = {
    "+": np.add, "-": np.subtract, "*": np.multiply, "/": _divided, "%": _remainder, "**": np.power,
    "==": _shown(np.equal), "!=": _shown(np.not_equal), "<": _shown(np.less), "<=": _shown(np.less_equal),
    ">": _shown(np.greater), ">=": _shown(np.greater_equal),
    "&&": _shown(np.logical_and), "||": _shown(np.logical_or),
    "&": _bits(np.bitwise_and), "|": _bits(np.bitwise_or), "^": _bits(np.bitwise_xor),
    "<<": _bits(np.left_shift), ">>": _bits(np.right_shift),
    "min": np.minimum, "max": np.maximum, "pow": np.power, "mod": _remainder, "hypot": np.hypot,
    "atan2": lambda x, y: np.arctan2(y, x),
}  # fmt: skip
"""Functions of two operands; a remainder has the sign of the first, `atan2(x, y)` is the angle of the vector [x, y]."""

MANY = ("min", "max")
"""Those of BINARY that take more operands, too."""
