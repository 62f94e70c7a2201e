"""From a formula's text to a tree. Does not belong here: what operators and functions compute (`operations`)."""

import re
from dataclasses import dataclass

from eo_pipeline.errors import ProductError


@dataclass(frozen=True)
class Number:
    """A number as it is written."""

    value: float


@dataclass(frozen=True)
class Name:
    """A band."""

    name: str


@dataclass(frozen=True)
class Call:
    """An operator, such as `+`, `unary -` or `?`, or a function, with its operands."""

    name: str
    operands: "tuple[Tree, ...]"


Tree = Number | Name | Call

_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?P<name>[A-Za-z_]\w*)|(?P<text>'[^']*'|\"[^\"]*\")"
    r"|(?P<sign>\*\*|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%^&|~!<>?:(),]))"
)
_LEVELS = tuple(
    tuple(level.split()) for level in ("||", "&&", "|", "^", "&", "== !=", "< > <= >=", "<< >>", "+ -", "* / %")
)
"""Operators between two operands from the weakest to the strongest; all bind to the left. Then signs, then `**`."""
_DEEPEST, _LONGEST = 40, 300
"""Brackets within each other, and numbers, names and signs in all, at most."""


def parse(text: str) -> Tree:
    """The tree of a formula.

    Raises:
        ProductError: says what was expected where.
    """
    reader = _Reader(text)
    tree = reader.conditional()
    if reader.shown != "":
        raise reader.refused("an operator or the end")
    return tree


class _Reader:
    """One text, read from left to right."""

    def __init__(self, text: str) -> None:
        self._text, self._tokens, self._place, self._depth = text, list[tuple[str, str]](), 0, 0
        end = 0
        while text[end:].strip():
            match = _TOKEN.match(text, end)
            if match is None or match.lastgroup is None:
                raise ProductError(
                    f"formula: expected numbers, bands, operators and functions, got {text[end:].strip()[0]!r} in "
                    f"{text!r}; remove it"
                )
            self._tokens.append((match.lastgroup, match[match.lastgroup]))
            end = match.end()
        if len(self._tokens) > _LONGEST:
            raise ProductError(
                f"formula: expected at most {_LONGEST} numbers, names and signs, got {len(self._tokens)}; split it"
            )

    @property
    def shown(self) -> str:
        """The next token, empty at the end."""
        return self._tokens[self._place][1] if self._place < len(self._tokens) else ""

    def refused(self, expected: str) -> ProductError:
        """That something else stands here."""
        got = repr(self.shown) if self.shown else "the end"
        return ProductError(
            f"formula: expected {expected}, got {got} as part {self._place + 1} of {self._text!r}; correct the formula"
        )

    def conditional(self) -> Tree:
        """`condition ? one : other`, or anything stronger."""
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ProductError(f"formula: expected at most {_DEEPEST} brackets within each other, got more; split it")
        condition = self._binary(0)
        if self._took("?"):
            chosen = self.conditional()
            self._demand(":")
            condition = Call("?", (condition, chosen, self.conditional()))
        self._depth -= 1
        return condition

    def _binary(self, level: int) -> Tree:
        if level == len(_LEVELS):
            return self._signed()
        left = self._binary(level + 1)
        while sign := self._took(*_LEVELS[level]):
            left = Call(sign, (left, self._binary(level + 1)))
        return left

    def _signed(self) -> Tree:
        signs = []
        while sign := self._took("-", "+", "!", "~"):
            signs.append(sign)
        tree = self._primary()
        if self._took("**"):
            tree = Call("**", (tree, self._signed()))
        for sign in reversed(signs):
            tree = tree if sign == "+" else Call(f"unary {sign}", (tree,))
        return tree

    def _primary(self) -> Tree:
        if self._took("("):
            tree = self.conditional()
            self._demand(")")
            return tree
        kind, value = self._tokens[self._place] if self.shown else ("end", "")
        if kind not in ("number", "name"):
            raise self.refused("a number, a band or a function")
        self._place += 1
        if kind == "number":
            return Number(float(value))
        if not self._took("("):
            return Name(value)
        return self._of_the_image() if value == "b" else Call(value, self._operands())

    def _of_the_image(self) -> Tree:
        """What stands between the brackets of `b('B4')`."""
        if not self.shown or self._tokens[self._place][0] != "text":
            raise self.refused("a band's name in quotes after b(")
        name = self.shown[1:-1]
        self._place += 1
        self._demand(")")
        return Name(name)

    def _operands(self) -> tuple[Tree, ...]:
        operands = [self.conditional()]
        while self._took(","):
            operands.append(self.conditional())
        self._demand(")")
        return tuple(operands)

    def _took(self, *signs: str) -> str:
        """Takes the next token if it is one of these signs."""
        if self._place < len(self._tokens) and self._tokens[self._place] in [("sign", sign) for sign in signs]:
            self._place += 1
            return self._tokens[self._place - 1][1]
        return ""

    def _demand(self, sign: str) -> None:
        if not self._took(sign):
            raise self.refused(repr(sign))
