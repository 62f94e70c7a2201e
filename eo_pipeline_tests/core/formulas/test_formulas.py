"""Formulas over arrays, against numpy written plainly."""

import pickle
import re

import numpy as np
import pytest
from numpy.typing import NDArray

from eo_pipeline.core.formulas import parse_formula
from eo_pipeline.errors import ProductError

NAN = np.nan
RED = np.array([[0.05, 0.2, NAN, 0.0], [-0.1, 0.4, 0.3, 1.5]])
NIR = np.array([[0.45, 0.2, 0.3, 0.0], [0.1, NAN, -0.3, 2.5]])

VALUES: dict[str, NDArray[np.float64]] = {
    "(B8 - B4) / (B8 + B4)": np.array([[0.8, 0, NAN, 0], [0, NAN, 0, 0.25]]),
    "2.5 * (B8 - B4) / (B8 + 2.4 * B4 + 1)": 2.5 * (NIR - RED) / (NIR + 2.4 * RED + 1),
    "B4": RED,
    "B8 - B4 - 1": (NIR - RED) - 1,
    "B8 - (B4 - 1)": NIR - (RED - 1),
    "B4 + B8 * 2": RED + 2 * NIR,
    "-B4 ** 2": -(RED**2),
    "(-B4) ** 2": RED**2,
    "2 ** 3 ** 2 + 0 * B4": np.where(np.isnan(RED), NAN, 2.0**9),
    "2 ** -1 * B4": RED / 2,
    "1e-1 * B4 + .5": RED * 0.1 + 0.5,
    "B4 % 0.15": np.fmod(RED, 0.15),
    "B4 % 0": RED * 0,
    "B4 > 0.1": np.array([[0, 1, NAN, 0], [0, 1, 1, 1]]),
    "B4 >= 0.2 && B8 < 1 || B4 == 0": np.array([[0, 1, NAN, 1], [0, NAN, 1, 0]]),
    "!(B4 > 0.1) + 1": np.array([[2, 1, NAN, 2], [2, 1, 1, 1]]),
    "B4 != 0 == 1": np.array([[1, 1, NAN, 0], [1, 1, 1, 1]]),
    "B4 > 0.1 ? B4 : 9": np.array([[9, 0.2, NAN, 9], [9, 0.4, 0.3, 1.5]]),
    "B4 > 0.1 ? B4 < 0.35 ? 1 : 2 : 3": np.array([[3, 1, NAN, 3], [3, 2, 1, 2]]),
    "B4 > 0 ? sqrt(B4) : -1": np.array([[0.05**0.5, 0.2**0.5, NAN, -1], [-1, 0.4**0.5, 0.3**0.5, 1.5**0.5]]),
    "B4 <= 0 ? -1 : log(B4)": np.array(
        [[np.log(0.05), np.log(0.2), NAN, -1], [-1, np.log(0.4), np.log(0.3), np.log(1.5)]]
    ),
    "min(B4, B8)": np.array([[0.05, 0.2, NAN, 0], [-0.1, NAN, -0.3, 1.5]]),
    "max(B4, B8, 0.25)": np.array([[0.45, 0.25, NAN, 0.25], [0.25, NAN, 0.3, 2.5]]),
    "pow(B4 + 1, 2) - b('B4') * b(\"B4\")": RED * 2 + 1,
    "abs(B4) + signum(B8)": np.array([[1.05, 1.2, NAN, 0], [1.1, NAN, -0.7, 2.5]]),
    "round(B4 * 10 + 0.5) + floor(B4) + ceil(B8)": np.floor(RED * 10 + 1) + np.floor(RED) + np.ceil(NIR),
    "exp(B4) + log10(B8 + 10) + cbrt(B4)": np.exp(RED) + np.log10(NIR + 10) + np.cbrt(RED),
    "sin(B4) + cos(B4) + tan(B4) + atan(B4)": np.sin(RED) + np.cos(RED) + np.tan(RED) + np.arctan(RED),
    "atan2(B8, B4)": np.arctan2(RED, NIR),
    "hypot(B4, B8) + mod(B4, 0.15)": np.hypot(RED, NIR) + np.fmod(RED, 0.15),
    "sqrt(B4)": np.array([[0.05**0.5, 0.2**0.5, NAN, 0], [NAN, 0.4**0.5, 0.3**0.5, 1.5**0.5]]),
    "B4 / 0": np.where(np.isnan(RED), NAN, 0),
}


@pytest.mark.parametrize("text", VALUES)
def test_a_formula_has_the_values_of_plain_arithmetic(text: str) -> None:
    found = parse_formula(text).values({"B4": RED, "B8": NIR})
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, VALUES[text], rtol=1e-14, atol=1e-15)


BITS = np.array([0, 1, 5, 1024, 65535], np.uint16)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Q & 5", BITS & 5),
        ("Q | 2 ^ 3", BITS | (2 ^ 3)),
        ("Q ^ 1 & 4", BITS ^ (1 & 4)),
        ("~Q & 7", ~BITS.astype(int) & 7),
        ("Q >> 2 + 1", BITS >> 3),
        ("(Q << 1) % 4", (BITS.astype(int) << 1) % 4),
        ("Q & 1 == 1", BITS & 1),
        ("(Q & 1) == 1", (BITS & 1) == 1),
        ("Q > 4 && Q < 2000", (BITS > 4) & (BITS < 2000)),
    ],
)
def test_whole_numbers_have_bits(text: str, wanted: NDArray[np.int64]) -> None:
    np.testing.assert_array_equal(parse_formula(text).values({"Q": BITS}), wanted)


def test_a_band_is_unusable_where_a_branch_needs_it() -> None:
    """As Earth Engine's `where`: an unusable b is passed over, an unusable a or c is not."""
    a, b, c = (np.array(numbers) for numbers in ([1, 1, 1, 0, 0, NAN], [7, NAN, 7, 7, NAN, 7], [9, 9, NAN, 9, 9, 9]))
    found = parse_formula("a ? b_ : c").values({"a": a, "b_": b, "c": c})
    np.testing.assert_array_equal(found, [7, 9, NAN, 9, 9, NAN])


def test_long_arrays_are_worked_on_piece_by_piece() -> None:
    random = np.random.default_rng(1)
    red, infrared = (random.integers(0, 9999, (300, 401), dtype=np.uint16) for _ in range(2))
    total = red.astype(float) + infrared
    wanted = np.where(total == 0, 0, (infrared - red.astype(float)) / np.where(total == 0, 1, total))
    found = parse_formula("(B8 - B4) / (B8 + B4)").values({"B4": red, "B8": infrared})
    np.testing.assert_array_equal(found, wanted)
    views = {"B4": np.asfortranarray(red)[::2], "B8": infrared[::2]}
    np.testing.assert_array_equal(parse_formula("(B8 - B4) / (B8 + B4)").values(views), wanted[::2])


def test_constants_are_everywhere_and_bands_are_named_once_in_order() -> None:
    formula = parse_formula("B8 * 0 + min(B4, B8) + b('B2')")
    assert formula.names == ("B8", "B4", "B2")
    assert parse_formula("1 + 2 * 3").values({"B4": RED}).tolist() == [[7] * 4] * 2


def test_bands_stay_as_they_are_and_formulas_travel() -> None:
    before = RED.astype(np.float32)
    formula = pickle.loads(pickle.dumps(parse_formula("B4")))  # noqa: S301  # of this test
    found = formula.values({"B4": before})
    found[:] = 0
    np.testing.assert_array_equal(before, RED.astype(np.float32))


WRONG = {
    "B4 +": "formula: expected a number, a band or a function, got the end as part 3 of 'B4 +'; correct the formula",
    "": "formula: expected a number, a band or a function, got the end as part 1 of ''; correct the formula",
    "(B4": "formula: expected ')', got the end as part 3 of '(B4'; correct the formula",
    "B4 B8": "formula: expected an operator or the end, got 'B8' as part 2 of 'B4 B8'; correct the formula",
    "B4 ? 1": "formula: expected ':', got the end as part 4 of 'B4 ? 1'; correct the formula",
    "B4 = 1": "expected numbers, bands, operators and functions, got '=' in 'B4 = 1'; remove it",
    "B4; import os": "got ';' in 'B4; import os'; remove it",
    "B4.__class__": "got '.' in 'B4.__class__'; remove it",
    "'B4'": "expected a number, a band or a function, got \"'B4'\" as part 1",
    "b(0)": "expected a band's name in quotes after b(, got '0' as part 3 of 'b(0)'",
    "open(B4)": "expected one of abs, acos, asin, atan, atan2, cbrt, ceil, cos, cosh, exp, floor, hypot, log, log10",
    "sqrt(B4, B8)": "formula: expected sqrt of 1, got sqrt of 2 in 'sqrt(B4, B8)'; correct the formula",
    "min(B4)": "formula: expected min of 2, got min of 1 in 'min(B4)'; correct the formula",
    "sqrt()": "expected a number, a band or a function, got ')' as part 3",
    "(" * 60 + "B4" + ")" * 60: "formula: expected at most 40 brackets within each other, got more; split it",
    "+".join(["B4"] * 200): "formula: expected at most 300 numbers, names and signs, got 399; split it",
}


@pytest.mark.parametrize("text", WRONG, ids=range(len(WRONG)))
def test_what_is_wrong_is_said(text: str) -> None:
    with pytest.raises(ProductError, match=re.escape(WRONG[text])):
        parse_formula(text)


def test_the_longest_and_deepest_formulas_are_read() -> None:
    for text in ("-" * 299 + "B4", "+".join(["B4"] * 150), "(" * 39 + "B4" + ")" * 39, "**".join(["B4"] * 150)):
        assert parse_formula(text).values({"B4": np.ones(2)}).shape == (2,)


def test_bands_that_are_not_there_are_named() -> None:
    with pytest.raises(ProductError, match=r"expected bands for 'B4 \+ B9', got no B9 among B4, B8; add it to source"):
        parse_formula("B4 + B9").values({"B4": RED, "B8": NIR})
