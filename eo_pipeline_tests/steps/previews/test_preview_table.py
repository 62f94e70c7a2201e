"""The first rows of a table, as the export would write them."""

import pytest

from eo_pipeline.core import grids
from eo_pipeline.core.product import Table
from eo_pipeline.earth_engine.session import Session
from eo_pipeline.errors import TableError
from eo_pipeline.steps.previews.preview_table import TablePreview, preview_table
from eo_pipeline_tests.scenes import BOX, DAYS, scenes_product

RECIPES = "eo_pipeline_tests.steps.previews.table_recipes"


def previewed(session: Session, recipe: str, *columns: str, period: str = "2024-01") -> TablePreview:
    product = scenes_product()
    [area] = grids.whole_area(product.area.lattice, BOX)
    declared = Table.model_validate({"recipe": f"{RECIPES}.{recipe}", "columns": {name: {} for name in columns}})
    return preview_table(session, "scenes", declared, area, product.period.rule.parse(period))


def test_the_rows_are_those_of_the_recipe_in_the_declared_columns(interactive: Session) -> None:
    found = previewed(interactive, "clouds", "clouds", "day")
    january = [(clouds, day) for day, clouds in DAYS.items() if day.startswith("2024-01")]
    assert found == TablePreview(("clouds", "day"), tuple(january), has_more=False)


def test_no_rows_are_no_rows(interactive: Session) -> None:
    assert previewed(interactive, "clouds", "day", period="2024-06") == TablePreview(("day",), (), has_more=False)


def test_of_many_rows_the_first_are_shown(interactive: Session) -> None:
    found = previewed(interactive, "many", "n")
    assert (found.rows, found.has_more) == (tuple((n,) for n in range(1, 21)), True)


def test_a_column_that_no_row_has_is_named(interactive: Session) -> None:
    with pytest.raises(TableError) as caught:
        previewed(interactive, "clouds", "day", "cloud")
    assert str(caught.value) == (
        f"table.columns: expected properties of the features that {RECIPES}.clouds returns, got none called cloud in "
        "the first 3; there are clouds, day"
    )
