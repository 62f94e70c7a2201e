"""Comparing and measuring values that may be far larger than the graph that made them, since parts of them are shared.

What does not belong here: the order of values (`properties`).
"""

from __future__ import annotations

from eo_pipeline.sandbox.graph.limits import memory_exceeded, proceed

LARGEST_VALUE = 2_000_000
"""Numbers, or tens of characters, that a value may have when it is written out."""


def bounded[T](value: T) -> T:
    """The value itself, if it can be written out.

    Raises:
        ServiceError: it is larger than `LARGEST_VALUE`.
    """
    size, left = 0, [value]
    while left and size <= LARGEST_VALUE:
        one: object = left.pop()
        size += 1 + (len(one) // 10 if isinstance(one, str) else 0)
        if isinstance(one, list | tuple):
            left.extend(one)
        elif isinstance(one, dict):
            left.extend(one.values())
    if left:
        raise memory_exceeded()
    return value


def text_of(value: object) -> str:
    """A value as Python writes it; raises ServiceError if it cannot be written out."""
    return value if isinstance(value, str) else str(bounded(value))


def same(first: object, second: object) -> bool:
    """True if two values are equal; pairs that were met before are not compared again.

    Raises:
        ServiceError: there is no time left.
    """
    if first is second or not isinstance(first, list | dict) or not isinstance(second, list | dict):
        return first is second or bool(first == second)
    left: list[tuple[object, object]] = [(first, second)]
    met: set[tuple[int, int]] = set()
    while left:
        proceed()
        pair = left.pop()
        if pair[0] is pair[1] or (id(pair[0]), id(pair[1])) in met:
            continue
        parts = _parts(*pair)
        if parts is None:
            return False
        met.add((id(pair[0]), id(pair[1])))
        left.extend(parts)
    return True


def _parts(first: object, second: object) -> list[tuple[object, object]] | None:
    """Pairs that have to be equal for two values to be; None if the values differ."""
    if isinstance(first, list) and isinstance(second, list):
        return list(zip(first, second, strict=True)) if len(first) == len(second) else None
    if isinstance(first, dict) and isinstance(second, dict):
        return [(first[key], second[key]) for key in first] if first.keys() == second.keys() else None
    return [] if bool(first == second) else None
