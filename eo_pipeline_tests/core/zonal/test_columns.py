"""Columns of tables of zonal statistics."""

import pytest

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.tables import Column
from eo_pipeline.core.zonal.columns import zone_columns
from eo_pipeline.core.zonal.wanted import Wanted
from eo_pipeline.errors import ZonesError


def test_columns_say_what_they_hold() -> None:
    band = BandEncoding("lst", "float32", units="K", description="surface temperature")
    columns = zone_columns("code", Wanted((band,), ("count", "mean", "percentile_90")))
    assert [column.name for column in columns] == [
        *("code", "period", "period_start", "period_end", "lst_count", "lst_mean", "lst_percentile_90")
    ]
    assert columns[4].units == "pixels"
    assert columns[4].dtype == "int64"
    description = "lst (surface temperature): mean of the zone's usable pixels; pixels whose centre is inside"
    assert columns[5] == Column("lst_mean", "double", description, "K")
    assert "90th percentile" in columns[6].description


def test_an_id_column_must_not_hide_another() -> None:
    with pytest.raises(ZonesError, match="got period twice; rename the id column"):
        zone_columns("period", Wanted((BandEncoding("b", "uint8"),)))
