import itertools
from typing import cast

import numpy as np
import pytest
import shapely

from eo_pipeline.sandbox.world.climate import monthly_normal
from eo_pipeline.sandbox.world.world import ProceduralWorld
from eo_pipeline_tests.sandbox.world.conftest import CLIMATE, HEIGHTS, S2, SCORE, Search, ms
from eo_pipeline_tests.sandbox.world.test_coast import WORLD


def test_assets_are_announced_by_their_kind(world: ProceduralWorld) -> None:
    kinds = {}
    for asset_id in (S2, SCORE, CLIMATE, HEIGHTS, f"{CLIMATE}/202301", "NASA/NOTHING"):
        info = world.asset(asset_id)
        kinds[asset_id] = None if info is None else info.type
    assert list(kinds.values()) == ["IMAGE_COLLECTION"] * 3 + ["IMAGE"] * 2 + [None]


def test_months_follow_the_calendar(search: Search) -> None:
    records = list(search(CLIMATE, "2022-11-02", "2023-03-01", None))
    assert [record.properties["system:index"] for record in records] == ["202212", "202301", "202302"]
    january = records[1].properties
    assert (january["system:time_start"], january["system:time_end"]) == (ms("2023-01-01"), ms("2023-02-01"))
    assert (january["year"], january["month"]) == (2023, 1)
    assert [r.id for r in search(CLIMATE, "2023-01-01", "2023-01-02", None)] == [f"{CLIMATE}/202301"]


def test_months_begin_in_1950_and_go_on(world: ProceduralWorld) -> None:
    first = next(world.images(CLIMATE, start_ms=None, end_ms=None, region=None))
    assert first.properties["system:index"] == "195002"
    later = itertools.islice(world.images(CLIMATE, start_ms=ms("2030-01-01"), end_ms=None, region=None), 3)
    assert [record.properties["system:index"] for record in later] == ["203001", "203002", "203003"]


@pytest.mark.parametrize("index", ["202313", "202300", "194912", "20231", "x", "2023010", "000001"])
def test_indices_of_no_month_give_none(world: ProceduralWorld, index: str) -> None:
    assert world.image(f"{CLIMATE}/{index}") is None


def test_temperature_is_masked_over_the_sea(world: ProceduralWorld) -> None:
    record = world.image(f"{CLIMATE}/202307")
    assert record is not None
    source = record.bands["temperature_2m"]
    assert source.dimensions == (3601, 1801)
    _, mask = source.read(0, 1700, 300, 400, 300)
    x, y = np.meshgrid(-180 + 0.1 * np.arange(1700, 2100), 90 - 0.1 * np.arange(300, 600))
    expected = shapely.contains_xy(WORLD, x.ravel(), y.ravel()).reshape(x.shape)
    assert (mask != expected).mean() < 0.002


def test_temperatures_are_plausible(world: ProceduralWorld) -> None:
    def kelvin(index: str, longitude: float, latitude: float) -> float:
        record = world.image(f"{CLIMATE}/{index}")
        assert record is not None
        x, y = round((longitude + 180) * 10), round((90 - latitude) * 10)
        data, mask = record.bands["temperature_2m"].read(0, x, y, 1, 1)
        assert mask.all()
        return float(data[0, 0])

    assert 285 < kelvin("202307", 16.4, 48.2) < 300
    assert 262 < kelvin("202301", 16.4, 48.2) < 281
    assert 290 < kelvin("202307", 25.0, 2.0) < 305
    assert kelvin("202307", 80.0, -80.0) < 240
    assert kelvin("202301", 135.0, -25.0) > kelvin("202307", 135.0, -25.0)


def test_the_normal_is_the_documented_formula() -> None:
    sine = np.sin(np.deg2rad(48.0))
    wave = np.cos(2 * np.pi * (6 - 0.6) / 12)
    expected = 27.5 - 46 * sine**2.6 - 0.0062 * 500 - (1.5 + 19 * sine**1.4) * wave
    normal = monthly_normal(np.array([48.0]), np.array([500.0]), 6.0)
    np.testing.assert_allclose(normal, [expected], rtol=1e-5)


@pytest.mark.parametrize(("level", "tolerance"), [(1, 1e-9), (3, 1e-9), (5, 2.5)])
def test_levels_of_temperature_are_means(world: ProceduralWorld, level: int, tolerance: float) -> None:
    record = world.image(f"{CLIMATE}/202307")
    assert record is not None
    source, size = record.bands["temperature_2m"], 2**level
    x, y = 2000 // size, 500 // size
    native, valid = source.read(0, x * size, y * size, 4 * size, 4 * size)
    data, mask = source.read(level, x, y, 4, 4)
    values = np.ma.masked_array(native, ~valid).reshape(4, size, 4, size).mean(axis=(1, 3))
    both = (mask > 0) & ~np.ma.getmaskarray(values)
    assert both.any()
    np.testing.assert_allclose(data[both], values.filled(0)[both], atol=tolerance)


def test_both_edges_of_the_globe_show_the_same(world: ProceduralWorld) -> None:
    record = world.image(f"{CLIMATE}/202301")
    assert record is not None
    west, _ = record.bands["temperature_2m"].read(0, 0, 230, 1, 20)
    east, _ = record.bands["temperature_2m"].read(0, 3600, 230, 1, 20)
    np.testing.assert_allclose(west, east, atol=0.01)


def test_heights_are_whole_metres_zero_on_the_sea(world: ProceduralWorld) -> None:
    record = world.image(HEIGHTS)
    assert record is not None
    source = record.bands["elevation"]
    assert source.dimensions == (1_296_001, 417_601)
    assert source.pixel_type.dtype == np.dtype("i2")
    alps, valid = source.read(0, int((180 + 10.5) * 3600), int((60 - 46.8) * 3600), 600, 400)
    assert valid.all()
    assert 800 < alps.mean() < 4500
    coast, valid = source.read(0, int((180 + 13.2) * 3600), int((60 - 45.2) * 3600), 1800, 900)
    assert valid.all()
    assert (coast == 0).any()
    assert (coast > 100).any()


def test_cells_without_land_have_no_heights(world: ProceduralWorld) -> None:
    record = world.image(HEIGHTS)
    assert record is not None
    _, ocean = record.bands["elevation"].read(0, (180 - 35) * 3600, (60 - 35) * 3600, 50, 50)
    assert not ocean.any()
    _, far = record.bands["elevation"].read(12, 0, 0, 317, 102)
    assert 0.2 < cast(float, far.mean()) < 0.5


def test_heights_are_listed_as_no_collection(world: ProceduralWorld) -> None:
    assert not list(world.images(HEIGHTS, start_ms=None, end_ms=None, region=None))
