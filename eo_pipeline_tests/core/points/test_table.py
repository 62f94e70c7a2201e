"""Values of points in physical units, with the reason where there is none."""

import datetime as dt

import numpy as np
import pytest

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.period_rules import CalendarRule
from eo_pipeline.core.points.places import Points
from eo_pipeline.core.points.table import point_columns, point_table
from eo_pipeline.errors import ProductError

BANDS = (
    BandEncoding("heat", "int16", scale=0.02, offset=-273.15, nodata=-1, units="degC", description="of the ground"),
    BandEncoding("leaves", "int16", nodata=-1),
)
POINTS = Points(np.array(["a", "b", "c", "d"], dtype=object), np.arange(4.0), np.arange(4.0) + 10)


def test_values_are_physical_and_their_absence_has_a_reason() -> None:
    stored = np.array([[15_000, -1, -1, 15_000], [7, 8, -1, 9]], float)
    columns = point_columns("station", BANDS, "EPSG:32633")
    failed = np.array([False, False, False, True])
    table = point_table(
        POINTS, stored, failed, columns=columns, bands=BANDS, period=CalendarRule("month").parse("2024-02")
    )
    assert list(table.columns) == [column.name for column in columns]
    assert table["station"].tolist() == ["a", "b", "c", "d"]
    np.testing.assert_allclose(table["heat"], [26.85, np.nan, np.nan, np.nan])
    np.testing.assert_array_equal(table["leaves"], [7, 8, np.nan, np.nan])
    assert table["state"].tolist() == ["valid", "valid", "masked", "failed"]
    assert table["x"].tolist() == [0, 1, 2, 3]
    assert set(table["period_start"]) == {dt.date(2024, 2, 1)}
    assert set(table["period_end"]) == {dt.date(2024, 3, 1)}
    heat = next(column for column in columns if column.name == "heat")
    assert heat.units == "degC"
    assert "of the ground" in heat.description


def test_numbers_that_are_nan_are_no_values() -> None:
    band = (BandEncoding("height", "float32"),)
    stored, failed = np.array([[np.nan, 1.0, 2.0, 3.0]]), np.zeros(4, bool)
    columns = point_columns("id", band, "EPSG:4326")
    table = point_table(
        POINTS, stored, failed, columns=columns, bands=band, period=CalendarRule("month").parse("2024-02")
    )
    assert table["state"].tolist() == ["masked", "valid", "valid", "valid"]


def test_no_points_are_an_empty_table_of_the_same_columns() -> None:
    nothing, columns = POINTS.only(np.zeros(4, bool)), point_columns("id", BANDS, "EPSG:4326")
    table = point_table(
        nothing,
        np.zeros((2, 0)),
        np.zeros(0, bool),
        columns=columns,
        bands=BANDS,
        period=CalendarRule("month").parse("2024-02"),
    )
    assert list(table.columns) == [column.name for column in columns]
    assert table.empty


@pytest.mark.parametrize("name", ["x", "period", "heat", "state"])
def test_two_columns_of_one_name_are_refused(name: str) -> None:
    with pytest.raises(ProductError, match=f"points: expected different column names, got {name} twice; rename"):
        point_columns(name, BANDS, "EPSG:4326")


def test_points_are_told_apart_by_ids_and_places() -> None:
    same = Points(POINTS.ids.copy(), POINTS.x.copy(), POINTS.y.copy())
    others = [Points(POINTS.ids, POINTS.x + 1e-9, POINTS.y), Points(POINTS.ids[::-1], POINTS.x, POINTS.y)]
    assert same.identity == POINTS.identity
    assert len({POINTS.identity, *(one.identity for one in others)}) == 3
