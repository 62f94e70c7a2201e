"""The form of an expression as it arrives: every node of a known kind, its members of the right JSON kinds.

What does not belong here: whether references and functions exist, and what anything means.
"""

from collections.abc import Callable, Iterable, Mapping

from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.frame.request_fields import mapping, text, texts, whole

Node = Mapping[str, object]


def checked_expression(body: Mapping[str, object]) -> Mapping[str, object]:
    """The `expression` of a request.

    Raises:
        ServiceError: It is missing or malformed.
    """
    expression = mapping(body, "expression")
    if not expression:
        raise ServiceError("Invalid value at 'expression': an expression is required.")
    if text(expression, "result") is None:
        raise ServiceError("Invalid value at 'expression': a result is required.")
    waiting: list[object] = list(mapping(expression, "values").values())
    while waiting:
        waiting.extend(_members(waiting.pop()))
    return expression


def _members(node: object) -> Iterable[object]:
    """The nodes inside a node, once it is checked."""
    if not isinstance(node, dict):
        raise ServiceError(f"Invalid value at 'expression': expected a node, got {str(node)[:100]!r}.")
    known = [kind for kind in node if kind in _KINDS]
    if len(known) != 1:
        raise ServiceError(
            f"Invalid value at 'expression': expected a node of one kind, got {str(sorted(node))[:100]}."
        )
    return _KINDS[known[0]](node)


def _leaf(_: Node) -> Iterable[object]:
    return ()


def _text(kind: str) -> Callable[[Node], Iterable[object]]:
    def check(node: Node) -> Iterable[object]:
        if text(node, kind) is None:
            raise ServiceError(f"Invalid value at '{kind}': a text is required.")
        return ()

    return check


def _integer(node: Node) -> Iterable[object]:
    if whole(node, "integerValue") is None:
        raise ServiceError("Invalid value at 'integerValue': a whole number is required.")
    return ()


def _array(node: Node) -> Iterable[object]:
    values = mapping(node, "arrayValue").get("values") or []
    if not isinstance(values, list):
        raise ServiceError("Invalid value at 'arrayValue.values': expected a list of nodes.")
    return values


def _dictionary(node: Node) -> Iterable[object]:
    return mapping(mapping(node, "dictionaryValue"), "values").values()


def _definition(node: Node) -> Iterable[object]:
    definition = mapping(node, "functionDefinitionValue")
    texts(definition, "argumentNames")
    return _text("body")(definition)


def _invocation(node: Node) -> Iterable[object]:
    invocation = mapping(node, "functionInvocationValue")
    if not (text(invocation, "functionName") or text(invocation, "functionReference")):
        raise ServiceError("Invalid value at 'functionInvocationValue': a function is required.")
    return mapping(invocation, "arguments").values()


_KINDS: dict[str, Callable[[Node], Iterable[object]]] = {
    "constantValue": _leaf,
    "integerValue": _integer,
    "bytesValue": _text("bytesValue"),
    "argumentReference": _text("argumentReference"),
    "valueReference": _text("valueReference"),
    "arrayValue": _array,
    "dictionaryValue": _dictionary,
    "functionDefinitionValue": _definition,
    "functionInvocationValue": _invocation,
}
