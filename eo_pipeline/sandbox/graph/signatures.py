"""The published signatures of every function, from the client's own wheel. What does not belong here: what they do."""

from __future__ import annotations

import builtins
import json
import keyword
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path

import ee

_PREFIX = "algorithms/"


@dataclass(frozen=True)
class Argument:
    """One argument of a published function.

    Attributes:
        name: as on the wire.
        type: the published type, for example Image<unknown bands>.
        optional: may be left out or null.
        default: used if it is left out.
    """

    name: str
    type: str
    optional: bool
    default: object

    @property
    def python_name(self) -> str:
        """The parameter that carries it: snake case, with _ where Python needs the word itself."""
        snake = re.sub(r"(?<!^)([A-Z])", r"_\1", self.name).lower()
        return f"{snake}_" if keyword.iskeyword(snake) or hasattr(builtins, snake) else snake


@dataclass(frozen=True)
class Signature:
    """One published function.

    Attributes:
        name: wire name, for example Image.add.
        returns: published type of the result.
        arguments: in published order.
    """

    name: str
    returns: str
    arguments: tuple[Argument, ...]


def wheel_algorithms() -> Path:
    """Where the installed earthengine-api keeps the list of functions."""
    return Path(str(resources.files(ee))) / "tests" / "algorithms.json"


@lru_cache(maxsize=4)
def published_signatures(path: Path) -> Mapping[str, Signature]:
    """Every published function by wire name.

    Raises:
        FileNotFoundError: the file is not there; says which version of the client has it.
    """
    if not path.is_file():
        raise FileNotFoundError(
            f"expected the list of Earth Engine's functions at {path}, found no file; "
            "install earthengine-api 1.7.50, whose wheel carries it"
        )
    listed = json.loads(path.read_text(encoding="utf-8"))["algorithms"]
    return {signature.name: signature for signature in map(_signature, listed)}


def _signature(entry: Mapping[str, object]) -> Signature:
    arguments = entry.get("arguments", [])
    if not isinstance(arguments, list):
        raise TypeError(f"expected a list of arguments of {entry['name']}, got {type(arguments).__name__}")
    return Signature(
        name=str(entry["name"]).removeprefix(_PREFIX),
        returns=str(entry["returnType"]),
        arguments=tuple(_argument(argument) for argument in arguments),
    )


def _argument(entry: Mapping[str, object]) -> Argument:
    return Argument(
        name=str(entry["argumentName"]),
        type=str(entry["type"]),
        optional=bool(entry.get("optional", False)),
        default=entry.get("defaultValue"),
    )
