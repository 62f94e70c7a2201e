"""The table of zones that a product is measured by.

What does not belong here: what statistics mean and which columns they have (`core.zonal`).
"""

import math
from itertools import pairwise
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from eo_pipeline.core.product.section import Section, some_words
from eo_pipeline.core.product.source import Condition
from eo_pipeline.core.zonal.measures import Rule
from eo_pipeline.core.zonal.statistics import check_statistics, is_function
from eo_pipeline.errors import EoPipelineError

_FIRST = ("id", "statistics", "bands", "all_touched")
"""Fields that have always been part of a table's identity, whatever their value."""


class ZoneTable(Section):
    """The polygons, points or lines that are measured; they may cross areas."""

    file: str | None = Field(
        None, description="zones in any CRS, relative to the YAML's folder or the project's; a file, or an asset"
    )
    asset: str | None = Field(
        None, description="Earth Engine table of polygons, for example FAO/GAUL/2015/level2; those around the areas"
    )
    asset_where: dict[str, Condition] = Field({}, description="conditions on the asset's properties")
    id: str = Field(description="column or property that names the zones; unique, never null")
    statistics: list[str] = Field(["mean", "count"], min_length=1, description="see the table of statistics")
    bands: list[str] | None = Field(None, description="measured bands; the output's bands if absent, without counts")
    rule: Literal["center", "all_touched", "fractional"] = Field(
        "center",
        description="pixels of a polygon: those whose centre is inside, all that it touches, or each by the share of "
        "it that is covered",
    )
    all_touched: bool = Field(False, description="the same as rule: all_touched")
    weights: str | None = Field(
        None, description="raster on the product's grid that weighted_mean weighs pixels by, for example people"
    )
    classes: list[int] | Literal["all"] | None = Field(
        None, description="classes of categorical bands that are counted; all that are found in form long"
    )
    areas: bool = Field(False, description="square metres of each class beside its pixels")
    histogram: list[float] = Field(
        [], description="ascending edges of bins in physical units, for bands that are not categorical"
    )
    inner_buffer: float = Field(0.0, ge=0, description="metres along the edges of polygons that do not count")
    min_valid_fraction: float = Field(
        0.0, ge=0, le=1, description="values are null below it; counts and shares stay, the valid share is told"
    )
    form: Literal["wide", "long"] = Field("wide", description="a column for each number of a zone, or a row")
    geometry: bool = Field(False, description="keep the zones' shapes in the table, as GeoParquet")
    together: bool = Field(False, description="also one file of all periods, in which each period's rows are once")
    where: Literal["local", "earth_engine"] = Field(
        "local", description="measure the mosaics here, or the composites inside Earth Engine"
    )
    of: Literal["mosaics", "tiles", "cube"] = Field(
        "mosaics",
        description="what is measured here: mosaics; tiles, of which then no mosaic is made; or the cube's slots",
    )
    tolerance: float = Field(
        0.005,
        gt=0,
        lt=1,
        description="share by which a number measured inside Earth Engine may differ from that of the mosaics, where "
        "both are there",
    )

    @property
    def source(self) -> str:
        """Where the zones come from: a file's name or a table's id."""
        return str(self.asset or self.file)

    @property
    def pixels(self) -> Rule:
        """Which pixels belong to a polygon, whichever field says so."""
        return Rule.ALL_TOUCHED if self.all_touched else Rule(self.rule)

    @property
    def functions(self) -> list[str]:
        """Statistics that are a person's own functions."""
        return [name for name in self.statistics if is_function(name)]

    @property
    def identity(self) -> dict[str, Any]:
        """What decides about the table but for the zones' and weights' bytes; the same for whoever says no more."""
        said = self.model_dump(mode="json", exclude={"file", "weights", "together", "tolerance"})
        fields = type(self).model_fields
        return {name: value for name, value in said.items() if name in _FIRST or value != fields[name].default}

    @model_validator(mode="after")
    def _fits(self) -> Self:
        try:
            check_statistics(self.statistics)
        except EoPipelineError as error:
            raise ValueError(str(error)) from error
        for check in (_check_source, _check_rule, _check_weights, _check_classes, _check_histogram, _check_where):
            check(self)
        return self


def _check_source(zones: ZoneTable) -> None:
    if (zones.file is None) == (zones.asset is None):
        raise ValueError("expected exactly one of file, asset")
    if zones.asset_where and zones.asset is None:
        raise ValueError("asset_where: expected it beside `asset` only; leave the other zones out of the file")
    if zones.asset is not None and zones.where == "local":
        raise ValueError("where: expected earth_engine beside `asset`, got local; write it, or name a file")


def _check_rule(zones: ZoneTable) -> None:
    if zones.all_touched and zones.rule == "fractional":
        raise ValueError("rule: expected all_touched beside `all_touched: true`, got fractional; remove one of them")


def _check_weights(zones: ZoneTable) -> None:
    if zones.weights is None and "weighted_mean" in zones.statistics:
        raise ValueError("weights: expected a raster beside the statistic weighted_mean, got none; name one")
    if zones.weights is not None and "weighted_mean" not in zones.statistics:
        raise ValueError(
            f"weights: expected weighted_mean among the statistics beside it, got {some_words(zones.statistics)}; add "
            "it, or remove weights"
        )


def _check_classes(zones: ZoneTable) -> None:
    if zones.areas and zones.classes is None:
        raise ValueError("areas: expected `classes` beside it, got none; declare them, or remove areas")
    if zones.classes == "all" and zones.form == "wide":
        raise ValueError(
            "classes: expected a list of numbers in form wide, whose columns are known beforehand, got all; list them, "
            "or write form: long"
        )
    if isinstance(zones.classes, list) and (not zones.classes or len(set(zones.classes)) < len(zones.classes)):
        raise ValueError(f"classes: expected numbers, each once, got {zones.classes}; correct them")


def _check_histogram(zones: ZoneTable) -> None:
    edges = zones.histogram
    ascending = all(low < high for low, high in pairwise(edges)) and all(math.isfinite(edge) for edge in edges)
    if edges and (len(edges) < 2 or not ascending):
        raise ValueError(f"histogram: expected two or more ascending edges of bins, got {edges}; correct them")


def _check_where(zones: ZoneTable) -> None:
    if zones.where == "local":
        return
    if zones.of != "mosaics":
        raise ValueError(
            f"of: expected where: local beside it, got earth_engine, where no {zones.of} are read; write local, or "
            "remove of"
        )
    here = {
        "rule all_touched": zones.pixels is Rule.ALL_TOUCHED,
        "weights": zones.weights is not None,
        **{f"the statistic {name}": True for name in zones.functions},
    }
    if only_here := [name for name, wanted in here.items() if wanted]:
        raise ValueError(
            f"where: expected local beside {some_words(only_here)}, got earth_engine, which does not know it; write "
            "local, or remove it"
        )
