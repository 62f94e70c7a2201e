"""Chips' reach against chips that pyproj places itself; what is near them against distances on the ellipsoid."""

import math

import numpy as np
import pytest
from affine import Affine
from odc.geo.geobox import GeoBox
from pyproj import Geod, Transformer

from eo_pipeline.core.chips.reach import neighbourhood, reach
from eo_pipeline.core.grids import Lattice
from eo_pipeline.core.product import Chips

METRES = Lattice("EPSG:32633", 10, 0, 0)
DEGREES = Lattice("EPSG:4326", 0.01, 0, 0)


@pytest.mark.parametrize("size", [1, 255, 256])
def test_chips_of_the_product_reach_half_a_chip_beyond(size: int) -> None:
    area = METRES.geobox(left=0, bottom=0, right=100, top=50)
    left, bottom, right, top = METRES.window(reach(area, METRES, Chips(count=1, size=size)))
    assert 0 - left >= size // 2
    assert 0 - bottom >= math.ceil(size / 2)
    assert right - 100 >= math.ceil(size / 2)
    assert top - 50 >= size // 2
    assert right - left <= 100 + size + 3


@pytest.mark.parametrize(("left", "bottom"), [(1000, 0), (1200, 6800), (17_950, 1700), (-100, -4000)])
def test_chips_of_utm_reach_their_half_diagonal_beyond(left: int, bottom: int) -> None:
    area = DEGREES.geobox(left=left, bottom=bottom, right=left + 100, top=bottom + 80)
    chips = Chips(count=1, size=500, crs="utm", resolution=20)
    found = reach(area, DEGREES, chips).boundingbox
    inner = area.boundingbox
    for x in np.linspace(inner.left, inner.right, 7):
        for y in np.linspace(inner.bottom, inner.top, 7):
            zone = int((x + 180) % 360 // 6) + 1
            utm = f"EPSG:{(32600 if y >= 0 else 32700) + zone}"
            to_utm = Transformer.from_crs("EPSG:4326", utm, always_xy=True)
            east, north = to_utm.transform(x, y)
            for dx, dy in [(-5010, -5010), (-5010, 5010), (5010, -5010), (5010, 5010)]:
                corner_x, corner_y = to_utm.transform(east + dx, north + dy, direction="INVERSE")
                corner_x = x + (corner_x - x + 180) % 360 - 180
                assert found.left <= corner_x <= found.right
                assert found.bottom <= corner_y <= found.top
    assert found.top - found.bottom < 0.8 + 0.2


GLOBE = Geod(ellps="WGS84")
TEN_KILOMETRES = 10_000.0


def chip(longitude: float, latitude: float, side: float = 0.02) -> GeoBox:
    """Pixels of 0.001 degrees around a place."""
    half, pixels = side / 2, round(side / 0.001)
    return GeoBox((pixels, pixels), Affine(0.001, 0, longitude - half, 0, -0.001, latitude + half), "EPSG:4326")


@pytest.mark.parametrize(("longitude", "latitude"), [(10, 0), (10, 60), (10, -60), (-150, 75), (30, 88)])
def test_the_neighbourhood_reaches_ten_kilometres_on_the_ground(longitude: float, latitude: float) -> None:
    west, south, east, north = neighbourhood(chip(longitude, latitude))
    left, bottom, right, top = longitude - 0.01, latitude - 0.01, longitude + 0.01, latitude + 0.01
    for distance in (GLOBE.inv(left, latitude, west, latitude), GLOBE.inv(right, latitude, east, latitude)):
        assert distance[2] == pytest.approx(TEN_KILOMETRES, rel=0.02)
    for distance in (GLOBE.inv(longitude, bottom, longitude, south), GLOBE.inv(longitude, top, longitude, north)):
        assert distance[2] == pytest.approx(TEN_KILOMETRES, rel=0.01)


@pytest.mark.parametrize(("longitude", "latitude"), [(10, 0), (10, 60), (10, -60), (-150, 75)])
def test_whatever_is_within_nine_kilometres_lies_in_the_neighbourhood(longitude: float, latitude: float) -> None:
    west, south, east, north = neighbourhood(chip(longitude, latitude))
    for x in longitude + np.linspace(-0.01, 0.01, 5):
        for y in latitude + np.linspace(-0.01, 0.01, 5):
            for azimuth in range(0, 360, 15):
                there_x, there_y, _ = GLOBE.fwd(x, y, azimuth, 9_000)
                assert west <= there_x <= east, (x, y, azimuth)
                assert south <= there_y <= north, (x, y, azimuth)


def test_at_60_degrees_it_is_twice_as_many_degrees_wide_as_high() -> None:
    west, south, east, north = neighbourhood(chip(10, 60))
    assert (east - west - 0.02) / (north - south - 0.02) == pytest.approx(2, rel=1e-3)


@pytest.mark.parametrize(("latitude", "pole"), [(89.95, 90.0), (-89.95, -90.0)])
def test_at_a_pole_it_ends_there(latitude: float, pole: float) -> None:
    west, south, east, north = neighbourhood(chip(10, latitude))
    beyond, other = (north, south) if pole > 0 else (south, north)
    assert beyond == pole
    edge = latitude - math.copysign(0.01, pole)
    assert GLOBE.inv(10, edge, 10, other)[2] == pytest.approx(TEN_KILOMETRES, rel=0.01)
    assert -180 <= west < 10 - 0.01
    assert 10 + 0.01 < east <= 180


@pytest.mark.parametrize("longitude", [179.95, -179.95])
def test_it_ends_at_180_degrees(longitude: float) -> None:
    west, _, east, _ = neighbourhood(chip(longitude, 60))
    end, free = (east, west) if longitude > 0 else (west, east)
    assert end == math.copysign(180, longitude)
    inner = longitude - math.copysign(0.01, longitude)
    assert GLOBE.inv(inner, 60, free, 60)[2] == pytest.approx(TEN_KILOMETRES, rel=0.02)


def test_an_area_beyond_180_degrees_keeps_its_own_bounds() -> None:
    west, _, east, _ = neighbourhood(chip(180.5, 10))
    assert east == pytest.approx(180.51)
    assert GLOBE.inv(180.49, 10, west, 10)[2] == pytest.approx(TEN_KILOMETRES, rel=0.01)


def test_in_metres_it_is_ten_kilometres_everywhere() -> None:
    area = METRES.geobox(left=0, bottom=0, right=100, top=50)
    assert neighbourhood(area) == (-1e4, -1e4, 1000 + 1e4, 500 + 1e4)
