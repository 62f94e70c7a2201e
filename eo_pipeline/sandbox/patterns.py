"""Regular expressions that clients write, matched in bounded time and memory.

What does not belong here: expressions of the sandbox's own, which are known to be harmless, and what a match means.
"""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache

import regex

SECONDS = 1.0
"""How long one search, or all matches in one text, may take."""

LARGEST = 200_000
"""Characters of a pattern times all its counts of repetition: what it may grow to when it is compiled."""

_ESCAPED = re.compile(r"\\.", re.DOTALL)
_CLASS = re.compile(r"\[\^?\]?[^\]]*\]")
_COUNT = re.compile(r"\{(\d*),?(\d*)\}")


class PatternError(ValueError):
    """A pattern that is malformed, too large, or takes too long."""


class Pattern:
    """A pattern, as Python's `re` reads it.

    Args:
        said: Its text.
        ignore_case: Whether letters match in both cases.

    Raises:
        PatternError: It is malformed, or larger than `LARGEST`.
    """

    def __init__(self, said: str, *, ignore_case: bool = False) -> None:
        self._said = said
        self._compiled = _compiled(said, ignore_case)

    def full_match(self, text: str) -> bool:
        """Whether it matches all of a text; PatternError if that takes too long."""
        return self._bounded(lambda: self._compiled.fullmatch(text, timeout=SECONDS)) is not None

    def search(self, text: str, *, seconds: float = SECONDS) -> "regex.Match[str] | None":
        """The first match in a text; PatternError if that takes longer than `seconds`."""
        return self._bounded(lambda: self._compiled.search(text, timeout=seconds))

    def matches(self, text: str) -> "Iterator[regex.Match[str]]":
        """Every match in a text, in order; PatternError if that takes too long."""
        found = self._compiled.finditer(text, timeout=SECONDS)
        while (match := self._bounded(lambda: next(found, None))) is not None:
            yield match

    def _bounded[T](self, matching: Callable[[], T]) -> T:
        try:
            return matching()
        except TimeoutError as error:
            raise PatternError(f"Pattern '{self._said[:100]}' takes too long to match.") from error


@lru_cache(maxsize=256)
def _compiled(said: str, ignore_case: bool) -> "regex.Pattern[str]":
    """Checked by `re`, so that nothing is a pattern that only the package `regex` knows."""
    flags = regex.IGNORECASE if ignore_case else 0
    try:
        re.compile(said)
        _check(said)
        return regex.compile(said, flags)
    except (re.error, regex.error, OverflowError, RecursionError) as error:
        raise PatternError(f"Invalid pattern '{said[:100]}': {error}.") from error


def _check(said: str) -> None:
    """Refuse braces that are no counts, which the package `regex` reads as a search for what is only similar.

    Raises:
        PatternError: There are such braces, or the pattern is larger than `LARGEST`.
    """
    plain = _CLASS.sub("x", _ESCAPED.sub("x", said))
    size = len(said)
    for found in _COUNT.finditer(plain):
        size *= max(int(count[:9] or 1) for count in found.groups()) or 1
    if size > LARGEST:
        raise PatternError(f"Invalid pattern '{said[:100]}': it is too large.")
    if "{" in _COUNT.sub("", plain):
        raise PatternError(f"Invalid pattern '{said[:100]}': illegal repetition.")
