"""Texts. What does not belong here: texts that are parsed as expressions."""

from __future__ import annotations

import json
import re
from itertools import accumulate

from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.graph.coercions import as_number
from eo_pipeline.sandbox.graph.registry import Family

FAMILY = Family()

DEEPEST_JSON = 100
"""Lists and dictionaries that may lie in each other in a text of JSON."""


@FAMILY.algorithm("String")
def string(input_: object) -> str:
    """A value as text; whole numbers without a point."""
    if isinstance(input_, str):
        return input_
    number = as_number(input_)
    return str(int(number)) if number == int(number) else str(number)


@FAMILY.algorithm("String.cat")
def cat(string1: str, string2: str) -> str:
    """Both texts, one after the other."""
    _check_length("cat", len(string1) + len(string2))
    return string1 + string2


@FAMILY.algorithm("String.length")
def length(string: str) -> int:
    """How many characters there are."""
    return len(string)


@FAMILY.algorithm("String.slice")
def slice_(string: str, start: int, end: int | None) -> str:
    """Characters from start up to, not including, end."""
    return string[start:end]


@FAMILY.algorithm("String.toLowerCase")
def to_lower_case(string: str) -> str:
    """Every letter small."""
    return string.lower()


@FAMILY.algorithm("String.toUpperCase")
def to_upper_case(string: str) -> str:
    """Every letter large."""
    return string.upper()


@FAMILY.algorithm("String.trim")
def trim(string: str) -> str:
    """Without white space at both ends."""
    return string.strip()


@FAMILY.algorithm("String.index")
def index(target: str, pattern: str) -> int:
    """The first place of a text, -1 if it does not occur."""
    return target.find(pattern)


@FAMILY.algorithm("String.rindex")
def rindex(target: str, pattern: str) -> int:
    """The last place of a text, -1 if it does not occur."""
    return target.rfind(pattern)


@FAMILY.algorithm("String.compareTo")
def compare_to(string1: str, string2: str) -> int:
    """-1, 0 or 1 as the first text comes before, with or after the second."""
    return (string1 > string2) - (string1 < string2)


LONGEST = 10_000_000
"""Characters that a text may be made of."""


def _check_length(name: str, length: int) -> None:
    if length > LONGEST:
        raise ServiceError(f"String.{name}: {length} characters are too many; at most {LONGEST} are possible.")


def _pattern(function: str, regex: str, flags: str) -> re.Pattern[str]:
    try:
        return re.compile(regex, re.IGNORECASE if "i" in flags else 0)
    except re.error as error:
        raise ServiceError(f"{function}: Invalid pattern '{regex}': {error}.") from error


@FAMILY.algorithm("String.match")
def match(input_: str, regex: str, flags: str) -> list[str]:
    """All matches with the flag g, else the first match and its groups."""
    pattern = _pattern("String.match", regex, flags)
    if "g" in flags:
        return [found[0] for found in pattern.finditer(input_)]
    found_first = pattern.search(input_)
    return [] if found_first is None else [found_first[0], *found_first.groups(default="")]


@FAMILY.algorithm("String.replace")
def replace(input_: str, regex: str, replacement: str, flags: str) -> str:
    """The first match replaced, all with the flag g; $1 means the first group."""
    _check_length("replace", len(input_) + (len(input_) + 1) * len(replacement))
    template = re.sub(r"\$(\d)", r"\\\1", replacement.replace("\\", "\\\\"))
    return _pattern("String.replace", regex, flags).sub(template, input_, count=0 if "g" in flags else 1)


@FAMILY.algorithm("String.split")
def split(string: str, regex: str, flags: str) -> list[str]:
    """The parts between matches; single characters if the pattern is empty."""
    return list(string) if not regex else _pattern("String.split", regex, flags).split(string)


@FAMILY.algorithm("String.equals")
def equals(reference: str, target: object) -> bool:
    """True if the target is the same text."""
    return target == reference


@FAMILY.algorithm("String.encodeJSON")
def encode_json(object_: object) -> str:
    """A value of numbers, texts, lists and dictionaries as JSON."""
    try:
        return json.dumps(object_, separators=(",", ":"), allow_nan=False)
    except TypeError as error:
        raise ServiceError("String.encodeJSON: Expected primitives, lists and dictionaries.") from error


@FAMILY.algorithm("String.decodeJSON")
def decode_json(string: str) -> object:
    """The value of a JSON text."""
    steps = accumulate((char in "[{") - (char in "]}") for char in string)
    if max(steps, default=0) > DEEPEST_JSON:
        raise ServiceError(f"String.decodeJSON: Values are nested deeper than {DEEPEST_JSON} times.")
    try:
        return json.loads(string)
    except json.JSONDecodeError as error:
        raise ServiceError(f"String.decodeJSON: {error}.") from error
