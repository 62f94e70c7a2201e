"""Statistics of regions over time. What does not belong here: columns and requests (`core.series`)."""

import re
from typing import Literal, Self

from pydantic import Field, model_validator

from eo_pipeline.core.product.section import Section, some_words
from eo_pipeline.core.product.source import Condition

STATISTICS = ("mean", "std", "min", "max", "median", "count", "sum")
"""Those with a name of their own; percentiles are `p0` to `p100`."""

_PERCENTILE = re.compile(r"p(\d|[1-9]\d|100)")


class Series(Section):
    """Rows of region and time, reduced inside Earth Engine, in place of tiles."""

    file: str | None = Field(None, description="polygons in any CRS; a file, or an asset")
    asset: str | None = Field(None, description="Earth Engine table of polygons, for example FAO/GAUL/2015/level2")
    id: str = Field(description="column or property that names the regions; unique")
    names: list[str] = Field([], description="other columns or properties that the table repeats")
    where: dict[str, Condition] = Field({}, description="conditions on the asset's properties")
    of: Literal["images", "period"] = Field(
        "images", description="a row for each region and source image, or for each region and the period's composite"
    )
    statistics: list[str] = Field(
        ["mean", "count"], min_length=1, description="mean, std, min, max, median, count, sum, p0 to p100"
    )
    weights: Literal["area", "pixel", "none"] = Field(
        "area",
        description="pixels count by the ground they cover inside the region, by the share of them inside, or fully if "
        "their centre is inside",
    )
    edges: Literal["planar", "geodesic"] = Field(
        "planar", description="edges are straight in the regions' own CRS, or are the shortest ways on the ground"
    )
    min_valid_fraction: float = Field(
        0.0, ge=0, le=1, description="values are null below it; counts and the valid fraction stay"
    )
    csv: bool = Field(False, description="also one CSV a region over all periods")
    tolerance: float = Field(0.0, ge=0, lt=1, description="share of a partition's rows that may fail")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.file is None) == (self.asset is None):
            raise ValueError("expected exactly one of file, asset")
        if self.where and self.asset is None:
            raise ValueError("where: expected it beside `asset` only; leave the other polygons out of the file")
        if unknown := [name for name in self.statistics if not _is_statistic(name)]:
            raise ValueError(
                f"statistics: expected {', '.join(STATISTICS)} or p0 to p100, got {some_words(unknown)}; correct them"
            )
        for field in ("statistics", "names"):
            _check_once(field, getattr(self, field))
        if self.id in self.names:
            raise ValueError(f"names: expected other columns than `id`, got {self.id}; remove it there")
        return self


def _is_statistic(name: str) -> bool:
    return name in STATISTICS or _PERCENTILE.fullmatch(name) is not None


def _check_once(field: str, values: list[str]) -> None:
    if repeated := sorted({value for value in values if values.count(value) > 1}):
        raise ValueError(f"{field}: expected each once, got {some_words(repeated)} more than once; remove the others")
