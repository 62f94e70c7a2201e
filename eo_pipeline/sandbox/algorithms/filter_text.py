"""Filters written as text, such as "CLOUD_COVER < 20 && year == 2020". What does not belong here: other filters."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.graph.collections import Element
from eo_pipeline.sandbox.graph.filters import Filter
from eo_pipeline.sandbox.graph.infix import Call, Name, Number, Parser, Text, Tree
from eo_pipeline.sandbox.graph.properties import comparable, property_of
from eo_pipeline.sandbox.graph.registry import Family

FAMILY = Family()

_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
    "==": operator.eq, "=": operator.eq, "!=": operator.ne,
}  # fmt: skip


@FAMILY.algorithm("Filter.expression")
def parse_filter(expression: str) -> Filter:
    """The filter of a text.

    Raises:
        ServiceError: the text is not a condition.
    """
    return _filter(Parser(expression).condition())


def _filter(tree: Tree) -> Filter:
    if isinstance(tree, Call) and tree.name in ("&&", "and", "||", "or"):
        left, right = map(_filter, tree.operands)
        if tree.name in ("&&", "and"):
            return Filter(lambda a, b: left.matches(a, b) and right.matches(a, b))
        return Filter(lambda a, b: left.matches(a, b) or right.matches(a, b))
    if isinstance(tree, Call) and tree.name in ("unary !", "unary not"):
        inner = _filter(tree.operands[0])
        return Filter(lambda a, b: not inner.matches(a, b))
    if isinstance(tree, Call) and tree.name in _COMPARISONS:
        return _comparison(_COMPARISONS[tree.name], *map(_operand, tree.operands))
    raise ServiceError(f"Filter.expression: Expected a comparison, got {tree}.")


def _operand(tree: Tree) -> Callable[[Element], object]:
    if isinstance(tree, Name):
        name = tree.name
        return lambda element: property_of(element, name)
    if isinstance(tree, Number | Text):
        value = tree.value
        return lambda _: value
    if isinstance(tree, Call) and tree.name == "unary -" and isinstance(tree.operands[0], Number):
        negative = -tree.operands[0].value
        return lambda _: negative
    raise ServiceError(f"Filter.expression: Expected a property, a number or a text, got {tree}.")


def _comparison(
    compare: Callable[[Any, Any], bool], left: Callable[[Element], object], right: Callable[[Element], object]
) -> Filter:
    def condition(element: Element, _: Element) -> bool:
        a, b = comparable(left(element)), comparable(right(element))
        if a is None or b is None or isinstance(a, str) != isinstance(b, str):
            return False
        return compare(a, b)

    return Filter(condition)
