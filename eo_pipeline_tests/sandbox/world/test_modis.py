"""MODIS: the published grid and rhythm, and bands that agree with one another when decoded as published."""

import datetime as dt

import numpy as np
import pyproj
import pytest

from eo_pipeline.sandbox.graph.images import ImageRecord
from eo_pipeline.sandbox.world.sinusoidal import degrees, metres, on_globe
from eo_pipeline.sandbox.world.world import ProceduralWorld
from eo_pipeline_tests.sandbox.world.conftest import Search, ms

DAILY, WEEKLY = "MODIS/061/MOD11A1", "MODIS/061/MOD11A2"
FINE, COARSE = "MODIS/061/MOD13Q1", "MODIS/061/MOD13A2"
COLUMN, ROW, WIDTH, HEIGHT = 22750, 4900, 160, 120
"""A window of the 1 km grid in central Europe."""


def image(world: ProceduralWorld, image_id: str) -> ImageRecord:
    record = world.image(image_id)
    assert record is not None
    return record


def read(record: ImageRecord, band: str, *, finer: int = 1) -> tuple[np.ndarray, np.ndarray]:
    data, mask = record.bands[band].read(0, COLUMN * finer, ROW * finer, WIDTH, HEIGHT)
    return data.astype(float), mask.astype(bool)


def test_the_projection_is_projs() -> None:
    sinusoidal = pyproj.Transformer.from_crs("EPSG:4326", "+proj=sinu +R=6371007.181 +nadgrids=@null", always_xy=True)
    longitude, latitude = np.meshgrid(np.linspace(-170, 170, 9), np.linspace(-80, 80, 9))
    x, y = metres(longitude, latitude)
    radius = 6371007.181
    np.testing.assert_allclose(x, radius * np.deg2rad(longitude) * np.cos(np.deg2rad(latitude)))
    np.testing.assert_allclose(sinusoidal.transform(longitude, latitude), (x, y), rtol=1e-12, atol=1e-6)
    np.testing.assert_allclose(degrees(x, y), (longitude, latitude), atol=1e-9)
    assert on_globe(x, y).all()
    assert not on_globe(np.array(1.9e7), np.array(5e6))


@pytest.mark.parametrize(
    ("image_id", "transform", "dimensions"),
    [
        (f"{DAILY}/2023_06_01", 926.625433056, (43200, 21600)),
        (f"{WEEKLY}/2023_06_02", 926.625433056, (43200, 21600)),
        (f"{COARSE}/2023_06_10", 926.625433056, (43200, 21600)),
        (f"{FINE}/2023_06_10", 231.65635826395825, (172800, 86400)),
    ],
)
def test_grids_are_those_of_earth_engine(
    world: ProceduralWorld, image_id: str, transform: float, dimensions: tuple[int, int]
) -> None:
    for source in image(world, image_id).bands.values():
        side, _, west, _, down, north = source.projection.transform
        assert (side, -down) == pytest.approx((transform, transform), rel=1e-11)
        assert (west, north) == (-20015109.354, 10007554.677)
        assert source.projection.crs == "SR-ORG:6974"
        assert source.dimensions == dimensions


@pytest.mark.parametrize(("collection", "days"), [(DAILY, 1), (WEEKLY, 8), (FINE, 16), (COARSE, 16)])
def test_periods_begin_anew_each_year(search: Search, collection: str, days: int) -> None:
    records = list(search(collection, "2023-01-01", "2024-01-01", None))
    begins = [ms("2023-01-01") + 86_400_000 * days * number for number in range(-(-365 // days))]
    assert [record.properties["system:time_start"] for record in records] == begins
    assert records[-1].properties["system:time_end"] == ms("2024-01-01")
    first = dt.datetime(2023, 1, 1, tzinfo=dt.UTC) + dt.timedelta(days=days)
    assert records[1].properties["system:index"] == f"{first:%Y_%m_%d}"


@pytest.mark.parametrize("index", ["2023_06_03", "2023_6_10", "x", "1999_06_10", "2023_02_30"])
def test_days_on_which_nothing_begins_give_none(world: ProceduralWorld, index: str) -> None:
    assert world.image(f"{FINE}/{index}") is None


def test_quality_tells_good_from_cloudy(world: ProceduralWorld) -> None:
    cloudy, clear = 0, 0
    for day in range(1, 11):
        record = image(world, f"{DAILY}/2023_07_{day:02d}")
        kelvin, measured = read(record, "LST_Day_1km")
        quality, land = read(record, "QC_Day")
        np.testing.assert_array_equal(measured, land & (quality.astype(int) & 3 != 2))
        assert (0.02 * kelvin[measured] > 255).all()
        assert (0.02 * kelvin[measured] < 325).all()
        cloudy, clear = cloudy + int((land & ~measured).sum()), clear + int(measured.sum())
    assert cloudy > WIDTH * HEIGHT
    assert clear > WIDTH * HEIGHT


def test_thin_clouds_lower_what_is_measured_by_as_much_as_the_quality_says(world: ProceduralWorld) -> None:
    days = [image(world, f"{DAILY}/2023_07_{day:02d}") for day in range(1, 25)]
    quality = np.array([read(record, "QC_Day")[0] for record in days]).astype(int)
    kelvin = np.array([read(record, "LST_Day_1km")[0] for record in days]) * 0.02
    warmth = [np.median(kelvin[(quality & 3 == 1) & (quality >> 6 == error)]) for error in (0, 3)]
    good = np.median(kelvin[quality == 0])
    assert good > warmth[1] + 2
    assert warmth[0] > warmth[1]


def test_eight_days_are_the_mean_of_the_clear_ones(world: ProceduralWorld) -> None:
    total, count = np.zeros((HEIGHT, WIDTH)), np.zeros((HEIGHT, WIDTH))
    for day in range(4, 12):
        kelvin, measured = read(image(world, f"{DAILY}/2023_07_{day:02d}"), "LST_Day_1km")
        total += np.where(measured, kelvin, 0)
        count += measured
    eight, valid = read(image(world, f"{WEEKLY}/2023_07_04"), "LST_Day_1km")
    np.testing.assert_array_equal(valid, count > 0)
    np.testing.assert_allclose(eight[valid], total[valid] / count[valid], atol=1.01)


def test_days_are_warmer_than_nights_and_times_are_local(world: ProceduralWorld) -> None:
    record = image(world, f"{WEEKLY}/2023_07_04")
    day, by_day = read(record, "LST_Day_1km")
    night, by_night = read(record, "LST_Night_1km")
    both = by_day & by_night
    assert both.mean() > 0.5
    assert (day[both] > night[both]).mean() > 0.95
    times = [read(record, band)[0][both] * 0.1 for band in ("Day_view_time", "Night_view_time")]
    assert np.unique(times[0]) == pytest.approx([10.5])
    assert np.unique(times[1]) == pytest.approx([22.5])
    emissivity, land = read(record, "Emis_31")
    assert 0.96 < (0.002 * emissivity[land] + 0.49).min() < (0.002 * emissivity[land] + 0.49).max() < 0.99


@pytest.mark.parametrize(("collection", "finer"), [(FINE, 4), (COARSE, 1)])
def test_indices_follow_from_the_reflectances(world: ProceduralWorld, collection: str, finer: int) -> None:
    record = image(world, f"{collection}/2023_06_10")
    read_band = {name: read(record, name, finer=finer) for name in record.bands}
    values = {name: data for name, (data, _) in read_band.items()}
    land = read_band["NDVI"][1]
    red, infrared, blue = (values[f"sur_refl_b0{number}"][land] / 10000 for number in (1, 2, 3))
    ndvi = np.clip((infrared - red) / (infrared + red), -0.2, 1)
    evi = np.clip(2.5 * (infrared - red) / (infrared + 6 * red - 7.5 * blue + 1), -0.2, 1)
    bright = infrared > 0.05
    np.testing.assert_allclose(values["NDVI"][land][bright] / 10000, ndvi[bright], atol=0.002)
    np.testing.assert_allclose(values["EVI"][land][bright] / 10000, evi[bright], atol=0.003)
    assert 0.5 < np.median(ndvi) < 0.9


def test_the_summary_marks_clouds_and_snow(world: ProceduralWorld) -> None:
    record = image(world, f"{COARSE}/2023_05_09")
    summary, land = read(record, "SummaryQA")
    ndvi = read(record, "NDVI")[0]
    assert set(np.unique(summary[land])) == {0, 1, 3}
    good, marginal, cloudy = (np.median(ndvi[land & (summary == grade)]) for grade in (0, 1, 3))
    assert cloudy < marginal < good
    winter = image(world, f"{COARSE}/2023_01_17")
    summary, land = read(winter, "SummaryQA")
    blue = read(winter, "sur_refl_b03")[0]
    assert np.median(blue[land & (summary == 2)]) > 2000 > np.median(blue[land & (summary == 0)])


@pytest.mark.parametrize(("index", "begin"), [("2023_01_01", 1), ("2023_06_10", 161), ("2023_12_19", 353)])
def test_the_day_is_one_of_the_period(world: ProceduralWorld, index: str, begin: int) -> None:
    day, land = read(image(world, f"{COARSE}/{index}"), "DayOfYear")
    assert begin <= day[land].min() <= day[land].max() < begin + 16


def test_the_sea_and_the_corners_of_the_grid_are_masked(world: ProceduralWorld) -> None:
    _, land = image(world, f"{WEEKLY}/2023_07_04").bands["QC_Day"].read(7, 0, 0, 338, 169)
    assert 0.1 < land.mean() < 0.3
    assert not land[20, 20]
    assert not land[80, 60]
