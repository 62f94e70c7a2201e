"""The tables in pages that follow from the code: fields of a product, variables, the sandbox's settings.

What does not belong here: the sandbox's functions (`functions`), prose, and where in a page a table stands (`pages`).
"""

import dataclasses
import inspect
import re
from collections.abc import Callable, Mapping
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from eo_pipeline.core import product
from eo_pipeline.core.settings import Settings as DeploymentSettings
from eo_pipeline.orchestration.component import NamedDeclaration
from eo_pipeline.sandbox.settings import Settings
from eo_pipeline_tests.docs.contract_tables import checks_of_cloud_storage
from eo_pipeline_tests.docs.functions import (
    assumptions_of_the_sandbox,
    functions_of_the_sandbox,
    sources_of_expected_values,
    unverified_settings_of_the_sandbox,
)
from eo_pipeline_tests.docs.world_tables import assets_of_the_world, covers_of_the_world, orbits_of_the_world

SECTIONS: Mapping[str, type[BaseModel]] = {
    "": NamedDeclaration,
    "source": product.Source,
    "source.where.PROPERTY": product.Condition,
    "mask": product.Mask,
    "mask.cloud_score_plus": product.CloudScorePlus,
    "mask.s2cloudless": product.S2Cloudless,
    "index.NAME": product.Index,
    "composite": product.Composite,
    "period": product.Periods,
    "area": product.AreaGrid,
    "output.NAME": product.OutputBand,
    "table": product.Table,
    "table.columns.NAME": product.TableColumn,
    "mosaic": product.Mosaic,
    "zones": product.ZoneTable,
    "cube": product.Cube,
    "chips": product.Chips,
    "chips.strata": product.Strata,
    "chips.visualize": product.Visualize,
    "series": product.Series,
    "series.where.PROPERTY": product.Condition,
    "points": product.Points,
    "export": product.Export,
    "budget": product.Budget,
}
"""Every section of a declaration by its path in the YAML."""

_NAMES = {
    product.Start: "date",
    product.Duration: "duration",
    product.Point: "[x, y]",
    product.Bounds: "[left, bottom, right, top]",
    str: "text",
    int: "whole number",
    float: "number",
    bool: "true or false",
}
VERIFIED = ("documented", "reported")
"""Sources of the sandbox's settings that somebody outside this project published."""


def fields_of_products() -> str:
    """Every field that a product's YAML may have, a table a section."""
    return "\n\n".join(_section(path, model) for path, model in SECTIONS.items())


def _section(path: str, model: type[BaseModel]) -> str:
    title = f"### `{path}`" if path else "### The product itself"
    rows = [_row(name, field) for name, field in sorted(model.model_fields.items(), key=_rank)]
    return "\n".join(
        [title, "", _first_line(model), "", "| field | type | default | meaning |", "|---|---|---|---|", *rows]
    )


def _rank(named: tuple[str, FieldInfo]) -> bool:
    """The name first, the others as they are declared."""
    return named[0] != "name"


def _first_line(model: type[BaseModel]) -> str:
    return (model.__doc__ or "").partition("\n")[0]


def _row(name: str, field: FieldInfo) -> str:
    default = "**required**" if field.is_required() else _plain(field.default)
    meaning = _escaped(field.description or "")
    return f"| `{field.alias or name}` | {_escaped(type_name(_annotation(field)))} | {default} | {meaning} |"


def _annotation(field: FieldInfo) -> Any:
    """The field's type with what pydantic moved into its metadata."""
    kind: Any = field.annotation
    for known in (product.Start, product.Duration, product.Point, product.Bounds):
        bare, *marks = get_args(known)
        if kind == bare and all(mark in field.metadata for mark in marks):
            return known
    return kind


def type_name(kind: Any) -> str:
    """A type in the words of somebody who writes YAML."""
    known = next((name for other, name in _NAMES.items() if kind == other), None)
    if known is not None:
        return known
    write = _GENERIC.get(get_origin(kind))
    return "section" if write is None else write(get_args(kind))


def _choice(values: tuple[Any, ...]) -> str:
    return ", ".join(f"`{value}`" for value in values)


def _list(arguments: tuple[Any, ...]) -> str:
    return f"list of {_PLURALS.get(type_name(arguments[0]), type_name(arguments[0]))}"


def _mapping(arguments: tuple[Any, ...]) -> str:
    return f"{_PLURALS[type_name(arguments[1])]} by name"


def _union(arguments: tuple[Any, ...]) -> str:
    names = [type_name(part) for part in arguments if part is not NoneType]
    if "number" in names and "whole number" in names:
        names.remove("whole number")
    return " or ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


_PLURALS = {
    "text": "texts",
    "whole number": "whole numbers",
    "number": "numbers",
    "section": "sections",
    "list of whole numbers": "lists of whole numbers",
    "text, number or true or false": "texts, numbers or true or false",
}
_GENERIC: Mapping[Any, Callable[[tuple[Any, ...]], str]] = {
    Literal: _choice,
    list: _list,
    dict: _mapping,
    Union: _union,
    UnionType: _union,
}


def _plain(value: object) -> str:
    if value is None or value is PydanticUndefined:
        return ""
    if isinstance(value, BaseModel):
        return "its fields' defaults"
    if isinstance(value, tuple | list):
        return f"`[{', '.join(str(part) for part in value)}]`"
    if isinstance(value, dict):
        return "none" if not value else f"`{value}`"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`" if value != "" else "empty"


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")


def variables_of_a_deployment() -> str:
    """Every EO_* variable with its default, from the docstring of the settings that read it."""
    text = inspect.getdoc(DeploymentSettings) or ""
    entries = re.findall(r"^    (\w+): (.*(?:\n {8}.*)*)", text, flags=re.MULTILINE)
    defaults = {entry.name: entry.default for entry in dataclasses.fields(DeploymentSettings)}
    rows = [_variable(re.sub(r"\s+", " ", meaning), defaults[name]) for name, meaning in entries]
    return "\n".join(["| variable | meaning | default |", "|---|---|---|", *rows])


def _variable(meaning: str, default: object) -> str:
    found = re.search(r" \[(EO_[A-Z_]+)\]", meaning)
    if found is None:
        raise ValueError(f"expected the variable's name in brackets, got {meaning!r}; write it into the docstring")
    words = meaning.replace(found[0], "").rstrip(".")
    return f"| `{found[1]}` | {_escaped(words)} | {'' if default == '' else _plain(default)} |"


def settings_of_the_sandbox() -> str:
    """Every setting with its default, its source and whether somebody outside this project published it."""
    rows = [
        f"| `{name}` | {_plain(entry['value'])} | {_escaped(str(entry['says']))} | {_verdict(str(entry['source']))} |"
        for name, entry in Settings().describe().items()
    ]
    return "\n".join(["| setting | default | meaning | where the default comes from |", "|---|---|---|---|", *rows])


def _verdict(source: str) -> str:
    if source == "chosen":
        return "ours"
    return source if source in VERIFIED else f"{source}, **unverified**"


TABLES = {
    "fields of products": fields_of_products,
    "variables of a deployment": variables_of_a_deployment,
    "settings of the sandbox": settings_of_the_sandbox,
    "functions of the sandbox": functions_of_the_sandbox,
    "assets of the world": assets_of_the_world,
    "orbits of the world": orbits_of_the_world,
    "covers of the world": covers_of_the_world,
    "checks of cloud storage": checks_of_cloud_storage,
    "sources of expected values": sources_of_expected_values,
    "assumptions of the sandbox": assumptions_of_the_sandbox,
    "unverified settings of the sandbox": unverified_settings_of_the_sandbox,
}
"""What writes each table, by the name in its page's marks."""
