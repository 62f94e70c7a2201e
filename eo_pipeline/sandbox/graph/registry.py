"""Implementations by wire name, checked against their published signatures. What does not belong here: evaluation."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from eo_pipeline.sandbox.graph.signatures import Argument, Signature

Implementation = Callable[..., object]
_F = TypeVar("_F", bound=Implementation)

CONTEXT = "context"
"""Name of the parameter by which an implementation asks for the evaluation's context."""


class Family:
    """The functions of one file, by wire name.

    Attributes:
        members: implementation by wire name.
    """

    def __init__(self) -> None:
        self.members: dict[str, Implementation] = {}

    def algorithm(self, *names: str) -> Callable[[_F], _F]:
        """Decorator: the function implements these wire names."""

        def register(function: _F) -> _F:
            for name in names:
                self.add(name, function)
            return function

        return register

    def add(self, name: str, function: Implementation) -> None:
        """The function implements this wire name.

        Raises:
            ValueError: the name is taken.
        """
        if name in self.members:
            raise ValueError(f"expected one implementation of {name}, got a second; remove one")
        self.members[name] = function


@dataclass(frozen=True)
class Entry:
    """One implemented function.

    Attributes:
        signature: as published.
        function: takes the arguments that `parameters` names, by their Python names.
        parameters: the published arguments the function uses; the others change nothing here.
        wants_context: the function also takes `context`.
        takes_arrays: images whose pixels are arrays may be given to it.
    """

    signature: Signature
    function: Implementation
    parameters: tuple[Argument, ...]
    wants_context: bool
    takes_arrays: bool


def build_registry(
    families: Iterable[Family], published: Mapping[str, Signature], array_ready: Container[str] = ()
) -> dict[str, Entry]:
    """Every implemented function by wire name.

    Args:
        families: the implementations.
        published: signatures by wire name.
        array_ready: wire names of functions that take images whose pixels are arrays.

    Raises:
        ValueError: names every implementation that does not fit its published signature.
    """
    entries: dict[str, Entry] = {}
    wrong: list[str] = []
    for name, function in ((n, f) for family in families for n, f in family.members.items()):
        taken = [p for p in inspect.signature(function).parameters if p != CONTEXT]
        signature = published.get(name)
        if signature is None:
            wrong.append(f"{name} is not published")
        elif surplus := set(taken) - {argument.python_name for argument in signature.arguments}:
            wrong.append(f"{name} takes {sorted(surplus)}, published are {[a.name for a in signature.arguments]}")
        elif name in entries:
            wrong.append(f"{name} is implemented twice")
        else:
            used = tuple(argument for argument in signature.arguments if argument.python_name in taken)
            entries[name] = Entry(
                signature, function, used, CONTEXT in inspect.signature(function).parameters, name in array_ready
            )
    if wrong:
        raise ValueError("expected implementations that fit the published signatures, got: " + "; ".join(wrong))
    return entries
