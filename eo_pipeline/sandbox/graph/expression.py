"""The wire format of an expression: named values and the name of the result. What does not belong here: evaluation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from eo_pipeline.sandbox.errors import ServiceError

_KINDS = frozenset(
    {
        "constantValue",
        "integerValue",
        "bytesValue",
        "arrayValue",
        "dictionaryValue",
        "functionDefinitionValue",
        "functionInvocationValue",
        "argumentReference",
        "valueReference",
    }
)


class Expression:
    """A decoded expression.

    Attributes:
        result: name of the value that is asked for.
    """

    def __init__(self, body: Mapping[str, Any]) -> None:
        if not isinstance(body.get("values"), Mapping) or not isinstance(body.get("result"), str):
            raise ServiceError("Invalid expression: expected 'values' and 'result'.")
        self.result: str = body["result"]
        self._values: Mapping[str, Mapping[str, Any]] = body["values"]
        self._free: dict[str, frozenset[str]] = {}

    def value(self, name: str) -> Mapping[str, Any]:
        """The node of a name.

        Raises:
            ServiceError: the expression has no such value.
        """
        if name not in self._values:
            raise ServiceError(f"Invalid expression: value reference '{name}' not found.")
        return self._values[name]

    @staticmethod
    def kind(node: Mapping[str, Any]) -> tuple[str, Any]:
        """The kind of a node and its content.

        Raises:
            ServiceError: the node has no kind, or one that does not exist.
        """
        known = [key for key in node if key in _KINDS]
        if len(known) != 1:
            raise ServiceError(f"Invalid expression: expected a node of one kind, got {sorted(node)}.")
        return known[0], node[known[0]]

    def free_arguments(self, name: str) -> frozenset[str]:
        """Arguments of enclosing functions that a value uses; its result depends on nothing else."""
        waiting, entered = [name], set[str]()
        while waiting:
            current = waiting[-1]
            missing = [other for other in self._referenced(self.value(current)) if other not in self._free]
            if current in self._free or not missing:
                self._free.setdefault(current, self._free_of(self.value(current)))
                waiting.pop()
            elif entered & set(missing):
                raise ServiceError("Invalid expression: a value refers to itself.")
            else:
                entered.add(current)
                waiting.extend(missing)
        return self._free[name]

    def _free_of(self, root: Mapping[str, Any]) -> frozenset[str]:
        """Free arguments of a node whose references are all known."""
        free: set[str] = set()
        for node in _tree(root):
            kind, content = self.kind(node)
            if kind == "argumentReference":
                free.add(content)
            elif kind == "valueReference":
                free |= self._free[content]
            elif kind == "functionDefinitionValue":
                free |= self._free[content["body"]] - set(content.get("argumentNames", ()))
            elif kind == "functionInvocationValue" and "functionReference" in content:
                free |= self._free[content["functionReference"]]
        return frozenset(free)

    def _referenced(self, root: Mapping[str, Any]) -> Iterator[str]:
        for node in _tree(root):
            kind, content = self.kind(node)
            if kind == "valueReference":
                yield content
            elif kind == "functionDefinitionValue":
                yield content["body"]
            elif kind == "functionInvocationValue" and "functionReference" in content:
                yield content["functionReference"]


def _tree(root: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """A node and every node nested in it, not following references."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        yield node
        if "arrayValue" in node:
            waiting.extend(node["arrayValue"].get("values", []))
        elif "dictionaryValue" in node:
            waiting.extend(node["dictionaryValue"].get("values", {}).values())
        elif "functionInvocationValue" in node:
            waiting.extend(node["functionInvocationValue"].get("arguments", {}).values())
