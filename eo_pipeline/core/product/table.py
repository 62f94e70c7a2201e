"""A table that a recipe makes inside Earth Engine. What does not belong here: zones that we measure (`results`)."""

from typing import Literal

from pydantic import Field

from eo_pipeline.core.product.section import Section
from eo_pipeline.core.tables import Column


class TableColumn(Section):
    """One column: a property of the features, and how its values are read."""

    dtype: Literal["string", "int64", "double", "date"] = Field(
        "double", description="type of the values; dates are texts like 2024-05-17 in Earth Engine"
    )
    units: str = Field("", description="of the values, kept in the table, for example m3/s")
    description: str = Field("", description="one sentence, kept in the table")


class Table(Section):
    """Rows that are computed inside Earth Engine, one table an area and period."""

    recipe: str = Field(description="Python function (area, period) -> ee.FeatureCollection as package.module.function")
    columns: dict[str, TableColumn] = Field(
        min_length=1, description="exported properties of the features, in the order of the table"
    )

    @property
    def meanings(self) -> tuple[Column, ...]:
        """The columns as tables keep them."""
        return tuple(Column(name, c.dtype, c.description, c.units) for name, c in self.columns.items())
