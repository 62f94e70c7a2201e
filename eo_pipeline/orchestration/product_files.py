"""A project's YAML files, each read alone: what Dagster's own loader would stop at becomes one wrong product.

What does not belong here: what a product may declare (`core.product`), and other people's components.
"""

import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from dagster_shared.yaml_utils import parse_yamls_with_source_position
from dagster_shared.yaml_utils.source_position import ValueAndSourcePositionTree

from eo_pipeline.orchestration.component import EarthObservationProduct, unique
from eo_pipeline.orchestration.declarations import Origin

TYPE = "eo_pipeline.orchestration.EarthObservationProduct"
_FIELDS = ("type", "attributes", "template_vars_module", "requirements", "post_processing")


@dataclass(frozen=True)
class Document:
    """One YAML document of a file.

    Attributes:
        file: where it is.
        parsed: its value with the places of its fields, or None if it cannot be read.
        problem: why Dagster cannot load it, with file and line; empty if it can, as far as is known here.
    """

    file: Path
    parsed: ValueAndSourcePositionTree | None
    problem: str

    @property
    def is_product(self) -> bool:
        """True for a product, and for what is nobody's component: somebody must hear of it."""
        return bool(self.problem) or (self.parsed is not None and _is_ours(self.parsed.value["type"]))


def read_documents(defs: Path) -> list[Document]:
    """Every document of every `defs.yaml` below a folder, in the order of the files' names."""
    return [document for file in sorted(defs.rglob("defs.yaml")) for document in _documents(file)]


def read_products(defs: Path, root: Path) -> list[EarthObservationProduct]:
    """Every product below a folder, right or wrong; other components are left out.

    Args:
        defs: folder of the products.
        root: of the project, where files that products name are looked for too.
    """
    return unique([_product(document, root) for document in read_documents(defs) if document.is_product])


def _documents(file: Path) -> Iterator[Document]:
    try:
        parsed = parse_yamls_with_source_position(file.read_text(encoding="utf-8"), str(file))
    except yaml.YAMLError as error:
        yield Document(file, None, _syntax(file, error))
        return
    except UnicodeDecodeError as error:
        yield Document(
            file, None, f"{file}: expected text in UTF-8, got byte {error.start} as {error.object[error.start]:#x}"
        )
        return
    if not parsed:
        yield Document(file, None, f"{file}: expected a product, got an empty file; write one or delete the file")
    for document in parsed:
        line = document.source_position_tree.position.start.line
        problem = _problem(document.value)
        yield Document(file, document, f"{file}:{line}: {problem}" if problem else "")


def _syntax(file: Path, error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    place = f"{file}:{mark.line + 1}" if mark is not None else str(file)
    problem = getattr(error, "problem", None) or str(error)
    return f"{place}: expected YAML, got {problem}; check indentation, colons and quotes"


def _problem(value: Any) -> str:
    """What is wrong with a document around its attributes; empty if nothing."""
    if not isinstance(value, dict) or not isinstance(value.get("type"), str):
        return f"expected `type: {TYPE}` and `attributes`, got {_words(value)}"
    if _is_ours(value["type"]) and not _exists(value["type"]):
        return f"type: expected {TYPE}, got {value['type']}"
    if unknown := [str(name) for name in value if name not in _FIELDS]:
        return f"{', '.join(unknown)}: there is no such field beside `type`; did you mean `attributes`?"
    attributes = value.get("attributes")
    if attributes is not None and not isinstance(attributes, dict):
        return f"attributes: expected fields such as source, period and area, got {attributes!r}"
    if odd := [name for name in attributes or {} if not isinstance(name, str)]:
        return f"attributes: expected names of fields, got {odd[0]!r}"
    return ""


def _words(value: Any) -> str:
    return f"only {', '.join(map(str, value))}" if isinstance(value, dict) else repr(value)


def _is_ours(kind: str) -> bool:
    return kind.startswith("eo_pipeline.") or kind.endswith(".EarthObservationProduct")


def _exists(kind: str) -> bool:
    module, _, name = kind.rpartition(".")
    try:
        return hasattr(importlib.import_module(module), name)
    except ModuleNotFoundError:
        return False


def _product(document: Document, root: Path) -> EarthObservationProduct:
    file = document.file
    if document.problem or document.parsed is None:
        return EarthObservationProduct(file.parent.name, None, document.problem, str(file))
    attributes = document.parsed.value.get("attributes") or {}
    positions = document.parsed.source_position_tree.children.get("attributes")
    return EarthObservationProduct.from_attributes(
        attributes, Origin(file, positions, (file.parent, root), file.parent.name)
    )
