"""ERA5-Land by month and day: published sunshine, and bands that agree with one another."""

import datetime as dt

import numpy as np
import pytest

from eo_pipeline.sandbox.world.climate import months_at
from eo_pipeline.sandbox.world.world import ProceduralWorld
from eo_pipeline_tests.sandbox.world.conftest import CLIMATE, Search

DAILY = "ECMWF/ERA5_LAND/DAILY_AGGR"


def read(world: ProceduralWorld, image_id: str, band: str) -> np.ndarray:
    """A window of central Europe, NaN on the sea."""
    record = world.image(image_id)
    assert record is not None
    data, mask = record.bands[band].read(0, 1850, 380, 120, 80)
    return np.where(mask, data, np.nan)


@pytest.mark.parametrize("image_id", [f"{CLIMATE}/202307", f"{CLIMATE}/202301", f"{DAILY}/20230715"])
def test_extremes_enclose_the_mean_and_dew_lies_below(world: ProceduralWorld, image_id: str) -> None:
    names = ("temperature_2m_min", "temperature_2m", "temperature_2m_max", "dewpoint_temperature_2m")
    low, mean, high, dew = (read(world, image_id, name) for name in names)
    land = ~np.isnan(mean)
    assert land.mean() > 0.3
    assert ((low < mean) & (mean < high) & (dew < mean))[land].all()
    np.testing.assert_allclose((high - mean)[land], (mean - low)[land], atol=1e-3)


@pytest.mark.parametrize(
    ("day", "latitude", "megajoules"),
    [("20230903", -20.0, 32.2), ("20230415", 0.0, 37.1), ("20230715", 50.0, 40.9)],
)
def test_sunshine_is_a_share_of_what_arrives_above_the_air(
    world: ProceduralWorld, day: str, latitude: float, megajoules: float
) -> None:
    """Extraterrestrial radiation of FAO 56, example 8 and annex 2, table 2.6, at the middles of its months."""
    record = world.image(f"{DAILY}/{day}")
    assert record is not None
    row = round((90 - latitude) * 10)
    data, _ = record.bands["surface_solar_radiation_downwards_sum"].read(0, 0, row, 3601, 1)
    assert data.max() / 1e6 == pytest.approx(0.55 * megajoules, rel=0.04)


def test_rain_falls_where_it_is_wet(world: ProceduralWorld) -> None:
    rain, soil = (
        read(world, f"{CLIMATE}/202307", name) for name in ("total_precipitation_sum", "volumetric_soil_water_layer_1")
    )
    land = ~np.isnan(rain)
    assert (rain[land] >= 0).all()
    assert 0.02 < np.median(rain[land]) < 0.2
    assert np.corrcoef(rain[land], soil[land])[0, 1] > 0.2
    assert ((soil[land] >= 0.05) & (soil[land] <= 0.45)).all()


def test_days_scatter_around_their_month(world: ProceduralWorld) -> None:
    days = np.array([read(world, f"{DAILY}/202307{day:02d}", "temperature_2m") for day in range(1, 32)])
    month = read(world, f"{CLIMATE}/202307", "temperature_2m")
    land = ~np.isnan(month)
    assert np.abs(days.mean(axis=0) - month)[land].mean() < 1.0
    assert days.std(axis=0)[land].mean() > 0.5


def test_days_follow_one_another(search: Search) -> None:
    records = list(search(DAILY, "2024-02-27", "2024-03-02", None))
    assert [record.properties["system:index"] for record in records] == ["20240227", "20240228", "20240229", "20240301"]
    assert records[0].properties["day"] == 27


@pytest.mark.parametrize(("date", "months"), [("2023-01-16", 12 * 2023.0), ("2023-02-15", 12 * 2023 + 1.0)])
def test_the_middle_of_a_month_is_a_whole_number(date: str, months: float) -> None:
    day = (dt.date.fromisoformat(date) - dt.date(1970, 1, 1)).days
    assert months_at(day) == pytest.approx(months, abs=0.02)
