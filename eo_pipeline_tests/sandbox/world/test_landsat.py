"""Landsat 8 and 9: places and days of real scenes, and pixels decoded by the published bits and factors."""

from typing import cast

import numpy as np
import pytest
import shapely

from eo_pipeline.sandbox.graph.images import ImageRecord
from eo_pipeline.sandbox.world.world import ProceduralWorld
from eo_pipeline.sandbox.world.wrs import Row
from eo_pipeline_tests.sandbox.world.conftest import Search, ms
from eo_pipeline_tests.sandbox.world.truth import true_reflectance

L8, L9 = "LANDSAT/LC08/C02/T1_L2", "LANDSAT/LC09/C02/T1_L2"
VIENNA = shapely.Point(15.5, 48.3)
BANDS = [*(f"SR_B{number}" for number in range(1, 8)), "ST_B10", "QA_PIXEL", "QA_RADSAT"]
CIRRUS, CLOUD, SHADOW, SNOW, CLEAR, WATER = 2, 3, 4, 5, 6, 7


@pytest.fixture(scope="module")
def year(search: Search) -> list[ImageRecord]:
    return list(search(L8, "2023-03-01", "2023-12-01", VIENNA))


def window(record: ImageRecord, band: str) -> np.ndarray:
    return np.asarray(record.bands[band].read(0, 2600, 2600, 300, 200)[0])


def bit(record: ImageRecord, number: int) -> np.ndarray:
    return np.asarray((window(record, "QA_PIXEL") >> number) & 1 == 1)


@pytest.mark.parametrize(
    ("path", "row", "longitude", "latitude"),
    [(44, 34, -122.1, 37.48), (139, 45, 86.97, 21.67), (1, 60, -64.6, 0.0), (27, 47, -100.66, 18.79)],
)
def test_rows_lie_where_the_reference_system_has_them(path: int, row: int, longitude: float, latitude: float) -> None:
    assert Row(path, row).middle == pytest.approx((longitude, latitude), abs=0.1)


@pytest.mark.parametrize(
    "index", ["LC08_044034_20140318", "LC08_139045_20170304", "LC08_139045_20141022", "LC08_106071_20160513"]
)
def test_scenes_that_exist_on_earth_exist(world: ProceduralWorld, index: str) -> None:
    record = world.image(f"{L8}/{index}")
    assert record is not None
    assert record.properties["system:index"] == index
    assert record.footprint.contains(shapely.Point(Row(int(index[5:8]), int(index[8:11])).middle))


@pytest.mark.parametrize(
    "index",
    [
        "LC08_044034_20140319",
        "LC09_044034_20140318",
        "LC08_044034_20130301",
        "LC08_044034_20141399",
        "LC08_244034",
        "x",
    ],
)
def test_ids_of_no_scene_give_none(world: ProceduralWorld, index: str) -> None:
    assert world.image(f"{L8}/{index}") is None


def test_each_satellite_returns_after_sixteen_days_and_the_other_comes_between(search: Search) -> None:
    days = {}
    for collection in (L8, L9):
        records = search(collection, "2023-03-01", "2023-05-01", VIENNA)
        times = [r.properties["system:time_start"] for r in records if r.properties["WRS_PATH"] == 190]
        days[collection] = sorted({cast(int, time) // 86_400_000 for time in times})
    assert len(days[L8]) >= 3
    assert set(np.diff(days[L8])) == set(np.diff(days[L9])) == {16}
    assert (days[L9][0] - days[L8][0]) % 16 == 8


def test_metadata_says_how_to_decode(year: list[ImageRecord]) -> None:
    record = year[0]
    assert list(record.bands) == BANDS
    assert record.properties["REFLECTANCE_MULT_BAND_4"] == 0.0000275
    assert record.properties["TEMPERATURE_ADD_BAND_ST_B10"] == 149.0
    for source in record.bands.values():
        assert source.pixel_type.dtype == np.dtype("u2")
        assert source.projection.transform[0] == 30
        assert (source.projection.transform[2] % 30, source.projection.transform[5] % 30) == (15, 15)


def test_clear_pixels_decode_to_the_truth(world: ProceduralWorld, year: list[ImageRecord]) -> None:
    compared = 0
    for record in year:
        clear = bit(record, CLEAR) & ~bit(record, SHADOW) & ~bit(record, SNOW) & ~bit(record, CIRRUS)
        grid = record.bands["SR_B4"].projection.grid(2600, 2600, 300, 200)
        time = cast(int, record.properties["system:time_start"])
        for band, twin in (("SR_B4", "B4"), ("SR_B5", "B8A")):
            seen = 0.0000275 * window(record, band).astype(float) - 0.2
            true = true_reflectance(world.scenery, twin, grid, time) / 10000
            within = (seen >= 0.92 * true - 0.0001) & (seen <= 1.02 * true + 0.025)
            assert within[clear].all()
        compared += int(clear.sum())
    assert compared > 300 * 200


def test_quality_bits_say_what_the_reflectances_show(world: ProceduralWorld, year: list[ImageRecord]) -> None:
    found = set()
    for record in year:
        red = 0.0000275 * window(record, "SR_B4").astype(float) - 0.2
        infrared = 0.0000275 * window(record, "SR_B5").astype(float) - 0.2
        cloud, shadow, clear = bit(record, CLOUD), bit(record, SHADOW), bit(record, CLEAR)
        assert not (cloud & clear).any()
        assert not bit(record, 0).any()
        quality = window(record, "QA_PIXEL")
        np.testing.assert_array_equal((quality >> 8) & 3 == 3, cloud)
        np.testing.assert_array_equal((quality >> 10) & 3 == 3, shadow)
        if cloud.sum() > 500:
            assert np.median(red[cloud]) > 0.2
            found.add("cloud")
        water = bit(record, WATER) & clear & ~shadow & ~bit(record, CIRRUS)
        if water.sum() > 20:
            assert np.median(infrared[water]) < 0.08
            found.add("water")
        shadow &= ~bit(record, CIRRUS)
        if shadow.sum() > 500:
            grid = record.bands["SR_B5"].projection.grid(2600, 2600, 300, 200)
            true = true_reflectance(world.scenery, "B8A", grid, cast(int, record.properties["system:time_start"]))
            assert np.median(infrared[shadow] / (true[shadow] / 10000)) < 0.985
            found.add("shadow")
    assert found == {"cloud", "water", "shadow"}


def test_temperatures_follow_the_season_and_clouds_are_colder(year: list[ImageRecord]) -> None:
    kelvin = {}
    for record in year:
        seen = 0.00341802 * window(record, "ST_B10").astype(float) + 149
        clear, cloud = bit(record, CLEAR) & ~bit(record, SHADOW), bit(record, CLOUD)
        if clear.mean() > 0.5:
            kelvin[cast(int, record.properties["system:time_start"])] = float(np.median(seen[clear]))
        if clear.sum() > 500 and cloud.sum() > 500:
            assert np.median(seen[cloud]) < np.median(seen[clear]) - 5
    spring = [value for time, value in kelvin.items() if time < ms("2023-04-01")]
    summer = [value for time, value in kelvin.items() if ms("2023-06-01") < time < ms("2023-09-01")]
    assert 265 < np.mean(spring) < 295
    assert 290 < np.mean(summer) < 320


def test_saturation_is_marked_by_band(year: list[ImageRecord]) -> None:
    brightest = max(year, key=lambda record: int(window(record, "SR_B5").max()))
    bits = window(brightest, "QA_RADSAT")
    for number in range(7):
        seen = 0.0000275 * window(brightest, f"SR_B{number + 1}").astype(float) - 0.2
        sure = np.abs(seen - 0.8) > 0.0000275
        np.testing.assert_array_equal(((bits >> number) & 1 == 1)[sure], (seen > 0.8)[sure])
    assert (bits > 0).any()


def test_pixels_outside_the_scene_are_masked(year: list[ImageRecord]) -> None:
    source = year[0].bands["QA_PIXEL"]
    assert source.dimensions is not None
    width, height = (-(-size >> 5) for size in source.dimensions)
    data, mask = source.read(5, 0, 0, width, height)
    assert 0.5 < mask.mean() < 0.9
    assert not mask[0, 0]
    assert not mask[-1, -1]
    assert (data[~mask.astype(bool)] == 0).all()


def test_a_path_and_row_narrow_the_search(world: ProceduralWorld) -> None:
    area = world.area(L8, {"WRS_PATH": 190, "WRS_ROW": 26})
    assert area is not None
    assert area.distance(shapely.Point(Row(190, 26).middle)) == 0
    nowhere = world.area(L8, {"WRS_PATH": 999, "WRS_ROW": 26})
    assert nowhere is not None
    assert nowhere.is_empty
    path = world.area(L8, {"WRS_PATH": 190})
    assert path is not None
    assert path.intersection(area).area == pytest.approx(area.area)
    assert world.area(L8, {"WRS_ROW": 26}) is None


def test_the_truth_is_the_ground_and_clear_temperatures_are_near_it(
    world: ProceduralWorld, year: list[ImageRecord]
) -> None:
    compared = 0
    for record in year:
        truth = world.image(record.id.replace(L8, "SANDBOX/TRUTH/LC08_C02_T1_L2"))
        assert truth is not None
        assert list(truth.bands) == BANDS[:8]
        grid = record.bands["SR_B6"].projection.grid(2600, 2600, 300, 200)
        ground = true_reflectance(world.scenery, "B11", grid, cast(int, record.properties["system:time_start"]))
        np.testing.assert_allclose(0.0000275 * window(truth, "SR_B6") - 0.2, ground / 10000, atol=0.00002)
        clear = bit(record, CLEAR) & ~bit(record, SHADOW) & ~bit(record, CIRRUS)
        colder = 0.00341802 * (window(truth, "ST_B10").astype(float) - window(record, "ST_B10"))
        assert ((colder >= -0.004) & (colder <= 3 * 0.06 + 6 * 0.06 + 28 * 0.015 + 0.004))[clear].all()
        compared += int(clear.sum())
    assert compared > 300 * 200
