"""Stores and manifests of chips have the structure that a person reviewed."""

import json

import pytest

from eo_pipeline_tests.golden.chip_structures import STRUCTURES, as_text, golden_path


@pytest.mark.parametrize("name", STRUCTURES)
def test_the_structure_is_the_reviewed_one(name: str) -> None:
    assert json.loads(as_text(name)) == json.loads(golden_path(name).read_text(encoding="utf-8"))
