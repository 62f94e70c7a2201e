import itertools
from typing import cast

import numpy as np
import pytest
import shapely

from eo_pipeline.sandbox.catalog.pyramid import Policy
from eo_pipeline.sandbox.graph.grids import Projection
from eo_pipeline.sandbox.graph.images import BandSource, ImageRecord
from eo_pipeline.sandbox.world.world import ProceduralWorld
from eo_pipeline_tests.sandbox.world.conftest import PROBABILITY, S2, SCORE, Search, ms
from eo_pipeline_tests.sandbox.world.truth import true_reflectance

VIENNA = shapely.Point(15.5, 48.3)
BANDS = ["B1", "B2", "B3", "B4", "B5", "B6", "B7", "B8", "B8A", "B9", "B11", "B12", "SCL", "QA60"]


def cloudy(record: ImageRecord) -> float:
    return cast(float, record.properties["CLOUDY_PIXEL_PERCENTAGE"])


@pytest.fixture(scope="module")
def summer(search: Search) -> list[ImageRecord]:
    return list(search(S2, "2023-06-01", "2023-08-01", VIENNA))


@pytest.fixture(scope="module")
def mixed(summer: list[ImageRecord]) -> ImageRecord:
    return min(summer, key=lambda record: abs(cloudy(record) - 30))


def test_images_are_sorted_and_within_the_filters(summer: list[ImageRecord]) -> None:
    times = [cast(int, record.properties["system:time_start"]) for record in summer]
    assert len(summer) >= 12
    assert times == sorted(times)
    assert ms("2023-06-01") <= times[0]
    assert times[-1] < ms("2023-08-01")
    assert all(record.footprint.intersects(VIENNA) for record in summer)
    assert {record.properties["MGRS_TILE"] for record in summer} == {"33UWP"}


def test_the_same_question_has_the_same_answer(search: Search, summer: list[ImageRecord]) -> None:
    again = list(search(S2, "2023-06-01", "2023-08-01", VIENNA))
    assert [(record.id, record.properties) for record in again] == [(record.id, record.properties) for record in summer]


def test_an_image_is_found_by_its_id_with_the_same_metadata(world: ProceduralWorld, summer: list[ImageRecord]) -> None:
    for record in summer[:3]:
        found = world.image(record.id)
        assert found is not None
        assert found.properties == record.properties
        assert found.footprint.equals(record.footprint)


@pytest.mark.parametrize(
    "index",
    ["20230624T095458_20230624T100613_T33UWP", "20230624T095458_20230624T100612_T33XXX", "x", "", "20160624T095458"],
)
def test_ids_of_no_image_give_none(world: ProceduralWorld, index: str) -> None:
    assert world.image(f"{S2}/{index}") is None


def test_bands_have_the_resolutions_of_the_catalogue(mixed: ImageRecord) -> None:
    expected = dict.fromkeys(BANDS, 10) | dict.fromkeys(["B5", "B6", "B7", "B8A", "B11", "B12", "SCL"], 20)
    expected |= dict.fromkeys(["B1", "B9", "QA60"], 60)
    assert list(mixed.bands) == BANDS
    for name, source in mixed.bands.items():
        side = expected[name]
        assert source.projection == Projection("EPSG:32633", (side, 0, 499980, 0, -side, 5400000))
        assert source.dimensions == (109800 // side, 109800 // side)
        assert source.pixel_type.dtype == np.dtype("u1" if name == "SCL" else "u2")


def test_system_index_is_datatake_sensing_time_and_tile(mixed: ImageRecord) -> None:
    index = str(mixed.properties["system:index"])
    start, sensed, tile = index.split("_")
    assert mixed.id == f"{S2}/{index}"
    assert start < sensed
    assert ms(f"{sensed[:4]}-{sensed[4:6]}-{sensed[6:11]}:{sensed[11:13]}:{sensed[13:]}") == (
        cast(int, mixed.properties["system:time_start"]) // 1000 * 1000
    )
    assert tile == "T33UWP"


def test_cloud_scores_accompany_every_scene(search: Search, summer: list[ImageRecord]) -> None:
    scores = list(search(SCORE, "2023-06-01", "2023-08-01", VIENNA))
    assert [score.properties["system:index"] for score in scores] == [r.properties["system:index"] for r in summer]
    assert list(scores[0].bands) == ["cs", "cs_cdf"]
    probabilities = list(search(PROBABILITY, "2023-06-01", "2023-08-01", VIENNA))
    assert [p.properties["system:index"] for p in probabilities] == [r.properties["system:index"] for r in summer]
    assert list(probabilities[0].bands) == ["probability"]


def test_a_whole_region_of_two_zones_is_covered(search: Search) -> None:
    region = shapely.box(11.8, 47.9, 12.2, 48.1)
    records = list(search(S2, "2023-06-01", "2023-06-12", region))
    assert {record.bands["B4"].projection.crs for record in records} == {"EPSG:32632", "EPSG:32633"}
    assert shapely.union_all([record.footprint for record in records]).contains(region)


def test_the_open_ocean_has_no_scenes(search: Search) -> None:
    assert not list(search(S2, "2023-06-01", "2023-07-01", shapely.Point(-35, 35)))


def test_without_filters_the_collection_goes_on(world: ProceduralWorld) -> None:
    endless = world.images(S2, start_ms=None, end_ms=None, region=VIENNA)
    first = list(itertools.islice(endless, 30))
    assert ms("2017-03-28") <= cast(int, first[0].properties["system:time_start"]) < ms("2017-04-03")


def windows(record: ImageRecord) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """10 m pixels of a window by band, and its classes on the same pixels."""
    pixels = {name: record.bands[name].read(0, 2000, 3000, 600, 400)[0].astype(float) for name in ("B2", "B4", "B8")}
    classes = record.bands["SCL"].read(0, 1000, 1500, 300, 200)[0]
    return pixels, np.kron(classes, np.ones((2, 2), int))


def test_clear_pixels_show_the_truth(world: ProceduralWorld, summer: list[ImageRecord]) -> None:
    compared = 0
    for record in summer:
        pixels, classes = windows(record)
        clear = np.isin(classes, [4, 5, 6])
        grid = record.bands["B4"].projection.grid(2000, 3000, 600, 400)
        for band, seen in pixels.items():
            truth = true_reflectance(world.scenery, band, grid, cast(int, record.properties["system:time_start"]))
            close = np.abs(seen - truth) <= 0.1 * truth + 120
            assert close[clear].mean() > 0.985 if clear.any() else True
        compared += int(clear.sum())
    assert compared > 600 * 400


def test_clouds_are_bright_and_shadows_dark(world: ProceduralWorld, summer: list[ImageRecord]) -> None:
    found = set()
    for record in summer:
        pixels, classes = windows(record)
        grid = record.bands["B4"].projection.grid(2000, 3000, 600, 400)
        truth = true_reflectance(world.scenery, "B4", grid, cast(int, record.properties["system:time_start"]))
        thick, shaded = classes == 9, classes == 3
        if thick.sum() > 500:
            assert np.median(pixels["B4"][thick]) > 3000
            found.add("cloud")
        if shaded.sum() > 500:
            assert np.median(pixels["B4"][shaded] / truth[shaded]) < 0.95
            found.add("shadow")
    assert found == {"cloud", "shadow"}


def test_water_is_dark_in_the_near_infrared(summer: list[ImageRecord]) -> None:
    waters = [pixels["B8"][classes == 6] for pixels, classes in map(windows, summer)]
    assert sum(water.size for water in waters) > 100
    assert all(np.median(water) < 500 for water in waters if water.size)


def test_cloud_percentage_agrees_with_the_classification(summer: list[ImageRecord]) -> None:
    for record in summer[::3]:
        classes, mask = record.bands["SCL"].read(4, 0, 0, 344, 344)
        share = np.isin(classes[mask], [8, 9, 10]).mean() * 100
        assert cloudy(record) == pytest.approx(share, abs=8)


def test_cloud_scores_separate_clouds_from_clear(world: ProceduralWorld, mixed: ImageRecord) -> None:
    score = world.image(mixed.id.replace(S2, SCORE))
    assert score is not None
    classes, _ = mixed.bands["SCL"].read(2, 0, 0, 400, 400)
    for name in ("cs", "cs_cdf"):
        values, _ = score.bands[name].read(3, 0, 0, 400, 400)
        assert 0 <= values.min() <= values.max() <= 1
        assert np.median(values[np.isin(classes, [4, 5])]) > 0.8
        assert np.median(values[classes == 9]) < 0.2


def test_cloud_probabilities_are_percents_of_the_same_clouds(world: ProceduralWorld, mixed: ImageRecord) -> None:
    found = world.image(mixed.id.replace(S2, PROBABILITY))
    assert found is not None
    source = found.bands["probability"]
    assert source.pixel_type.dtype == np.dtype("u1")
    percent = source.read(0, 2000, 3000, 600, 400)[0]
    classes = windows(mixed)[1]
    clouds, clear = np.isin(classes, [8, 9]), np.isin(classes, [4, 5, 6])
    assert clouds.sum() > 1000
    assert clear.sum() > 1000
    assert percent.max() <= 100
    assert (percent[clouds] >= 50).mean() > 0.98
    assert (percent[clear] < 20).mean() > 0.98


def test_qa60_marks_the_clouds_of_the_classification(mixed: ImageRecord) -> None:
    bits, _ = mixed.bands["QA60"].read(0, 100, 100, 800, 800)
    classes, _ = mixed.bands["SCL"].read(0, 300, 300, 2400, 2400)
    at_centres = classes[1::3, 1::3]
    np.testing.assert_array_equal((bits >> 10) & 1, np.isin(at_centres, [8, 9]))
    np.testing.assert_array_equal((bits >> 11) & 1 & ~(at_centres == 7), at_centres == 10)


def test_meadows_and_crops_have_seasons(search: Search, world: ProceduralWorld) -> None:
    record = next(search(S2, "2023-06-01", "2023-08-01", VIENNA))
    grid = record.bands["B4"].projection.grid(2000, 3000, 400, 400)

    def ndvi(day: str) -> float:
        red, infrared = (true_reflectance(world.scenery, band, grid, ms(day)) for band in ("B4", "B8"))
        return float(np.mean((infrared - red) / (infrared + red)))

    assert ndvi("2023-06-10") > ndvi("2023-03-20") + 0.15
    assert ndvi("2023-06-10") > ndvi("2023-11-20") + 0.15


@pytest.mark.parametrize(("band", "x", "y"), [("B4", 9990, 1000), ("B11", 4995, 500), ("SCL", 4995, 500)])
def test_overlapping_tiles_of_a_pass_agree(search: Search, band: str, x: int, y: int) -> None:
    records = {
        str(record.properties["MGRS_TILE"]): record
        for record in search(S2, "2023-06-24", "2023-06-25", shapely.Point(16.42, 48.4))
        if record.properties["SENSING_ORBIT_NUMBER"] == 101
    }
    left, right = records["33UWP"].bands[band], records["33UXP"].bands[band]
    shift = round((right.projection.transform[2] - left.projection.transform[2]) / left.projection.transform[0])
    seen, mask = left.read(0, x + 50, y, 200, 100)
    also_seen, also_mask = right.read(0, x + 50 - shift, y, 200, 100)
    assert mask.any()
    np.testing.assert_array_equal(mask, also_mask)
    np.testing.assert_array_equal(seen, also_seen)


def test_the_truth_is_the_same_in_neighbouring_zones(world: ProceduralWorld) -> None:
    west = Projection("EPSG:32632", (10, 0, 718000, 0, -10, 5320000)).grid(0, 0, 500, 500)
    x, y = west.centres("EPSG:32633")
    east = Projection(
        "EPSG:32633", (10, 0, float(np.floor(x.min() / 10) * 10), 0, -10, float(np.ceil(y.max() / 10) * 10))
    )
    other = east.grid(0, 0, 600, 600)
    here = true_reflectance(world.scenery, "B8", west, ms("2023-06-10"))
    there = true_reflectance(world.scenery, "B8", other, ms("2023-06-10"))
    columns = np.floor((x - east.transform[2]) / 10).astype(int)
    rows = np.floor((east.transform[5] - y) / 10).astype(int)
    moved = there[np.clip(rows, 0, 599), np.clip(columns, 0, 599)]
    assert np.corrcoef(here.ravel(), moved.ravel())[0, 1] > 0.93
    assert np.median(np.abs(moved - here) / here) < 0.02


def naive_mean(source: BandSource, level: int, x: int, y: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    block = 2**level
    data, mask = source.read(0, x * block, y * block, size * block, size * block)
    values = np.ma.masked_array(data.astype(float), ~mask).reshape(size, block, size, block)
    return np.rint(values.mean(axis=(1, 3)).filled(0)), mask.reshape(size, block, size, block).mean(axis=(1, 3))


@pytest.mark.parametrize("level", [1, 2, 3])
def test_near_levels_are_exact_means(mixed: ImageRecord, level: int) -> None:
    expected, share = naive_mean(mixed.bands["B8"], level, 40, 30, 16)
    data, mask = mixed.bands["B8"].read(level, 40, 30, 16, 16)
    np.testing.assert_array_equal(data, expected)
    np.testing.assert_allclose(mask, share)


@pytest.mark.parametrize("level", [4, 5])
def test_far_levels_approximate_means(mixed: ImageRecord, level: int) -> None:
    expected, _ = naive_mean(mixed.bands["B8"], level, 10, 10, 16)
    data, mask = mixed.bands["B8"].read(level, 10, 10, 16, 16)
    assert mask.all()
    assert data.mean() == pytest.approx(expected.mean(), rel=0.12)


@pytest.mark.parametrize("level", [1, 3, 6])
def test_levels_of_classes_are_upper_left_samples(mixed: ImageRecord, level: int) -> None:
    native, _ = mixed.bands["SCL"].read(0, 0, 0, 8 * 2**level, 8 * 2**level)
    data, _ = mixed.bands["SCL"].read(level, 0, 0, 8, 8)
    np.testing.assert_array_equal(data, native[:: 2**level, :: 2**level])


@pytest.mark.parametrize("policy", ["mean", "sample"])
def test_windows_cut_from_one_another_agree(mixed: ImageRecord, policy: Policy) -> None:
    source = mixed.bands["B3" if policy == "mean" else "SCL"]
    assert source.pyramiding == policy
    whole, _ = source.read(0, 900, 700, 2000, 700)
    part, _ = source.read(0, 1500, 950, 100, 30)
    np.testing.assert_array_equal(part, whole[250:280, 600:700])


def test_pixels_outside_the_swath_are_masked(search: Search) -> None:
    partial = next(
        record
        for record in search(S2, "2023-06-01", "2023-06-20", shapely.box(9, 45, 20, 49))
        if 30 < cast(float, record.properties["NODATA_PIXEL_PERCENTAGE"]) < 70
    )
    data, mask = partial.bands["SCL"].read(4, 0, 0, 344, 344)
    assert 100 - mask.mean() * 100 == pytest.approx(cast(float, partial.properties["NODATA_PIXEL_PERCENTAGE"]), abs=2.0)
    assert (data[~mask] == 0).all()


def test_a_window_outside_the_tile_is_refused(mixed: ImageRecord) -> None:
    with pytest.raises(ValueError, match="expected a window inside level 4 of 687 x 687 pixels"):
        mixed.bands["B2"].read(4, 600, 0, 100, 1)


def test_the_truth_of_a_scene_is_the_ground_without_sky(world: ProceduralWorld, mixed: ImageRecord) -> None:
    truth = world.image(mixed.id.replace(S2, "SANDBOX/TRUTH/S2_SR_HARMONIZED"))
    assert truth is not None
    assert [*truth.bands] == [*BANDS[:12], "cover"]
    for band in ("B4", "B11"):
        grid = mixed.bands[band].projection.grid(1000, 1500, 90, 70)
        expected = true_reflectance(world.scenery, band, grid, cast(int, mixed.properties["system:time_start"]))
        data, mask = truth.bands[band].read(0, 1000, 1500, 90, 70)
        np.testing.assert_array_equal(data, np.rint(expected))
        np.testing.assert_array_equal(mask, mixed.bands[band].read(0, 1000, 1500, 90, 70)[1])
