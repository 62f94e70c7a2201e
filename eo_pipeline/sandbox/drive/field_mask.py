"""The `fields` parameter: which parts of an answer a client wants. What does not belong here: what there is."""

import re
from collections.abc import Iterable, Mapping

from eo_pipeline.sandbox.drive.errors import DriveError

Mask = dict[str, "Mask"]
"""Wanted fields by name; an empty mask under a name wants all of it."""

_BRACKETS = 100
"""Most that a mask may open."""
_TOKEN = re.compile(r"\s*([\w*-]+|[,()/])")


def parse_mask(text: str) -> Mask:
    """Read `nextPageToken,files(id,owners/emailAddress)`; `*` stands for every field.

    Raises:
        DriveError: 400, `Invalid field selection ..`.
    """
    tokens, position = [], 0
    while position < len(text.rstrip()):
        found = _TOKEN.match(text, position)
        if found is None:
            raise refused(text)
        tokens.append(found.group(1))
        position = found.end()
    if tokens.count("(") > _BRACKETS:
        raise refused(text)
    mask, rest = _fields(tokens, text)
    if rest:
        raise refused(text)
    return mask


def _fields(tokens: list[str], text: str) -> tuple[Mask, list[str]]:
    mask: Mask = {}
    while True:
        name, tokens = _name(tokens, text)
        inner: Mask = mask.setdefault(name, {})
        while tokens[:1] == ["/"]:
            name, tokens = _name(tokens[1:], text)
            inner = inner.setdefault(name, {})
        if tokens[:1] == ["("]:
            found, tokens = _fields(tokens[1:], text)
            inner.update(found)
            if tokens[:1] != [")"]:
                raise refused(text)
            tokens = tokens[1:]
        if tokens[:1] != [","]:
            return mask, tokens
        tokens = tokens[1:]


def _name(tokens: list[str], text: str) -> tuple[str, list[str]]:
    if not tokens or tokens[0] in {",", "(", ")", "/"}:
        raise refused(text)
    return tokens[0], tokens[1:]


def check_names(mask: Mask, known: Iterable[str]) -> None:
    """Refuse names that an answer never has.

    Raises:
        DriveError: 400, names the first of them.
    """
    for name in mask:
        if name != "*" and name not in known:
            raise refused(name)


def masked(value: object, mask: Mask) -> object:
    """The wanted parts of JSON values; of a list, the parts of each element."""
    if not mask or ("*" in mask and len(mask) == 1 and not mask["*"]):
        return value
    if isinstance(value, list):
        return [masked(item, mask) for item in value]
    if isinstance(value, Mapping):
        return {name: masked(part, _of(mask, name)) for name, part in value.items() if name in mask or "*" in mask}
    return value


def _of(mask: Mask, name: str) -> Mask:
    return mask[name] if name in mask else mask["*"]


def refused(said: str) -> DriveError:
    """HTTP 400 for a selection of fields that do not exist."""
    return DriveError(400, f"Invalid field selection {said[:200]}", "invalidParameter", location="fields")
