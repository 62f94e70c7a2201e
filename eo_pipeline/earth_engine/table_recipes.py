"""From a person's own recipe of a table to the `ee.FeatureCollection` of an area and period.

What does not belong here: images (`recipes`), and the file that it becomes (`export_requests`).
"""

from typing import Any

import ee
from odc.geo.geobox import GeoBox

from eo_pipeline.core.periods import Period
from eo_pipeline.core.product import Table
from eo_pipeline.earth_engine.recipes import RecipeArea, own_recipe, rectangle
from eo_pipeline.errors import ProductError


def table(declared: Table, *, area_key: str, geobox: GeoBox, period: Period) -> Any:
    """The `ee.FeatureCollection` of the recipe, with whatever properties it gives its features.

    Args:
        declared: the recipe.
        area_key: given to the recipe.
        geobox: of the area, given to the recipe.
        period: half-open, UTC, given to the recipe.

    Raises:
        ProductError: there is no such function, or it returns something else.
    """
    made = own_recipe(declared.recipe, RecipeArea(area_key, geobox, rectangle(geobox)), period, field="table.recipe")
    if not isinstance(made, ee.FeatureCollection):
        raise ProductError(
            f"table.recipe: expected {declared.recipe} to return an ee.FeatureCollection, got "
            f"{type(made).__name__}; return the rows as features, wrapped in ee.FeatureCollection(...) if need be"
        )
    return made


def with_columns(rows: Any, declared: Table) -> Any:
    """The same features with the declared properties only, for a destination that knows no selectors."""
    return rows.select(list(declared.columns))
