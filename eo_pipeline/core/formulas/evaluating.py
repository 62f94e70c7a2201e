"""A formula's values over arrays. Does not belong here: what single operators compute (`operations`)."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eo_pipeline.core.formulas.operations import BINARY, MANY, UNARY, Values
from eo_pipeline.core.formulas.parsing import Call, Name, Number, Tree, parse
from eo_pipeline.errors import ProductError

Known = NDArray[np.bool_]
_AT_ONCE = 2**15
"""Pixels whose intermediate results stay in the processor's cache."""
_FUNCTIONS = sorted(name for name in {*UNARY, *BINARY} if name.isalnum())


@dataclass(frozen=True)
class Formula:
    """A formula that has been read.

    Attributes:
        text: as it is written.
        tree: what it says.
    """

    text: str
    tree: Tree

    @property
    def names(self) -> tuple[str, ...]:
        """Bands that it uses, in order of appearance, each once."""
        return tuple(dict.fromkeys(_names(self.tree)))

    def values(self, bands: Mapping[str, NDArray[Any]]) -> Values:
        """The formula's value of each pixel, in double precision.

        A pixel is unusable where a band that the formula uses is; of `a ? b : c`, c is used even where a is true, and
        where b alone is unusable c stands, as Earth Engine's `where` has it.

        Args:
            bands: arrays of any numbers and of one shape, NaN where unusable.

        Returns:
            Of that shape, NaN where unusable and where there is no result.

        Raises:
            ProductError: a band is not there.
        """
        if missing := [name for name in self.names if name not in bands]:
            raise ProductError(
                f"formula: expected bands for {self.text!r}, got no {', '.join(missing)} among {', '.join(bands)}; "
                "add it to source.bands or correct the formula"
            )
        shape = next((pixels.shape for pixels in bands.values()), ())
        found = np.empty(math.prod(shape))
        flat = {name: bands[name].reshape(-1) for name in self.names}
        for start in range(0, found.size, _AT_ONCE):
            some = slice(start, start + _AT_ONCE)
            with np.errstate(all="ignore"):
                data, known = _evaluated(self.tree, {name: _with_known(pixels[some]) for name, pixels in flat.items()})
            found[some] = np.where(known, data, np.nan)
        return found.reshape(shape)


def parse_formula(text: str) -> Formula:
    """Read a formula.

    Raises:
        ProductError: it is not well formed, or a function is unknown or has too few or too many operands.
    """
    tree = parse(text)
    _check_calls(tree, text)
    return Formula(text, tree)


def _names(tree: Tree) -> list[str]:
    match tree:
        case Name(name):
            return [name]
        case Call(_, operands):
            return [name for operand in operands for name in _names(operand)]
        case Number():
            return []


def _check_calls(tree: Tree, text: str) -> None:
    if not isinstance(tree, Call):
        return
    count = len(tree.operands)
    for operand in tree.operands:
        _check_calls(operand, text)
    if tree.name == "?" or (tree.name in UNARY and count == 1) or (tree.name in BINARY and count == 2):
        return
    if tree.name in MANY and count > 2:
        return
    known = tree.name in UNARY or tree.name in BINARY
    expected = f"{tree.name} of {1 if tree.name in UNARY else 2}" if known else f"one of {', '.join(_FUNCTIONS)}"
    raise ProductError(f"formula: expected {expected}, got {tree.name} of {count} in {text!r}; correct the formula")


def _with_known(pixels: NDArray[Any]) -> tuple[Values, Known]:
    data = pixels.astype(np.float64)
    return data, ~np.isnan(data)


def _evaluated(tree: Tree, bands: Mapping[str, tuple[Values, Known]]) -> tuple[Values, Known]:
    """Values, and where they are known."""
    match tree:
        case Number(value):
            return np.asarray(value), np.asarray(True)
        case Name(name):
            return bands[name]
        case Call("?", operands):
            (condition, asked), (yes, told), (no, left) = (_evaluated(operand, bands) for operand in operands)
            return np.where((condition != 0) & asked & told, yes, no), left & asked
        case Call(name, operands):
            found = [_evaluated(operand, bands) for operand in operands]
            values = [data for data, _ in found]
            computed = UNARY[name](*values) if len(values) == 1 else reduce(BINARY[name], values)
            return computed, reduce(np.logical_and, [known for _, known in found])
