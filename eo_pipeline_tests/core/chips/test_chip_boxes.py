"""Pixels of chips against plain arithmetic and PROJ."""

import math

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Transformer
from shapely.geometry.base import BaseGeometry

from eo_pipeline.core.chips.chip_boxes import lattice_windows, region_window, repeated, utm_windows
from eo_pipeline.core.chips.chip_outlines import chip_outlines
from eo_pipeline.core.grids import Lattice
from eo_pipeline.errors import ProductError

UTM = Lattice("EPSG:32633", 10.0, 5.0, -20.0)
DEGREES = Lattice("EPSG:4326", 0.25, 0.0, 0.0)


def one(value: float) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    return np.array([value])


@given(east=st.integers(-(10**9), 10**9), north=st.integers(-(10**9), 10**9), size=st.integers(1, 513))
def test_a_place_lies_in_the_middle_pixel_of_its_chip(east: int, north: int, size: int) -> None:
    x, y = east / 1000, north / 1000
    windows = lattice_windows(UTM, one(x), one(y), size=size)
    column, row = (x - windows.left[0]) / 10, (windows.top[0] - y) / 10
    assert math.floor(column + 1e-5) == math.floor(row + 1e-5) == size // 2
    assert (windows.left[0] - 5) % 10 == (windows.top[0] + 20) % 10 == 0
    assert (windows.width[0], windows.height[0], windows.resolution[0], windows.crs[0]) == (
        size,
        size,
        10,
        "EPSG:32633",
    )


def test_an_even_chip_around_a_corner_of_pixels_has_it_in_its_middle() -> None:
    windows = lattice_windows(UTM, one(5 + 1280.0), one(-20 - 1280.0), size=256)
    assert (windows.left[0], windows.top[0]) == (5, -20)


@given(longitude=st.floats(-180, 180), latitude=st.floats(-79.9, 83.9), size=st.integers(1, 300))
def test_utm_chips_lie_on_whole_multiples_around_the_projected_place(
    longitude: float, latitude: float, size: int
) -> None:
    windows = utm_windows(one(longitude), one(latitude), resolution=20.0, size=size)
    x, y = Transformer.from_crs("EPSG:4326", windows.crs[0], always_xy=True).transform(longitude, latitude)
    assert windows.left[0] % 20 == windows.top[0] % 20 == 0
    assert abs(x - (windows.left[0] + (size // 2) * 20 + 10)) <= 10.001
    assert abs(y - (windows.top[0] - (size // 2) * 20 - 10)) <= 10.001


def test_places_of_many_zones_keep_their_order() -> None:
    longitude, latitude = np.array([178.0, 13.0, -70.0, 13.1]), np.array([-18.0, 48.0, -33.0, 48.0])
    together = utm_windows(longitude, latitude, resolution=10.0, size=8)
    assert together.crs.tolist() == ["EPSG:32760", "EPSG:32633", "EPSG:32719", "EPSG:32633"]
    for number in range(4):
        alone = utm_windows(longitude[[number]], latitude[[number]], resolution=10.0, size=8)
        assert (alone.left[0], alone.top[0]) == (together.left[number], together.top[number])


def corners(crs: str, left: float, top: float, side: float) -> BaseGeometry:
    """The chip's outline through PROJ, a thousand points a side."""
    ring = shapely.segmentize(shapely.box(left, top - side, left + side, top), side / 1000)
    move = Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    return shapely.transform(ring, lambda xy: np.column_stack(move.transform(xy[:, 0], xy[:, 1])))


@given(longitude=st.floats(-179.5, 179.5), latitude=st.floats(-75, 75))
def test_outlines_in_degrees_are_those_of_proj(longitude: float, latitude: float) -> None:
    windows = utm_windows(one(longitude), one(latitude), resolution=10.0, size=256)
    [outline] = chip_outlines(windows, "EPSG:4326", near=one(longitude))
    expected = corners(windows.crs[0], windows.left[0], windows.top[0], 2560)
    assert outline.symmetric_difference(expected).area < 1e-4 * expected.area
    assert outline.contains(shapely.Point(longitude, latitude))


@pytest.mark.parametrize("longitude", [179.999, -180.0, 180.0, 180.001])
def test_an_outline_at_the_antimeridian_is_whole_and_lies_where_its_place_does(longitude: float) -> None:
    windows = utm_windows(one(longitude), one(-18.0), resolution=10.0, size=256)
    [outline] = chip_outlines(windows, "EPSG:4326", near=one(longitude))
    west, _, east, _ = outline.bounds
    assert west < longitude < east
    assert east - west == pytest.approx(2560 / (111_320 * math.cos(math.radians(18))), rel=0.02)


def test_outlines_on_the_lattice_itself_are_boxes_as_much_smaller_as_wanted() -> None:
    windows = lattice_windows(UTM, one(12_345.0), one(777.0), size=4)
    left, top = windows.left[0], windows.top[0]
    [outline] = chip_outlines(windows, "EPSG:32633", near=one(12_345.0))
    assert outline.equals(shapely.box(left, top - 40, left + 40, top))
    [smaller] = chip_outlines(windows, "EPSG:32633", near=one(12_345.0), inwards=0.1)
    assert smaller.equals(shapely.box(left + 1, top - 39, left + 39, top - 1))


def test_a_whole_region_is_its_areas_pixels() -> None:
    geobox = UTM.covering((1000, 2000, 1500, 2300))
    window = region_window(shapely.box(1000, 2000, 1500, 2300), geobox, (1200.0, 2100.0), None)
    assert (window.left[0], window.top[0], window.width[0], window.height[0]) == (995, 2300, 51, 30)
    assert len(repeated(window, 3)) == 3


def test_a_whole_region_in_utm_is_covered_and_no_more() -> None:
    region = shapely.box(14.0, 47.0, 14.25, 47.25)
    window = region_window(region, DEGREES.covering(region.bounds), (14.1, 47.1), 100.0)
    move = Transformer.from_crs("EPSG:4326", "EPSG:32633", always_xy=True)
    x, y = move.transform(*np.random.default_rng(1).uniform([14.0, 47.0], [14.25, 47.25], (5000, 2)).T)
    right, bottom = window.left[0] + window.width[0] * 100, window.top[0] - window.height[0] * 100
    assert window.crs[0] == "EPSG:32633"
    assert window.left[0] <= x.min() < window.left[0] + 300
    assert right - 300 < x.max() <= right
    assert bottom <= y.min() < bottom + 300
    assert window.top[0] - 300 < y.max() <= window.top[0]


def test_a_region_that_is_too_large_for_one_chip_is_refused() -> None:
    region = shapely.box(0, 0, 100_000, 200)
    with pytest.raises(ProductError) as told:
        region_window(region, UTM.covering(region.bounds), (100.0, 100.0), None)
    assert str(told.value) == (
        "chips.size: expected a region of at most 4096 px a side to show as a whole, got 10001 x 20 px; declare "
        "a size, smaller regions or a coarser resolution"
    )
