"""Columns of series: what a reader of the table is told."""

from typing import Any

import pytest

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.product import Series
from eo_pipeline.core.series.columns import series_columns
from eo_pipeline.errors import ProductError

LST = BandEncoding("lst", "float32", units="K", description="surface temperature")


def series(**fields: Any) -> Series:
    return Series.model_validate({"file": "r.gpkg", "id": "code", **fields})


def test_each_value_has_its_count_and_valid_fraction_beside_it() -> None:
    found = series_columns(series(names=["name"], statistics=["count", "mean", "p5"]), [LST, LST_NIGHT])
    assert [column.name for column in found] == [
        *("code", "name", "image", "date"),
        *("lst_mean", "lst_p5", "lst_count", "lst_valid_fraction"),
        *("night_mean", "night_p5", "night_count", "night_valid_fraction"),
    ]
    assert [column.dtype for column in found[4:8]] == ["double", "double", "int64", "double"]
    assert [column.units for column in found[4:8]] == ["K", "K", "pixels", ""]


LST_NIGHT = BandEncoding("night", "float32", units="K")


def test_a_period_is_named_with_its_days() -> None:
    found = series_columns(series(of="period"), [LST])
    assert [column.name for column in found[:4]] == ["code", "period", "period_start", "period_end"]


@pytest.mark.parametrize(
    ("weights", "said", "units"),
    [
        ("area", "each by its ground area inside the region", "K m2"),
        ("pixel", "each by its share inside the region", "K"),
        ("none", "those whose centre is inside the region, each counting once", "K"),
    ],
)
def test_the_weights_are_told(weights: str, said: str, units: str) -> None:
    by_name = {c.name: c for c in series_columns(series(weights=weights, statistics=["sum", "median"]), [LST])}
    assert by_name["lst_sum"].description == f"lst (surface temperature): sum of the valid pixels, {said}"
    assert by_name["lst_sum"].units == units
    assert by_name["lst_median"].description.endswith("median of the valid pixels whose centre is inside the region")
    assert by_name["lst_valid_fraction"].description.endswith(said)


def test_two_columns_of_one_name_are_refused() -> None:
    with pytest.raises(ProductError, match="expected different column names, got lst_mean twice; rename"):
        series_columns(series(id="lst_mean"), [LST])
