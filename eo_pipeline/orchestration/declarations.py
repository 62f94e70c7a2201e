"""From attributes in a YAML file to a product's chain, or to an error that names file, line and field.

What does not belong here: what a declaration may say (`core.product`).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from dagster_shared.yaml_utils.source_position import SourcePositionTree
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from eo_pipeline.core.product import Product
from eo_pipeline.errors import EoPipelineError, ProductError
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.steps.find_archive import find_archive
from eo_pipeline.steps.load_areas import FindFile, check_zones, find_beside, find_regions, find_weights, load_areas
from eo_pipeline.steps.load_land import find_shapes
from eo_pipeline.steps.pieces_files import check_pieces_file

_FIELD = re.compile(r"([a-z_]+(?:\.\w+)*): ")
"""The field, further in than where it was checked, that an error's words begin with."""


_INPUT = re.compile(r"^Input should be |^Input should (?=have)")
"""How the validator's words begin where the project's say "expected"."""


@dataclass(frozen=True)
class Origin:
    """Where a declaration was written.

    Attributes:
        file: the YAML file, or None if a program declared the product.
        positions: of the attributes in it, or None.
        folders: where the files it names are looked for, in order.
        default_name: the product's name if it declares none.
    """

    file: Path | None
    positions: SourcePositionTree | None
    folders: tuple[Path, ...]
    default_name: str

    def place(self, path: Sequence[str | int]) -> str:
        """`file:line` of a field, or of what is nearest to it."""
        if self.file is None:
            return self.default_name
        if self.positions is None:
            return str(self.file)
        position, _ = self.positions.lookup_closest_and_path(list(path), trace=None)
        return f"{self.file}:{position.start.line}"


def read_product(attributes: Mapping[str, Any], origin: Origin) -> Product:
    """The product that attributes declare.

    Raises:
        ProductError: every wrong field with its place, what was expected and what came.
    """
    try:
        return Product.model_validate({"name": origin.default_name, **attributes})
    except ValidationError as error:
        lines = [_line(detail, origin) for detail in error.errors()]
        raise ProductError("\n".join(lines)) from error


def _line(detail: ErrorDetails, origin: Origin) -> str:
    path = [part for part in detail["loc"] if part not in ("function-after", "function-before")]
    words = detail["msg"].removeprefix("Value error, ")
    if detail["type"] == "extra_forbidden":
        words = f"there is no such field{_suggestion(str(path[-1]))}; docs/product.md tells those there are"
    elif detail["type"] == "missing":
        words = "expected this field, got none; add it"
    elif detail["type"] != "value_error":
        words = f"{_INPUT.sub('expected ', words)}, got {detail['input']!r}"
    elif found := _FIELD.match(words):
        path += found[1].split(".")
        words = words[found.end() :]
    field = ".".join(str(part) for part in path)
    return f"{origin.place(path)}: {field}: {words}" if field else f"{origin.place(path)}: {words}"


_ALIKE = 0.7
"""Likeness (difflib's ratio) from which on a field is suggested: less is no misspelling of tiles."""


def _suggestion(name: str) -> str:
    """The field of any section that a misspelt name resembles most, as a question."""
    schema = Product.model_json_schema()
    sections = [schema, *schema["$defs"].values()]
    known = {field for section in sections for field in section.get("properties", {})}
    similar = get_close_matches(name, sorted(known), n=1, cutoff=_ALIKE)
    return f" (did you mean {similar[0]}?)" if similar else ""


def load_chain(product: Product, origin: Origin) -> Chain:
    """The product with its areas and files.

    Raises:
        ProductError: a file is missing or cannot be used, with the place of the field that names it.
    """
    find: FindFile = find_beside(*origin.folders)
    try:
        areas = load_areas(product.area, find)
        return Chain(
            product,
            {area.key: area for area in areas},
            zones_file=check_zones(product, find),
            pieces_file=check_pieces_file(product, find),
            regions_file=find_regions(product.area, find),
            weights_file=find_weights(product, find),
            land_file=find_shapes(product.cube, "land", find),
            interest_file=find_shapes(product.cube, "interest", find),
            archive=find_archive(product.source, find),
        )
    except EoPipelineError as error:
        field = str(error).partition(":")[0].split(".")
        raise ProductError(f"{origin.place(field)}: {error}") from error
