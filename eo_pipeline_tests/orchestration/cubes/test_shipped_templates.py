"""Cubes of the products that come with the project are laid out as was reviewed."""

import json
from pathlib import Path

import pytest

from eo_pipeline_tests.golden.cube_templates import as_text, golden_path
from eo_pipeline_tests.golden.shipped_cubes import declarations, template_of

DECLARATIONS = declarations()


@pytest.mark.parametrize("file", DECLARATIONS, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_structure_is_the_reviewed_one(file: Path) -> None:
    template = template_of(file, DECLARATIONS[file])
    assert json.loads(as_text(template)) == json.loads(golden_path(template).read_text(encoding="utf-8"))


def test_built_in_new_and_exemplary_products_are_looked_at() -> None:
    assert {template_of(file, attributes).product for file, attributes in DECLARATIONS.items()} == {
        "air_temperature",
        "ndvi_fields",
        "field_ndvi",
        "field_scenes",
    }
