"""What is computed, serialised once for very many requests. What does not belong here: requests."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import ee


@dataclass(frozen=True)
class Expression:
    """An expression as the service takes it.

    Attributes:
        text: JSON, `{"result": .., "values": ..}`.
    """

    text: bytes

    def body(self, fields: Mapping[str, bytes] = MappingProxyType({}), *, tag: str = "") -> bytes:
        """A request's body.

        Args:
            fields: besides the expression, each as JSON.
            tag: workload tag; empty for none.
        """
        named = {"expression": self.text, **fields, **({"workloadTag": b'"%b"' % tag.encode()} if tag else {})}
        return b"{%b}" % b",".join(b'"%b":%b' % (name.encode(), value) for name, value in named.items())


def serialised(value: Any) -> Expression:
    """The expression of an `ee` object, as the client sends it."""
    return Expression(json.dumps(ee.serializer.encode(value), separators=(",", ":")).encode())
