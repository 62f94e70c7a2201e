"""Walks an expression and calls the functions it names. What does not belong here: what a function does."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.graph.catalogs import Catalog
from eo_pipeline.sandbox.graph.coercions import MismatchError, coerce
from eo_pipeline.sandbox.graph.encode import encode
from eo_pipeline.sandbox.graph.expression import Expression
from eo_pipeline.sandbox.graph.images import Image
from eo_pipeline.sandbox.graph.limits import proceed
from eo_pipeline.sandbox.graph.refusals import refusals
from eo_pipeline.sandbox.graph.registry import Entry
from eo_pipeline.sandbox.graph.signatures import Argument
from eo_pipeline.sandbox.graph.values import Function

Node = Mapping[str, Any]
"""One ValueNode of the wire format; its members depend on its kind, which is its single key."""

_Bindings = Mapping[str, object]
_Step = Generator[Any, object, object]
"""An evaluation that yields the evaluations it waits for and returns its value."""


@dataclass(frozen=True)
class Context:
    """What functions may need beside their arguments.

    Attributes:
        catalog: where assets come from.
    """

    catalog: Catalog


@dataclass(frozen=True)
class Functions:
    """What can be called.

    Attributes:
        implemented: by wire name.
        published: every wire name the service has.
        unknown: names that were asked for and are not implemented, with how often; filled as expressions come.
    """

    implemented: Mapping[str, Entry]
    published: frozenset[str]
    unknown: dict[str, int] = field(default_factory=dict)

    def find(self, name: str) -> Entry:
        """The function of a wire name.

        Raises:
            ServiceError: it is not implemented, or does not exist at all.
        """
        entry = self.implemented.get(name)
        if entry is not None:
            return entry
        self.unknown[name] = self.unknown.get(name, 0) + 1
        if name in self.published:
            raise ServiceError(f"The sandbox does not implement the function '{name}'.")
        raise ServiceError(f"Function '{name}' not found.")


class Evaluator:
    """Evaluates one expression; each value once for each binding of the arguments it uses.

    Attributes:
        expression: the decoded expression.
        functions: what can be called.
        context: what functions may need beside their arguments.
    """

    def __init__(self, expression: Expression, functions: Functions, context: Context) -> None:
        self.expression = expression
        self.functions = functions
        self.context = context
        self._memo: dict[tuple[object, ...], tuple[object, _Bindings]] = {}

    def result(self) -> object:
        """The value of the whole expression."""
        return self._run(self._reference(self.expression.result, {}))

    def _run(self, step: _Step) -> object:
        """Drives steps with a stack of its own, so that no expression is too deep."""
        stack = [step]
        value: object = None
        while stack:
            proceed()
            try:
                awaited = stack[-1].send(value)
            except StopIteration as finished:
                stack.pop()
                value = finished.value
            else:
                stack.append(awaited)
                value = None
        return value

    def _reference(self, name: str, bindings: _Bindings) -> _Step:
        free = self.expression.free_arguments(name)
        key = (name, *((argument, id(bindings.get(argument))) for argument in sorted(free)))
        if key not in self._memo:
            value = yield self._node(self.expression.value(name), bindings)
            # the bindings stay alive with their result, so that ids stay unique
            self._memo[key] = (value, bindings)
        return self._memo[key][0]

    def _node(self, node: Node, bindings: _Bindings) -> _Step:
        kind, content = self.expression.kind(node)
        match kind:
            case "integerValue":
                result: object = int(content)
            case "argumentReference":
                result = self._argument(content, bindings)
            case "functionDefinitionValue":
                result = self._function(content, bindings)
            case "valueReference":
                result = yield self._reference(content, bindings)
            case "arrayValue":
                result = yield self._list(content.get("values", []), bindings)
            case "dictionaryValue":
                result = yield self._dictionary(content.get("values", {}), bindings)
            case "functionInvocationValue":
                result = yield self._invocation(content, bindings)
            case _:
                result = content
        return result

    def _argument(self, name: str, bindings: _Bindings) -> object:
        if name not in bindings:
            raise ServiceError(f"Unknown variable references: [{name}].")
        return bindings[name]

    def _list(self, nodes: list[Node], bindings: _Bindings) -> _Step:
        values = []
        for node in nodes:
            values.append((yield self._node(node, bindings)))  # noqa: PERF401 - a comprehension cannot yield
        return values

    def _dictionary(self, nodes: Mapping[str, Node], bindings: _Bindings) -> _Step:
        values = {}
        for key, node in nodes.items():
            values[key] = yield self._node(node, bindings)
        return values

    def _function(self, definition: Mapping[str, Any], bindings: _Bindings) -> Function:
        names = tuple(definition.get("argumentNames", ()))
        body = definition["body"]

        def call(*arguments: object) -> object:
            if len(arguments) < len(names):
                raise ServiceError(f"Function takes {len(names)} arguments, but was given {len(arguments)}.")
            return self._run(self._reference(body, {**bindings, **dict(zip(names, arguments, strict=False))}))

        return Function(names, call)

    def _invocation(self, invocation: Mapping[str, Any], bindings: _Bindings) -> _Step:
        name = invocation.get("functionName")
        nodes = invocation.get("arguments", {})
        if name == "If":
            return (yield self._if(nodes, bindings))
        arguments = yield self._dictionary(nodes, bindings)
        if not isinstance(arguments, dict):
            raise TypeError(f"expected the arguments as a dictionary, got {type(arguments).__name__}")
        if name is not None:
            return self._call(self.functions.find(name), arguments)
        function = yield self._reference(invocation["functionReference"], bindings)
        if not isinstance(function, Function):
            raise ServiceError(f"Expected a function, got {type(function).__name__}.")
        return function(*(arguments.get(argument) for argument in function.argument_names))

    def _if(self, nodes: Mapping[str, Node], bindings: _Bindings) -> _Step:
        condition = None
        if "condition" in nodes:
            condition = yield self._node(nodes["condition"], bindings)
        chosen = nodes.get("trueCase" if _truth(condition) else "falseCase")
        return None if chosen is None else (yield self._node(chosen, bindings))

    def _call(self, entry: Entry, arguments: Mapping[str, object]) -> object:
        _refuse_surplus(entry, arguments)
        named = {
            argument.python_name: _prepared(entry.signature.name, argument, arguments.get(argument.name))
            for argument in entry.parameters
        }
        if not entry.takes_arrays:
            _refuse_arrays(entry.signature.name, named.values())
        if entry.wants_context:
            named["context"] = self.context
        try:
            with refusals(entry.signature.name):
                return entry.function(**named)
        except MismatchError as error:
            raise ServiceError(f"{entry.signature.name}: {error.message}") from error


def _refuse_arrays(function: str, arguments: Iterable[object]) -> None:
    for argument in arguments:
        if isinstance(argument, Image) and any(band.pixel_type.dimensions for band in argument.bands):
            raise ServiceError(f"{function}: The sandbox takes only images of plain numbers here, not of arrays.")


def _refuse_surplus(entry: Entry, arguments: Mapping[str, object]) -> None:
    surplus = set(arguments) - {argument.name for argument in entry.signature.arguments}
    if surplus:
        raise ServiceError(f"{entry.signature.name}: Unrecognized argument '{min(surplus)}'.")


def _prepared(function: str, argument: Argument, value: object) -> object:
    """The value as its published type, the default if it was left out.

    Raises:
        ServiceError: a required value is missing, or a value has the wrong type.
    """
    value = argument.default if value is None and argument.optional else value
    if value is None:
        if argument.optional or argument.type in ("Object", "<any>"):
            return None
        raise ServiceError(f"{function}: Parameter '{argument.name}' is required and may not be null.")
    try:
        return coerce(value, argument.type)
    except MismatchError as error:
        raise ServiceError(
            f"{function}, argument '{argument.name}': Invalid type.\nExpected type: {argument.type}.\n"
            f"Actual type: {type(value).__name__}.\nActual value: {_shown(value)}"
        ) from error


def _shown(value: object) -> str:
    return str(encode(value))[:200] if isinstance(value, str | int | float | list | dict) else type(value).__name__


def _truth(value: object) -> bool:
    """Zero, NaN, null and everything empty are false; everything else is true."""
    if isinstance(value, float):
        return value == value and value != 0  # noqa: PLR0124 - only NaN differs from itself
    return bool(value) if isinstance(value, str | list | dict | int) or value is None else True
