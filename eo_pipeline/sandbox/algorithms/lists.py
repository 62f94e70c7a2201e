"""Lists. What does not belong here: collections."""

from __future__ import annotations

from eo_pipeline.sandbox.algorithms.aggregates import reduced_columns
from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.graph.filters import Filter
from eo_pipeline.sandbox.graph.properties import sort_key
from eo_pipeline.sandbox.graph.reducers import Reducer
from eo_pipeline.sandbox.graph.registry import Family
from eo_pipeline.sandbox.graph.values import Feature, Function

FAMILY = Family()

Values = list[object]


@FAMILY.algorithm("List.get")
def get(list_: Values, index: int) -> object:
    """The element at a place from 0; negative places count from the end."""
    if not -len(list_) <= index < len(list_):
        raise ServiceError(f"List.get: List index must be between 0 and {len(list_)}, or negative. Got {index}.")
    return list_[index]


@FAMILY.algorithm("List.getNumber")
def get_number(list_: Values, index: int) -> object:
    """The number at a place."""
    return get(list_, index)


@FAMILY.algorithm("List.getString")
def get_string(list_: Values, index: int) -> object:
    """The text at a place."""
    return get(list_, index)


@FAMILY.algorithm("List.set")
def set_(list_: Values, index: int, element: object) -> Values:
    """The list with one element replaced."""
    get(list_, index)
    place = index % len(list_)
    return [*list_[:place], element, *list_[place + 1 :]]


@FAMILY.algorithm("List.slice")
def slice_(list_: Values, start: int, end: int | None, step: int | None) -> Values:
    """Elements from start up to, not including, end."""
    return list_[start:end:step]


@FAMILY.algorithm("List.size", "List.length")
def size(list_: Values) -> int:
    """How many elements there are."""
    return len(list_)


@FAMILY.algorithm("List.add")
def add(list_: Values, element: object) -> Values:
    """The list with one element more."""
    return [*list_, element]


@FAMILY.algorithm("List.cat")
def cat(list_: Values, other: Values) -> Values:
    """Both lists, one after the other."""
    _check_length("cat", len(list_) + len(other))
    return [*list_, *other]


@FAMILY.algorithm("List.contains")
def contains(list_: Values, element: object) -> bool:
    """True if the element occurs."""
    return element in list_


@FAMILY.algorithm("List.containsAll")
def contains_all(list_: Values, other: Values) -> bool:
    """True if every element of the other list occurs."""
    return all(element in list_ for element in other)


@FAMILY.algorithm("List.indexOf")
def index_of(list_: Values, element: object) -> int:
    """The first place of an element, -1 if it does not occur."""
    return list_.index(element) if element in list_ else -1


@FAMILY.algorithm("List.frequency")
def frequency(list_: Values, element: object) -> int:
    """How often an element occurs."""
    return list_.count(element)


@FAMILY.algorithm("List.distinct")
def distinct(list_: Values) -> Values:
    """Every element once, in order of first appearance."""
    found: Values = []
    for element in list_:
        if element not in found:
            found.append(element)
    return found


@FAMILY.algorithm("List.flatten")
def flatten(list_: Values) -> Values:
    """Elements of nested lists in one list."""
    leaves: Values = []
    left, met = list(reversed(list_)), 0
    while left:
        member, met = left.pop(), met + 1
        _check_length("flatten", met)
        if isinstance(member, list):
            left.extend(reversed(member))
        else:
            leaves.append(member)
    return leaves


@FAMILY.algorithm("List.insert")
def insert(list_: Values, index: int, element: object) -> Values:
    """The list with an element put in before a place."""
    return [*list_[:index], element, *list_[index:]]


@FAMILY.algorithm("List.remove")
def remove(list_: Values, element: object) -> Values:
    """The list without the first occurrence of an element."""
    place = index_of(list_, element)
    return list_ if place < 0 else [*list_[:place], *list_[place + 1 :]]


@FAMILY.algorithm("List.removeAll")
def remove_all(list_: Values, other: Values) -> Values:
    """The list without any element of another list."""
    return [element for element in list_ if element not in other]


@FAMILY.algorithm("List.replace")
def replace(list_: Values, oldval: object, newval: object) -> Values:
    """The list with the first occurrence of a value replaced."""
    place = index_of(list_, oldval)
    return list_ if place < 0 else [*list_[:place], newval, *list_[place + 1 :]]


@FAMILY.algorithm("List.replaceAll")
def replace_all(list_: Values, oldval: object, newval: object) -> Values:
    """The list with every occurrence of a value replaced."""
    return [newval if element == oldval else element for element in list_]


LONGEST = 1_000_000
"""Elements that a list may be made of."""


def _check_length(name: str, length: int) -> None:
    if length > LONGEST:
        raise ServiceError(f"List.{name}: {length} elements are too many; at most {LONGEST} are possible.")


@FAMILY.algorithm("List.repeat")
def repeat(value: object, count: int) -> Values:
    """The same element so many times."""
    _check_length("repeat", count)
    return [value] * count


@FAMILY.algorithm("List.reverse")
def reverse(list_: Values) -> Values:
    """Elements from last to first."""
    return list_[::-1]


@FAMILY.algorithm("List.rotate")
def rotate(list_: Values, distance: int) -> Values:
    """Elements moved to the left by places, those that fall off put at the end."""
    shift = distance % len(list_) if list_ else 0
    return [*list_[shift:], *list_[:shift]]


@FAMILY.algorithm("List.sort")
def sort(list_: Values, keys: Values | None) -> Values:
    """Elements in ascending order, or in that of keys in the same places."""
    if keys is None:
        return sorted(list_, key=sort_key)
    if len(keys) != len(list_):
        raise ServiceError(f"List.sort: The number of keys ({len(keys)}) must match the list ({len(list_)}).")
    places = sorted(range(len(list_)), key=lambda place: sort_key(keys[place]))
    return [list_[place] for place in places]


@FAMILY.algorithm("List.swap")
def swap(list_: Values, pos1: int, pos2: int) -> Values:
    """The list with two elements exchanged."""
    return set_(set_(list_, pos1, get(list_, pos2)), pos2, get(list_, pos1))


@FAMILY.algorithm("List.zip")
def zip_(list_: Values, other: Values) -> list[Values]:
    """Pairs of elements in the same places."""
    return [[a, b] for a, b in zip(list_, other, strict=False)]


@FAMILY.algorithm("List.unzip")
def unzip(list_: Values) -> list[Values]:
    """Columns of a list of rows."""
    if not all(isinstance(row, list) for row in list_):
        raise ServiceError("List.unzip: Expected a list of lists.")
    return [list(column) for column in zip(*list_, strict=True)]


@FAMILY.algorithm("List.sequence")
def sequence(start: float, end: float | None, step: float, count: int | None) -> list[float]:
    """Numbers from start to end, both included, by a step or so many of them."""
    if count is not None:
        _check_length("sequence", count)
        if end is not None:
            step = (end - start) / (count - 1) if count > 1 else 0
        return [start + number * step for number in range(count)]
    if end is None or step == 0:
        raise ServiceError("List.sequence: Either 'end' or 'count' must be given, and 'step' must not be 0.")
    length = int((end - start) / step + 1e-9) + 1
    _check_length("sequence", length)
    return [start + number * step for number in range(length)]


@FAMILY.algorithm("List.map")
def map_(list_: Values, base_algorithm: Function, drop_nulls: bool) -> Values:
    """A function of each element."""
    results = [base_algorithm(element) for element in list_]
    return [result for result in results if result is not None] if drop_nulls else results


@FAMILY.algorithm("List.iterate")
def iterate(list_: Values, function: Function, first: object) -> object:
    """A function of each element and the last result, starting from `first`."""
    result = first
    for element in list_:
        result = function(element, result)
    return result


@FAMILY.algorithm("List.filter")
def filter_(list_: Values, filter_: Filter) -> Values:
    """Elements that pass a filter on the property 'item'."""
    return [element for element in list_ if filter_.passes(Feature(None, {"item": element}))]


@FAMILY.algorithm("List.join")
def join(list_: Values, separator: str) -> str:
    """Elements as text, with a separator between them."""
    return separator.join("" if element is None else _text(element) for element in list_)


def _text(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


@FAMILY.algorithm("List.reduce")
def reduce_(list_: Values, reducer: Reducer) -> object:
    """A reducer over the elements, or over columns of rows; a dictionary if it has several outputs."""
    present = [element for element in list_ if element is not None or reducer.inputs == 0]
    if reducer.inputs == 1:
        columns = [present]
    else:
        columns = [[row[number] for row in present if isinstance(row, list)] for number in range(reducer.inputs)]
    outputs = reduced_columns(reducer, columns, [1.0] * len(present))
    return next(iter(outputs.values())) if len(outputs) == 1 else outputs


@FAMILY.algorithm("List.equals")
def equals(list_: Values, other: Values) -> bool:
    """True if both hold the same elements in the same order."""
    return list_ == other


@FAMILY.algorithm("List.splice")
def splice(list_: Values, start: int, count: int, other: Values | None) -> Values:
    """The list with some elements replaced by those of another one; negative places count from the end."""
    if count < 0:
        raise ServiceError(f"List.splice: Expected a count of at least 0, got {count}.")
    place = max(0, start + len(list_)) if start < 0 else start
    return [*list_[:place], *(other or []), *list_[place + count :]]


def _places(list_: Values, target: Values) -> Values:
    return [place for place in range(len(list_) - len(target) + 1) if list_[place : place + len(target)] == target]


@FAMILY.algorithm("List.indexOfSublist")
def index_of_sublist(list_: Values, target: Values) -> object:
    """Where another list first occurs in this one; -1 if it does not."""
    return next(iter(_places(list_, target)), -1)


@FAMILY.algorithm("List.lastIndexOfSubList")
def last_index_of_sub_list(list_: Values, target: Values) -> object:
    """Where another list last occurs in this one; -1 if it does not."""
    return next(reversed(_places(list_, target)), -1)
