"""Parsing of arithmetic and conditions written as text. What does not belong here: what names and operators mean."""

from __future__ import annotations

import re
from dataclasses import dataclass

from eo_pipeline.sandbox.errors import ServiceError


@dataclass(frozen=True)
class Number:
    """A number literal; an int if written without point or exponent."""

    value: int | float


@dataclass(frozen=True)
class Text:
    """A quoted text."""

    value: str


@dataclass(frozen=True)
class Name:
    """A bare name."""

    name: str


@dataclass(frozen=True)
class Call:
    """An operator or function with its operands: the name is the operator's sign or the function's name."""

    name: str
    operands: tuple[Tree, ...]


@dataclass(frozen=True)
class Access:
    """A member of something: base.name or base[selector, ...]."""

    base: Tree
    selectors: tuple[Tree, ...]


Tree = Number | Text | Name | Call | Access

_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?P<name>[A-Za-z_][\w:]*)"
    r"|(?P<text>'[^']*'|\"[^\"]*\")|(?P<sign>\*\*|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%^&|~!<>=?:()\[\],.]))"
)

_LEVELS: tuple[frozenset[str], ...] = tuple(
    frozenset(level.split())
    for level in ("|| or", "&& and", "|", "^", "&", "== != =", "< > <= >= in", "<< >>", "+ -", "* / %")
)
"""Binary operators from weakest to strongest; all of them bind to the left."""


class Parser:
    """One text, read from left to right.

    Attributes:
        text: what is parsed.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._tokens = self._tokenised(text)
        self._place = 0

    def parse(self) -> tuple[str | None, Tree]:
        """The tree of the whole text, and the name it is assigned to if it starts with one and =.

        Raises:
            ServiceError: the text is not well formed.
        """
        target = None
        if len(self._tokens) > 2 and self._tokens[0][0] == "name" and self._tokens[1] == ("sign", "="):
            target = self._tokens[0][1]
            self._place = 2
        tree = self._conditional()
        if self._place < len(self._tokens):
            raise self._error()
        return target, tree

    def condition(self) -> Tree:
        """The tree of a text in which a single = compares.

        Raises:
            ServiceError: the text is not well formed.
        """
        tree = self._conditional()
        if self._place < len(self._tokens):
            raise self._error()
        return tree

    def _tokenised(self, text: str) -> list[tuple[str, str]]:
        tokens, place = [], 0
        while text[place:].strip():
            match = _TOKEN.match(text, place)
            if match is None or match.lastgroup is None:
                raise ServiceError(f"Unable to parse the expression at character {place}: '{text}'.")
            tokens.append((match.lastgroup, match[match.lastgroup]))
            place = match.end()
        return tokens

    def _error(self) -> ServiceError:
        found = self._tokens[self._place][1] if self._place < len(self._tokens) else "end of text"
        return ServiceError(f"Unable to parse the expression: unexpected '{found}' in '{self.text}'.")

    def _next(self, *signs: str) -> str | None:
        """Takes the next token if it is one of these signs or words."""
        if self._place < len(self._tokens):
            kind, value = self._tokens[self._place]
            if kind in ("sign", "name") and value in signs:
                self._place += 1
                return value
        return None

    def _demand(self, sign: str) -> None:
        if self._next(sign) is None:
            raise self._error()

    def _conditional(self) -> Tree:
        condition = self._binary(0)
        if self._next("?") is None:
            return condition
        chosen = self._conditional()
        self._demand(":")
        return Call("?", (condition, chosen, self._conditional()))

    def _binary(self, level: int) -> Tree:
        if level == len(_LEVELS):
            return self._prefix()
        left = self._binary(level + 1)
        while sign := self._next(*_LEVELS[level]):
            left = Call(sign, (left, self._binary(level + 1)))
        return left

    def _prefix(self) -> Tree:
        sign = self._next("-", "+", "!", "~", "not")
        if sign is None:
            return self._power()
        operand = self._prefix()
        return operand if sign == "+" else Call(f"unary {sign}", (operand,))

    def _power(self) -> Tree:
        base = self._postfix()
        return base if self._next("**") is None else Call("**", (base, self._prefix()))

    def _postfix(self) -> Tree:
        tree = self._primary()
        while sign := self._next(".", "["):
            if sign == "[":
                tree = Access(tree, self._listed("]"))
            else:
                kind, value = self._take()
                if kind != "name":
                    self._place -= 1
                    raise self._error()
                tree = Access(tree, (Text(value),))
        return tree

    def _take(self) -> tuple[str, str]:
        if self._place >= len(self._tokens):
            raise self._error()
        self._place += 1
        return self._tokens[self._place - 1]

    def _primary(self) -> Tree:
        if self._next("(") is not None:
            tree = self._conditional()
            self._demand(")")
            return tree
        kind, value = self._take()
        if kind == "number":
            return Number(int(value) if value.isdigit() else float(value))
        if kind == "text":
            return Text(value[1:-1])
        if kind != "name":
            self._place -= 1
            raise self._error()
        return Call(value, self._listed(")")) if self._next("(") is not None else Name(value)

    def _listed(self, end: str) -> tuple[Tree, ...]:
        members: list[Tree] = []
        if self._next(end) is not None:
            return ()
        while True:
            members.append(self._conditional())
            if self._next(end) is not None:
                return tuple(members)
            self._demand(",")
