"""Saved plans come back in order, and what is no plan is named."""

from dataclasses import replace
from pathlib import Path

import pytest
from upath import UPath

from eo_pipeline.core.settings import Settings
from eo_pipeline.errors import PlanFileError
from eo_pipeline.storage.places import Place, open_place
from eo_pipeline.storage.plan_files import read_plans, save_plan
from eo_pipeline_tests.core.estimates.test_plan import PLAN


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return open_place(Settings(root=str(tmp_path)))


def test_plans_come_back_oldest_first(place: Place, tmp_path: Path) -> None:
    later = replace(PLAN, made="2026-11-22T09:00:00.000Z")
    file = save_plan(place, later)
    assert file == UPath(tmp_path / "fields" / "plans" / "2026-11-22T090000.000Z.json")
    save_plan(place, PLAN)
    assert read_plans(place, "fields") == [PLAN, later]
    assert [path.name for path in tmp_path.iterdir() if path.name not in ("fields", ".incoming")] == []


def test_a_product_without_plans_has_none(place: Place) -> None:
    assert read_plans(place, "fields") == []


@pytest.mark.parametrize("content", ["", "{", "[]", '{"version": 1}', '{"version": 1, "product": 3}'])
def test_a_file_that_is_no_plan_is_named(place: Place, content: str) -> None:
    file = save_plan(place, PLAN)
    Path(str(file)).write_text(content)
    with pytest.raises(PlanFileError, match=r"000Z\.json: expected a saved plan, got .*; delete the file"):
        read_plans(place, "fields")


def test_a_plan_of_another_version_is_named(place: Place) -> None:
    file = save_plan(place, PLAN)
    Path(str(file)).write_text('{"version": 2}')
    with pytest.raises(PlanFileError, match=r"000Z\.json: expected a plan of version 1, got version 2"):
        read_plans(place, "fields")
