"""The `q` of files.list: text to a test of one file. What does not belong here: which files there are.

Grammar: https://developers.google.com/workspace/drive/api/guides/ref-search-terms (terms and operators).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from eo_pipeline.sandbox.drive.errors import DriveError, invalid
from eo_pipeline.sandbox.drive.records import DriveFile

Test = Callable[[DriveFile], bool]

_TOKEN = re.compile(r"\s*(?:('(?:[^'\\]|\\.)*')|([A-Za-z]+)|(<=|>=|!=|[=<>(){}]))", re.DOTALL)
_DEPTH = 50
_COMPARE: Mapping[str, Callable[[datetime, datetime], bool]] = {
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


@dataclass(frozen=True)
class People:
    """Who asks, and where their drive begins."""

    email: str
    root: str
    """Id that `root` stands for."""


def parse_query(text: str, people: People) -> Test:
    """The test that a query means; an empty one is passed by every file.

    Raises:
        DriveError: 400 `Invalid Value` for a text that is no query.
    """
    tokens = _tokens(text)
    if not tokens:
        return lambda _: True
    parser = _Parser(tokens, people)
    test = parser.alternatives(0)
    parser.end()
    return test


def _tokens(text: str) -> list[str]:
    tokens, position = [], 0
    rest = text.rstrip()
    while position < len(rest):
        found = _TOKEN.match(rest, position)
        if found is None:
            raise invalid("q")
        tokens.append(found.group(0).strip())
        position = found.end()
    return tokens


class _Parser:
    """Recursive descent: `or` binds weakest, then `and`, then `not`."""

    def __init__(self, tokens: list[str], people: People) -> None:
        self._tokens = tokens
        self._people = people
        self._place = 0

    def alternatives(self, depth: int) -> Test:
        tests = [self._conjunction(depth)]
        while self._accept("or"):
            tests.append(self._conjunction(depth))
        return lambda file: any(test(file) for test in tests)

    def end(self) -> None:
        if self._place != len(self._tokens):
            raise invalid("q")

    def _conjunction(self, depth: int) -> Test:
        tests = [self._negation(depth)]
        while self._accept("and"):
            tests.append(self._negation(depth))
        return lambda file: all(test(file) for test in tests)

    def _negation(self, depth: int) -> Test:
        if depth > _DEPTH:
            raise invalid("q")
        if self._accept("not"):
            test = self._negation(depth + 1)
            return lambda file: not test(file)
        if self._accept("("):
            test = self.alternatives(depth + 1)
            self._expect(")")
            return test
        return self._term()

    def _term(self) -> Test:
        first = self._next()
        if first.startswith("'"):
            self._expect("in")
            return _membership(_unquoted(first), self._next(), self._people)
        operator = self._next()
        if operator == "has":
            return self._property(first)
        return _comparison(first, operator, self._next(), self._people)

    def _property(self, field: str) -> Test:
        """`properties has { key='K' and value='V' }`."""
        words = [self._next() for _ in range(9)]
        if words[:3] != ["{", "key", "="] or words[4:7] != ["and", "value", "="] or words[8] != "}":
            raise invalid("q")
        key, value = _unquoted(words[3]), _unquoted(words[7])
        if field == "properties":
            return lambda file: file.properties.get(key) == value
        if field == "appProperties":
            return lambda file: file.app_properties.get(key) == value
        raise invalid("q")

    def _next(self) -> str:
        if self._place >= len(self._tokens):
            raise invalid("q")
        self._place += 1
        return self._tokens[self._place - 1]

    def _accept(self, token: str) -> bool:
        if self._place < len(self._tokens) and self._tokens[self._place].lower() == token:
            self._place += 1
            return True
        return False

    def _expect(self, token: str) -> None:
        if not self._accept(token):
            raise invalid("q")


def _membership(value: str, field: str, people: People) -> Test:
    wanted = {"root": people.root, "me": people.email}.get(value, value)
    if field == "parents":
        return lambda file: wanted in file.parents
    if field == "owners":
        return lambda file: file.owner == wanted
    roles = {"writers": {"writer"}, "readers": {"writer", "reader", "commenter"}}.get(field)
    if roles is None:
        raise invalid("q")
    return lambda file: (
        file.owner == wanted or any(given.email == wanted and given.role in roles for given in file.permissions)
    )


def _comparison(field: str, operator: str, value: str, people: People) -> Test:
    if field in {"name", "mimeType"}:
        return _of_text(field, operator, _unquoted(value))
    if field in {"modifiedTime", "createdTime"}:
        return _of_time(field, operator, _unquoted(value))
    if field in {"trashed", "starred", "sharedWithMe"} and operator in {"=", "!="} and value in {"true", "false"}:
        wanted = (value == "true") == (operator == "=")
        flags: Mapping[str, Test] = {
            "trashed": lambda file: file.trashed,
            "starred": lambda file: file.starred,
            "sharedWithMe": lambda file: file.owner != people.email,
        }
        return lambda file: flags[field](file) == wanted
    if field == "fullText":
        raise DriveError(400, "sandbox: queries of fullText are not served; ask for a name.", "invalid", location="q")
    raise invalid("q")


def _of_text(field: str, operator: str, wanted: str) -> Test:
    def said(file: DriveFile) -> str:
        return file.name if field == "name" else file.mime_type

    if operator == "contains":
        # `name contains` finds beginnings of words only, "HelloWorld" by Hello but not by World [documented]
        start = r"(?:^|[^\w])" if field == "name" else "^"
        pattern = re.compile(start + re.escape(wanted), re.IGNORECASE)
        return lambda file: pattern.search(said(file)) is not None
    if operator == "=":
        return lambda file: said(file) == wanted
    if operator == "!=":
        return lambda file: said(file) != wanted
    raise invalid("q")


def _of_time(field: str, operator: str, text: str) -> Test:
    compare = _COMPARE.get(operator)
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise invalid("q") from error
    if compare is None:
        raise invalid("q")
    wanted = instant if instant.tzinfo is not None else instant.replace(tzinfo=UTC)
    return lambda file: compare(
        datetime.fromisoformat(file.modified if field == "modifiedTime" else file.created), wanted
    )


def _unquoted(token: str) -> str:
    if not token.startswith("'"):
        raise invalid("q")
    return re.sub(r"\\(.)", r"\1", token[1:-1], flags=re.DOTALL)
