import gzip

import numpy as np
import pytest
import shapely

from eo_pipeline.sandbox.graph.crs import transformer
from eo_pipeline.sandbox.world.coast import LAND_FILE, Coast, load_coast
from eo_pipeline.sandbox.world.frames import Frame

WORLD = shapely.from_wkb(gzip.decompress(LAND_FILE.read_bytes()))


@pytest.fixture(scope="module")
def coast() -> Coast:
    return load_coast()


def test_the_file_is_small_valid_and_within_the_globe() -> None:
    assert LAND_FILE.stat().st_size < 700_000
    assert WORLD.is_valid
    west, south, east, north = WORLD.bounds
    assert (west, south, east) == (-180, -90, 180)
    assert 83 < north < 84


@pytest.mark.parametrize(
    ("longitude", "latitude", "is_land"),
    [
        (16.37, 48.21, True),  # Vienna
        (-30.0, 40.0, False),  # Atlantic
        (178.8, -17.8, False),  # west of Taveuni: between the islands of Fiji
        (178.0, -17.8, True),  # Viti Levu, Fiji
        (179.0, 71.2, True),  # Wrangel Island, west of the antimeridian
        (-179.0, 71.2, True),  # Wrangel Island, east of it
        (0.0, -89.5, True),  # near the South Pole
        (0.0, 89.5, False),  # near the North Pole
        (-175.0, 66.5, True),  # Chukotka, east of the antimeridian
    ],
)
def test_land_is_where_it_is_on_the_globe(longitude: float, latitude: float, *, is_land: bool) -> None:
    assert WORLD.contains(shapely.Point(longitude, latitude)) is is_land


def test_a_third_of_the_globe_is_land() -> None:
    areas = [part.area for part in shapely.get_parts(shapely.transform(WORLD, equal_area))]
    assert sum(areas) == pytest.approx(148.9e6, rel=0.02)  # square kilometres, with Antarctica's ice


def equal_area(lonlat: np.ndarray) -> np.ndarray:
    radius = 6371.007
    return np.column_stack([np.deg2rad(lonlat[:, 0]) * radius, np.sin(np.deg2rad(lonlat[:, 1])) * radius])


@pytest.mark.parametrize(
    "frame",
    [
        Frame("EPSG:32633", 380005.0, 5030005.0, 500.0, 120, 100, 10.0),  # Istria
        Frame("EPSG:32601", 300005.0, 7899995.0, 500.0, 200, 200, 10.0),  # Wrangel Island
        Frame("EPSG:32760", 800005.0, 8149995.0, 500.0, 200, 200, 10.0),  # Fiji, beyond 180 degrees
    ],
)
def test_rasterised_land_contains_the_pixel_centres(coast: Coast, frame: Frame) -> None:
    x, y = np.meshgrid(frame.columns, frame.rows)
    longitude, latitude = transformer(frame.crs, "EPSG:4326").transform(x, y)
    expected = shapely.contains_xy(WORLD, longitude.ravel(), latitude.ravel()).reshape(x.shape)
    found = coast.is_land(frame)
    assert 0.02 < expected.mean() < 0.98
    assert (found != expected).mean() < 0.002


def test_windows_cut_from_one_another_agree(coast: Coast) -> None:
    frame = Frame("EPSG:32633", 380005.0, 5030005.0, 100.0, 500, 300, 10.0)
    part = Frame("EPSG:32633", 380005.0 + 20_000, 5030005.0 - 5_000, 100.0, 90, 80, 10.0)
    np.testing.assert_array_equal(coast.is_land(part), coast.is_land(frame)[50:130, 200:290])


def test_a_global_grid_is_rasterised_in_degrees(coast: Coast) -> None:
    frame = Frame("EPSG:4326", -179.5, 89.5, 1.0, 360, 180, 111_320.0)
    x, y = np.meshgrid(frame.columns, frame.rows)
    expected = shapely.contains_xy(WORLD, x.ravel(), y.ravel()).reshape(x.shape)
    assert (coast.is_land(frame) != expected).mean() < 0.001


def test_touching_answers_for_many_regions(coast: Coast) -> None:
    regions = shapely.box(
        np.array([16.0, -30.0]), np.array([48.0, 40.0]), np.array([17.0, -29.0]), np.array([49.0, 41.0])
    )
    assert coast.touching(regions).tolist() == [True, False]
    assert coast.touches(regions[0])
    assert not coast.touches(regions[1])
