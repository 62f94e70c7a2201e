"""Image.expression: arithmetic on images written as text. What does not belong here: the operations themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from eo_pipeline.sandbox.algorithms.arithmetic import operate
from eo_pipeline.sandbox.algorithms.bands import select
from eo_pipeline.sandbox.algorithms.masks import where
from eo_pipeline.sandbox.algorithms.unary import unary
from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.graph.coercions import MismatchError, as_image
from eo_pipeline.sandbox.graph.constants import constant_image
from eo_pipeline.sandbox.graph.images import Image
from eo_pipeline.sandbox.graph.infix import Access, Call, Name, Number, Parser, Text, Tree
from eo_pipeline.sandbox.graph.registry import Family
from eo_pipeline.sandbox.graph.values import Function

FAMILY = Family()

_BINARY = {
    "+": "add", "-": "subtract", "*": "multiply", "/": "divide", "%": "mod", "**": "pow",
    "<": "lt", "<=": "lte", ">": "gt", ">=": "gte", "==": "eq", "!=": "neq",
    "&&": "and", "and": "and", "||": "or", "or": "or", "&": "bitwiseAnd", "|": "bitwiseOr", "^": "bitwiseXor",
    "<<": "leftShift", ">>": "rightShift",
}  # fmt: skip
"""Short names of the operations behind signs."""

_CONSTANTS = {"PI": 3.141592653589793, "E": 2.718281828459045}


@FAMILY.algorithm("Image.parseExpression")
def parse_expression(
    expression: str, arg_name: str, vars_: list[str], map_free_vars_to_default_image_bands: bool
) -> Function:
    """A function of the images named in `vars`; b() means the default image."""
    target, tree = Parser(expression).parse()

    def call(*images: object) -> Image:
        named = {name: _image(name, image) for name, image in zip(vars_, images, strict=True) if image is not None}
        scope = _Scope(named, arg_name, bands_are_names=map_free_vars_to_default_image_bands)
        result = scope.evaluate(tree)
        if target is None:
            return result
        if len(result.bands) != 1:
            raise ServiceError(f"Image.parseExpression: '{target} =' needs one band, got {len(result.bands)}.")
        return replace(result, bands=(replace(result.bands[0], id=target),))

    return Function(tuple(vars_), call)


def _image(name: str, value: object) -> Image:
    try:
        return as_image(value)
    except MismatchError as error:
        raise ServiceError(
            f"Image.parseExpression: Expected an image for '{name}', got {type(value).__name__}."
        ) from error


class _Scope:
    """Images by name while one expression is evaluated."""

    def __init__(self, images: Mapping[str, Image], default: str, *, bands_are_names: bool) -> None:
        self._images = images
        self._default = default
        self._bands_are_names = bands_are_names

    def evaluate(self, tree: Tree) -> Image:
        """The image of a tree."""
        if isinstance(tree, Number):
            return constant_image(tree.value)
        if isinstance(tree, Name):
            return self._named(tree.name)
        if isinstance(tree, Access):
            return select(self.evaluate(tree.base), [self._selector(one) for one in tree.selectors], None)
        if isinstance(tree, Call):
            return self._call(tree)
        raise ServiceError(f"Image.parseExpression: Unexpected text '{tree.value}'.")

    def _named(self, name: str) -> Image:
        if name in self._images:
            return self._images[name]
        if name in _CONSTANTS:
            return constant_image(_CONSTANTS[name])
        if self._bands_are_names:
            return select(self._default_image(), [name], None)
        raise ServiceError(f"Image.parseExpression: Unknown variable '{name}'.")

    def _default_image(self) -> Image:
        if self._default not in self._images:
            raise ServiceError("Image.parseExpression: b() needs a default image.")
        return self._images[self._default]

    def _selector(self, tree: Tree) -> object:
        if isinstance(tree, Number | Text):
            return tree.value
        raise ServiceError(f"Image.parseExpression: Expected the name or number of a band, got {tree}.")

    def _call(self, call: Call) -> Image:
        if call.name == "b":
            image = self._default_image()
            return select(image, [self._selector(one) for one in call.operands], None) if call.operands else image
        operands = [self.evaluate(operand) for operand in call.operands]
        if call.name == "?":
            condition, yes, no = operands
            return where(operate("first", no, condition), condition, yes)
        return _applied(call.name, operands)


def _applied(name: str, operands: list[Image]) -> Image:
    """An operator or function of one or two images."""
    if name == "unary -":
        return operate("multiply", operands[0], constant_image(-1))
    if name in ("unary !", "unary not"):
        return unary("not", operands[0])
    if name == "unary ~":
        return unary("bitwiseNot", operands[0])
    try:
        if len(operands) == 1:
            return unary(name, operands[0])
        if len(operands) == 2:
            return operate(_BINARY.get(name, name), *operands)
    except KeyError as error:
        raise ServiceError(f"Image.parseExpression: Unknown function '{name}'.") from error
    if name in ("min", "max") and len(operands) > 2:
        return operate(name, _applied(name, operands[:-1]), operands[-1])
    raise ServiceError(f"Image.parseExpression: '{name}' does not take {len(operands)} arguments.")
