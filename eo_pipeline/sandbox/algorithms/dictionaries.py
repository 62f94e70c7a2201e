"""Dictionaries. What does not belong here: properties of elements."""

from __future__ import annotations

from dataclasses import replace

from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.graph.coercions import MismatchError, as_image, as_number
from eo_pipeline.sandbox.graph.comparing import text_of
from eo_pipeline.sandbox.graph.constants import unique_names
from eo_pipeline.sandbox.graph.images import Band, Image
from eo_pipeline.sandbox.graph.registry import Family
from eo_pipeline.sandbox.graph.values import Function
from eo_pipeline.sandbox.patterns import Pattern

FAMILY = Family()

Entries = dict[str, object]


@FAMILY.algorithm("Dictionary")
def dictionary(input_: object) -> Entries:
    """A dictionary, or one of a flat list of keys and values."""
    if isinstance(input_, list):
        return {text_of(key): value for key, value in zip(input_[0::2], input_[1::2], strict=True)}
    if isinstance(input_, dict):
        return input_
    return {}


@FAMILY.algorithm("Dictionary.fromLists")
def from_lists(keys: list[str], values: list[object]) -> Entries:
    """Keys with the values in the same places."""
    if len(keys) != len(values):
        raise ServiceError(f"Dictionary.fromLists: Lists must have the same length, got {len(keys)} and {len(values)}.")
    return dict(zip(keys, values, strict=True))


@FAMILY.algorithm("Dictionary.get")
def get(dictionary: Entries, key: str, default_value: object) -> object:
    """The value of a key, or the default."""
    if key in dictionary:
        return dictionary[key]
    if default_value is None:
        raise ServiceError(f"Dictionary.get: Dictionary does not contain key: '{key}'.")
    return default_value


@FAMILY.algorithm("Dictionary.getNumber")
def get_number(dictionary: Entries, key: str) -> int | float | None:
    """The number of a key."""
    value = get(dictionary, key, None)
    try:
        return None if value is None else as_number(value)
    except MismatchError as error:
        raise ServiceError(f"Dictionary.getNumber: Value of '{key}' is not a number: {value}.") from error


@FAMILY.algorithm("Dictionary.getString")
def get_string(dictionary: Entries, key: str) -> object:
    """The text of a key."""
    return get(dictionary, key, None)


@FAMILY.algorithm("Dictionary.keys")
def keys(dictionary: Entries) -> list[str]:
    """The keys, sorted."""
    return sorted(dictionary)


@FAMILY.algorithm("Dictionary.values")
def values(dictionary: Entries, keys: list[str] | None) -> list[object]:
    """Values of keys, of all in their sorted order by default."""
    return [get(dictionary, key, None) for key in (sorted(dictionary) if keys is None else keys)]


@FAMILY.algorithm("Dictionary.contains")
def contains(dictionary: Entries, key: str) -> bool:
    """True if there is such a key."""
    return key in dictionary


@FAMILY.algorithm("Dictionary.size")
def size(dictionary: Entries) -> int:
    """How many keys there are."""
    return len(dictionary)


@FAMILY.algorithm("Dictionary.set")
def set_(dictionary: Entries, key: str, value: object) -> Entries:
    """The dictionary with one value changed."""
    return {**dictionary, key: value}


@FAMILY.algorithm("Dictionary.map")
def map_(dictionary: Entries, base_algorithm: Function) -> Entries:
    """A function of each key and value."""
    return {key: base_algorithm(key, value) for key, value in dictionary.items()}


@FAMILY.algorithm("Dictionary.combine")
def combine(first: Entries, second: Entries, overwrite: bool) -> Entries:
    """Both dictionaries without nulls; the second one's values win, unless they must not."""
    a, b = ({key: value for key, value in one.items() if value is not None} for one in (first, second))
    return {**a, **b} if overwrite else {**b, **a}


def _selected(function: str, dictionary: Entries, selectors: list[str], *, ignore_missing: bool) -> list[str]:
    """Keys that match names or patterns."""
    chosen: list[str] = []
    for selector in selectors:
        pattern = Pattern(selector)
        found = [key for key in dictionary if key == selector or pattern.full_match(key)]
        if not found and not ignore_missing:
            raise ServiceError(f"{function}: Dictionary does not contain key: '{selector}'.")
        chosen += found
    return chosen


@FAMILY.algorithm("Dictionary.select")
def select(dictionary: Entries, selectors: list[str], ignore_missing: bool) -> Entries:
    """The entries whose keys match."""
    return {
        k: dictionary[k] for k in _selected("Dictionary.select", dictionary, selectors, ignore_missing=ignore_missing)
    }


@FAMILY.algorithm("Dictionary.remove")
def remove(dictionary: Entries, selectors: list[str], ignore_missing: bool) -> Entries:
    """The entries whose keys do not match."""
    gone = _selected("Dictionary.remove", dictionary, selectors, ignore_missing=ignore_missing)
    return {key: value for key, value in dictionary.items() if key not in gone}


@FAMILY.algorithm("Dictionary.rename")
def rename(dictionary: Entries, from_: list[str], to: list[str], overwrite: bool) -> Entries:
    """Keys replaced by others."""
    if len(from_) != len(to):
        raise ServiceError(f"Dictionary.rename: Lists must have the same length, got {len(from_)} and {len(to)}.")
    names = dict(zip(from_, to, strict=True))
    missing = [name for name in from_ if name not in dictionary]
    if missing:
        raise ServiceError(f"Dictionary.rename: Dictionary does not contain key: '{missing[0]}'.")
    kept = {key: value for key, value in dictionary.items() if key not in names}
    clash = sorted(set(kept) & set(to))
    if clash and not overwrite:
        raise ServiceError(f"Dictionary.rename: Dictionary already contains key: '{clash[0]}'.")
    return {**kept, **{new: dictionary[old] for old, new in names.items()}}


@FAMILY.algorithm("Dictionary.toImage")
def to_image(dictionary: Entries, names: list[str] | None) -> Image:
    """A constant band for each entry, named by its key."""
    chosen = sorted(dictionary) if names is None else names
    return Image(unique_names(_band(dictionary, name) for name in chosen))


def _band(dictionary: Entries, name: str) -> Band:
    try:
        band = as_image(get(dictionary, name, None)).bands[0]
    except MismatchError as error:
        raise ServiceError(f"Dictionary.toImage: Value of '{name}' is not a number.") from error
    return replace(band, id=name)
