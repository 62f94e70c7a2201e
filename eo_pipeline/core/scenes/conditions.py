"""What properties of scenes must satisfy, with the meaning that Earth Engine's filters have.

What does not belong here: what may be said (`core.product.source`), and where properties come from.
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from eo_pipeline.core.product.source import Condition

_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "lt": operator.lt,
    "lte": operator.le,
    "gt": operator.gt,
    "gte": operator.ge,
    "eq": operator.eq,
    "neq": operator.ne,
    "one_of": lambda value, among: value in among,
}


def meets(properties: Mapping[str, Any], conditions: Mapping[str, Condition]) -> bool:
    """True if every condition holds; one about a property that is absent, or of another type, does not."""
    return all(_holds(properties.get(name), condition) for name, condition in conditions.items())


def unknown_properties(
    properties: Sequence[Mapping[str, Any]], conditions: Mapping[str, Condition]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Properties of conditions that no scene has, though there are scenes, and those that there are, in order."""
    there = {name for told in properties for name, value in told.items() if value is not None}
    unknown = tuple(name for name in conditions if name not in there) if properties else ()
    return unknown, tuple(sorted(there))


def _holds(value: Any, condition: Condition) -> bool:
    if value is None:
        return False
    wanted = condition.model_dump(exclude_none=True)
    try:
        return all(_OPERATORS[name](value, limit) for name, limit in wanted.items())
    except TypeError:
        return False
