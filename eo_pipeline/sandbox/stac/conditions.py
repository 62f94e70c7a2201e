"""Conditions on properties: the query extension and CQL2 as JSON. What does not belong here: place and time."""

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from eo_pipeline.sandbox.errors import ServiceError

Condition = Callable[[Mapping[str, object]], bool]
"""Whether the fields of an item (properties, and id and collection) meet it."""

_ORDERED: Mapping[str, Callable[[Any, Any], bool]] = {
    "lt": operator.lt,
    "lte": operator.le,
    "gt": operator.gt,
    "gte": operator.ge,
}
_OF_TEXT: Mapping[str, Callable[[str, str], bool]] = {
    "startsWith": str.startswith,
    "endsWith": str.endswith,
    "contains": str.__contains__,
}
_SIGNS = {"<": "lt", "<=": "lte", ">": "gt", ">=": "gte", "=": "eq", "<>": "neq"}
_DEPTH = 50


def query_condition(query: object) -> Condition:
    """The conditions of the query extension, all of which must hold, for example {"eo:cloud_cover": {"lt": 20}}.

    Raises:
        ServiceError: Another form, or an unknown operator.
    """
    if not isinstance(query, dict) or not all(isinstance(wanted, dict) for wanted in query.values()):
        raise ServiceError(
            f"query: expected an object of objects, got {str(query)[:100]!r}; write {{field: {{op: value}}}}."
        )
    conditions = [_one(field, name, value) for field, wanted in query.items() for name, value in wanted.items()]
    return lambda fields: all(condition(fields) for condition in conditions)


def cql2_condition(filter_: object, depth: int = 0) -> Condition:
    """A CQL2 filter as JSON: and, or, not, comparisons, between, in, isNull.

    Raises:
        ServiceError: Another form, or an operator that is not served.
    """
    if not isinstance(filter_, dict) or not isinstance(filter_.get("args"), list) or depth > _DEPTH:
        raise ServiceError(f"filter: expected CQL2 as JSON, got {str(filter_)[:100]!r}; write {{op: .., args: [..]}}.")
    name, args = filter_.get("op"), filter_["args"]
    if name in {"and", "or", "not"}:
        return _joined(str(name), [cql2_condition(part, depth + 1) for part in args])
    if not args:
        raise ServiceError(f"filter: expected arguments of {name!r}, got none; name a property first.")
    field = _property(args[0])
    if name == "isNull":
        return lambda fields: fields.get(field) is None
    if name == "between" and len(args) == 3:
        return _joined("and", [_one(field, "gte", args[1]), _one(field, "lte", args[2])])
    if name == "in" and len(args) == 2:
        return _one(field, "in", args[1])
    if name in _SIGNS and len(args) == 2:
        return _one(field, _SIGNS[str(name)], args[1])
    known = sorted({"and", "or", "not", "isNull", "between", "in", *_SIGNS})
    raise ServiceError(f"filter: expected an operator among {known}, got {str(name)[:100]!r}; use one of them.")


def _joined(name: str, parts: Sequence[Condition]) -> Condition:
    if name == "not":
        return lambda fields: not all(part(fields) for part in parts)
    join = all if name == "and" else any
    return lambda fields: join(part(fields) for part in parts)


def _property(argument: object) -> str:
    name = argument.get("property") if isinstance(argument, dict) else None
    if not isinstance(name, str):
        raise ServiceError(f"filter: expected {{property: name}} first, got {str(argument)[:100]!r}; put it first.")
    return name.removeprefix("properties.")


def _one(field: str, name: str, value: object) -> Condition:
    """A condition on one field; one that is absent meets only `neq`."""
    field = field.removeprefix("properties.")
    if name in _ORDERED:
        compare = _ORDERED[name]
        return lambda fields: _compared(compare, fields.get(field), value)
    if name == "eq":
        return lambda fields: _equal(fields.get(field), value)
    if name == "neq":
        return lambda fields: not _equal(fields.get(field), value)
    if name == "in" and isinstance(value, list):
        return lambda fields: any(_equal(fields.get(field), one) for one in value)
    if name in _OF_TEXT and isinstance(value, str):
        meets = _OF_TEXT[name]
        return lambda fields: isinstance(text := fields.get(field), str) and meets(text, value)
    known = sorted({"eq", "neq", "in", *_ORDERED, *_OF_TEXT})
    raise ServiceError(
        f"query: expected an operator among {known}, got {name[:100]!r} of {str(value)[:100]!r}; use one."
    )


def _compared(compare: Callable[[Any, Any], bool], found: object, wanted: object) -> bool:
    wanted = _like(found, wanted)
    numbers = _is_number(found) and _is_number(wanted)
    return (numbers or (isinstance(found, str) and isinstance(wanted, str))) and compare(found, wanted)


def _equal(found: object, wanted: object) -> bool:
    return found is not None and found == _like(found, wanted)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _like(found: object, wanted: object) -> object:
    """A number that came as text, as pystac-client sends it, as a number if a number is meant."""
    if not _is_number(found) or not isinstance(wanted, str):
        return wanted
    try:
        return float(wanted)
    except ValueError:
        return wanted
