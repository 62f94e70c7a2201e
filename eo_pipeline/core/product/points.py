"""Band values at many points. What does not belong here: groups of points and requests (`core.points`)."""

from typing import Self

from pydantic import Field, model_validator

from eo_pipeline.core.product.section import Section

LARGEST_CELL = 2048
"""Pixels a side: a cell of five bands of doubles still is one request's share of the service's memory."""


class Points(Section):
    """Rows of point and period, grouped by grid cell, in place of tiles."""

    file: str | None = Field(None, description="points in any CRS, or a CSV of coordinates; a file, or an asset")
    asset: str | None = Field(None, description="Earth Engine table of points")
    id: str = Field(description="column or property that names the points; unique")
    x: str | None = Field(None, description="column of a CSV with the longitude or easting")
    y: str | None = Field(None, description="column of a CSV with the latitude or northing")
    crs: str | None = Field(None, description="of a CSV's coordinates; EPSG:4326 if absent")
    cell: int = Field(256, gt=0, le=LARGEST_CELL, description="pixels a side of the cells that points are grouped by")
    tolerance: float = Field(0.0, ge=0, lt=1, description="share of a partition's points that may fail")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.file is None) == (self.asset is None):
            raise ValueError("expected exactly one of file, asset")
        for field in ("x", "y"):
            if self.is_csv and getattr(self, field) is None:
                raise ValueError(f"{field}: expected the column of coordinates beside a CSV, got none; add it")
        if not self.is_csv and (given := [name for name in ("x", "y", "crs") if getattr(self, name) is not None]):
            raise ValueError(f"{given[0]}: expected it beside a file that ends with .csv only; remove it")
        return self

    @property
    def is_csv(self) -> bool:
        """True if coordinates stand in columns."""
        return self.file is not None and self.file.lower().endswith(".csv")
