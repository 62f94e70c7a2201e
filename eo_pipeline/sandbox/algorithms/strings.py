"""Texts. What does not belong here: texts that are parsed as expressions."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from itertools import accumulate, islice

from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.graph.coercions import as_number
from eo_pipeline.sandbox.graph.comparing import bounded
from eo_pipeline.sandbox.graph.registry import Family
from eo_pipeline.sandbox.patterns import Pattern

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

MOST_PARTS = 1_000_000
"""Parts that a text may be cut into."""

_GROUP = re.compile(r"\$(\d)", re.ASCII)


def _check_length(name: str, length: int) -> None:
    if length > LONGEST:
        raise ServiceError(f"String.{name}: {length} characters are too many; at most {LONGEST} are possible.")


def _pattern(regex: str, flags: str) -> Pattern:
    return Pattern(regex, ignore_case="i" in flags)


def _check_number(name: str, number: int) -> None:
    if number > MOST_PARTS:
        raise ServiceError(f"String.{name}: {number} parts are too many; at most {MOST_PARTS} are possible.")


@FAMILY.algorithm("String.match")
def match(input_: str, regex: str, flags: str) -> list[str]:
    """All matches with the flag g, else the first match and its groups."""
    pattern = _pattern(regex, flags)
    if "g" not in flags:
        found = pattern.search(input_)
        return [] if found is None else [found[0], *found.groups(default="")]
    parts: list[str] = []
    for match_ in pattern.matches(input_):
        parts.append(match_[0])
        _check_number("match", len(parts))
    return parts


@FAMILY.algorithm("String.replace")
def replace(input_: str, regex: str, replacement: str, flags: str) -> str:
    """The first match replaced, all with the flag g; $1 means the first group."""
    matches = _pattern(regex, flags).matches(input_)
    pieces, end, length = list[str](), 0, len(input_)
    for match_ in matches if "g" in flags else islice(matches, 1):
        new = _filled(replacement, [match_[0], *match_.groups(default="")])
        length += len(new)
        _check_length("replace", length)
        pieces += [input_[end : match_.start()], new]
        end = match_.end()
    return "".join([*pieces, input_[end:]])


def _filled(replacement: str, groups: Sequence[str]) -> str:
    """A replacement whose $1 is the first group.

    Raises:
        ServiceError: it names a group that the pattern does not have, or is too long.
    """
    pieces = _GROUP.split(replacement)
    if missing := [number for number in pieces[1::2] if int(number) >= len(groups)]:
        raise ServiceError(f"String.replace: No group {missing[0]}.")
    named = [groups[int(number)] for number in pieces[1::2]]
    _check_length("replace", len(replacement) + sum(map(len, named)))
    return "".join(piece for pair in zip(pieces[::2], [*named, ""], strict=True) for piece in pair)


@FAMILY.algorithm("String.split")
def split(string: str, regex: str, flags: str) -> list[str] | list[str | None]:
    """The parts between matches; single characters if the pattern is empty."""
    if not regex:
        _check_number("split", len(string))
        return list(string)
    parts, end = list[str | None](), 0
    for match_ in _pattern(regex, flags).matches(string):
        parts += [string[end : match_.start()], *match_.groups()]
        _check_number("split", len(parts))
        end = match_.end()
    return [*parts, string[end:]]


@FAMILY.algorithm("String.equals")
def equals(reference: str, target: object) -> bool:
    """True if the target is the same text."""
    return target == reference


@FAMILY.algorithm("String.encodeJSON")
def encode_json(object_: object) -> str:
    """A value of numbers, texts, lists and dictionaries as JSON."""
    try:
        return json.dumps(bounded(object_), separators=(",", ":"), allow_nan=False)
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
