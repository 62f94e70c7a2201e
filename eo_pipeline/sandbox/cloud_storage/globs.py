"""The glob language of `matchGlob`: ``*`` and ``?`` stay inside a folder, ``**`` does not. Not here: listing.

Names are matched a character at a time against all places a glob can be at: the time grows with the lengths of name and
glob only, whatever the glob.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

from eo_pipeline.sandbox.cloud_storage.errors import StorageError, invalid

MOST_CHOICES = 200
"""Globs without braces that one with braces may stand for."""
_TOKEN = re.compile(r"\*\*|\*|\?|\[[^\]]+\]|\{[^}]*\}|.", re.DOTALL)


@dataclass(frozen=True)
class Step:
    """One part of a glob."""

    one: re.Pattern[str]
    """Fits a single character."""
    repeats: bool
    """True where any number of such characters fits, none included."""


Steps = tuple[Step, ...]


@dataclass(frozen=True)
class Glob:
    """A glob, ready to match."""

    choices: tuple[Steps, ...]
    """What its braces stand for; a name must match one of them."""

    def matches(self, name: str) -> bool:
        """True if the whole name fits."""
        return any(_fits(steps, name) for steps in self.choices)


@lru_cache(maxsize=64)
def compiled(glob: str) -> Glob:
    """A glob read; StorageError 400 for a text that is none, or that has too many choices in braces."""
    try:
        return Glob(_choices(glob))
    except (re.error, RecursionError) as error:
        raise _refused(glob, str(error)) from error


def _choices(glob: str) -> tuple[Steps, ...]:
    found: list[Steps] = [()]
    for token in _TOKEN.findall(glob):
        found = [(*before, *after) for before, after in product(found, _read(token))]
        if len(found) > MOST_CHOICES:
            raise _refused(glob, f"more than {MOST_CHOICES} choices")
    return tuple(found)


def _read(token: str) -> tuple[Steps, ...]:
    if len(token) > 1 and token.startswith("{"):
        return tuple(steps for choice in token[1:-1].split(",") for steps in _choices(choice))
    return ((_step(token),),)


def _step(part: str) -> Step:
    plain = {"**": ".", "*": "[^/]", "?": "[^/]"}
    if part in plain:
        return Step(re.compile(plain[part], re.DOTALL), part != "?")
    if len(part) > 1 and part.startswith("["):
        body = part[1:-1].replace("\\", r"\\")
        return Step(re.compile(f"[^{body[1:]}]" if body.startswith("!") else f"[{body}]"), repeats=False)
    return Step(re.compile(re.escape(part)), repeats=False)


def _fits(steps: Steps, name: str) -> bool:
    places = _reached(steps, [0])
    for character in name:
        met = [place for place in places if place < len(steps) and steps[place].one.match(character)]
        places = _reached(steps, [place if steps[place].repeats else place + 1 for place in met])
    return len(steps) in places


def _reached(steps: Steps, starts: Iterable[int]) -> set[int]:
    """Places in the glob that need no further character, from some of them."""
    places: set[int] = set()
    for start in starts:
        place = start
        while place not in places:
            places.add(place)
            if place < len(steps) and steps[place].repeats:
                place += 1
    return places


def _refused(glob: str, why: str) -> StorageError:
    return invalid(f"Invalid matchGlob: expected a glob pattern, got '{glob[:100]}' ({why}).")
