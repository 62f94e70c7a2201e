"""Tables of what was measured, wide and long, against values worked out by hand."""

import datetime as dt

import geopandas
import numpy as np
import pandas as pd
import pytest
from odc.geo.crs import CRS
from shapely import box

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.periods import Period
from eo_pipeline.core.zonal.class_tally import ClassTally
from eo_pipeline.core.zonal.columns import Form, zone_columns
from eo_pipeline.core.zonal.entries import Results
from eo_pipeline.core.zonal.measures import Rule
from eo_pipeline.core.zonal.shapes import Zones
from eo_pipeline.core.zonal.table import zone_table
from eo_pipeline.core.zonal.wanted import Wanted
from eo_pipeline_tests.core.zonal.pixels import Pixels, distribution_of, results_of

MAY = Period(dt.datetime(2024, 5, 1, tzinfo=dt.UTC), dt.datetime(2024, 6, 1, tzinfo=dt.UTC), "2024-05")
HEAT = BandEncoding("heat", "float32", units="K", description="surface temperature")
COVER = BandEncoding("cover", "uint8", nodata=255, kind="categorical")
SHAPES = (box(0, 0, 2, 2), box(2, 0, 4, 2), box(4, 0, 6, 2))
NONE = np.nan


def zones(count: int = 3) -> Zones:
    ids = ("north", "south", "off")[:count]
    return Zones("z.gpkg", "code", ids, SHAPES[:count], CRS("EPSG:32633"), (), "")


def whole(*values: float) -> Pixels:
    return np.array(values, np.float64), np.ones(len(values))


PIXELS = [
    [whole(280, 290, 300, NONE), whole(1, 1, 5, 7)],
    [whole(275, NONE, NONE, NONE), whole(5, 5, 5, NONE)],
    [whole(), whole()],
]


def test_a_wide_table_has_a_row_a_zone_and_a_column_a_number() -> None:
    wanted = Wanted((HEAT,), ("mean", "count", "median", "unique", "valid_share"), histogram=(270, 280, 300))
    table = zone_table(zones(), wanted, results_of([bands[:1] for bands in PIXELS], wanted), MAY)
    expected = pd.DataFrame(
        {
            "code": ["north", "south", "off"],
            "period": "2024-05",
            "period_start": dt.date(2024, 5, 1),
            "period_end": dt.date(2024, 6, 1),
            "heat_mean": [290.0, 275.0, NONE],
            "heat_count": [3, 1, 0],
            "heat_median": [290.0, 275.0, NONE],
            "heat_unique": pd.Series([3, 1, None], dtype="Int64"),
            "heat_valid_share": [0.75, 0.25, NONE],
            "heat_from_270_to_280": [0, 1, 0],
            "heat_from_280_to_300": [3, 0, 0],
        }
    )
    pd.testing.assert_frame_equal(table, expected)


def test_values_are_null_where_too_little_is_usable_but_counts_and_shares_stay() -> None:
    wanted = Wanted((HEAT,), ("mean", "max", "count", "nodata", "median"), min_valid_share=0.5)
    table = zone_table(zones(), wanted, results_of([bands[:1] for bands in PIXELS], wanted), MAY)
    assert table["heat_mean"].tolist() == pytest.approx([290, NONE, NONE], nan_ok=True)
    assert table["heat_max"].isna().tolist() == table["heat_median"].isna().tolist() == [False, True, True]
    assert table["heat_count"].tolist() == [3, 1, 0]
    assert table["heat_nodata"].tolist() == [1, 3, 0]
    assert table["heat_valid_share"].tolist() == pytest.approx([0.75, 0.25, NONE], nan_ok=True)


def test_classes_have_counts_and_areas_of_categorical_bands_only() -> None:
    wanted = Wanted((HEAT, COVER), ("majority",), classes=(1, 5, 9), areas=True)
    results = results_of(PIXELS, wanted)
    results = Results(results.sums, results.closed, areas=results.closed.classes, area=900.0)
    table = zone_table(zones(), wanted, results, MAY)
    assert list(table.columns[4:]) == [
        *("heat_majority", "cover_majority"),
        *("cover_class_1_count", "cover_class_1_area", "cover_class_5_count", "cover_class_5_area"),
        *("cover_class_9_count", "cover_class_9_area"),
    ]
    assert table["cover_class_1_count"].tolist() == [2, 0, 0]
    assert table["cover_class_5_area"].tolist() == [900, 2700, 0]
    assert table["cover_class_9_area"].tolist() == [0, 0, 0]
    assert str(table["cover_class_1_count"].dtype) == "int64"


def test_areas_may_be_weighed_pixel_by_pixel() -> None:
    wanted = Wanted((COVER,), ("count",), rule=Rule.FRACTIONAL, classes=(1, 5), areas=True)
    shares, ground = np.array([0.5, 1.0, 0.25]), np.array([50.0, 98.0, 24.0])
    classes = np.array([1.0, 5.0, 5.0])
    areas = ClassTally(wanted, by_weight=True)
    areas(0, 0, distribution_of(classes, ground, "uint8"))
    measured = results_of([[(classes, shares)]], wanted)
    table = zone_table(zones(1), wanted, Results(measured.sums, measured.closed, areas=areas), MAY)
    assert table.iloc[0, 4:].tolist() == [1.75, 0.5, 50.0, 1.25, 122.0]


def test_a_long_table_has_a_row_a_number_with_units_and_the_valid_share_beside() -> None:
    wanted = Wanted((HEAT, COVER), ("mean", "count"), classes=(5,), histogram=(270, 300))
    table = zone_table(zones(2), wanted, results_of(PIXELS[:2], wanted), MAY, form="long")
    assert [column.name for column in zone_columns("code", wanted, form="long")] == list(table.columns)
    north = table[table["code"] == "north"].drop(columns=["code", "period", "period_start", "period_end"])
    expected = pd.DataFrame(
        [
            ("heat", "mean", NONE, NONE, NONE, 290.0, "K", 0.75),
            ("heat", "count", NONE, NONE, NONE, 3.0, "pixels", 0.75),
            ("heat", "bin_count", NONE, 270.0, 300.0, 3.0, "pixels", 0.75),
            ("cover", "mean", NONE, NONE, NONE, 3.5, "", 1.0),
            ("cover", "count", NONE, NONE, NONE, 4.0, "pixels", 1.0),
            ("cover", "class_count", 5.0, NONE, NONE, 1.0, "pixels", 1.0),
        ],
        columns=["band", "statistic", "class", "bin_low", "bin_high", "value", "units", "valid_share"],
    )
    pd.testing.assert_frame_equal(north, expected)
    assert len(table) == 12
    assert set(table["period"]) == {"2024-05"}


def test_every_class_that_is_found_has_rows_in_a_long_table() -> None:
    wanted = Wanted((COVER,), ("count",), classes=(), areas=True)
    measured = results_of([bands[1:] for bands in PIXELS], wanted)
    results = Results(measured.sums, measured.closed, areas=measured.closed.classes, area=100.0)
    table = zone_table(zones(), wanted, results, MAY, form="long")
    assert "bin_low" not in table.columns
    counted = table[table["statistic"] == "class_count"]
    assert counted[["code", "class", "value"]].to_numpy().tolist() == [
        *(["north", 1, 2], ["north", 5, 1], ["north", 7, 1], ["south", 5, 3])
    ]
    areas = table[table["statistic"] == "class_area"]
    assert areas["value"].tolist() == [200, 100, 100, 300]
    assert set(areas["units"]) == {"m2"}
    assert len(table) == 3 + 4 + 4


def test_geometries_come_along_in_the_crs_of_the_zones() -> None:
    wanted = Wanted((HEAT,))
    results = results_of([bands[:1] for bands in PIXELS], wanted)
    wide = zone_table(zones(), wanted, results, MAY, geometry=True)
    assert isinstance(wide, geopandas.GeoDataFrame)
    assert list(wide.geometry) == list(SHAPES)
    assert wide.crs.to_epsg() == 32633
    long = zone_table(zones(), wanted, results, MAY, form="long", geometry=True)
    assert [shape.bounds[0] for shape in long.geometry] == [0, 0, 2, 2, 4, 4]
    assert zone_columns("code", wanted, geometry=True)[-1].dtype == "geometry"


def test_ids_of_any_name_and_type_stay_as_they_are() -> None:
    wanted = Wanted((HEAT,))
    numbered = Zones("z.gpkg", "zone", (30, 10), SHAPES[:2], CRS("EPSG:32633"), (), "")
    results = results_of([bands[:1] for bands in PIXELS[:2]], wanted)
    assert zone_table(numbered, wanted, results, MAY)["zone"].tolist() == [30, 10]
    assert zone_table(numbered, wanted, results, MAY, form="long")["zone"].tolist() == [30, 30, 10, 10]


@pytest.mark.parametrize("form", ["wide", "long"])
def test_no_zone_gives_an_empty_table_with_its_columns(form: Form) -> None:
    nothing, wanted = Zones("z.gpkg", "code", (), (), CRS("EPSG:32633"), (), ""), Wanted((HEAT,))
    table = zone_table(nothing, wanted, results_of([], wanted), MAY, form=form)
    assert len(table) == 0
    assert list(table.columns) == [column.name for column in zone_columns("code", wanted, form=form)]
