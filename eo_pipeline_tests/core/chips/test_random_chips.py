"""Chips around random places: different, whole if asked, continued by a larger count."""

import numpy as np
import pandas as pd
import pytest
import shapely

from eo_pipeline.core.chips.placing import Cutting
from eo_pipeline.core.chips.random_chips import random_chips
from eo_pipeline.core.grids import Lattice

UTM = Lattice("EPSG:32633", 10.0, 0.0, 0.0)
DISC = shapely.Point(500_000, 5_000_000).buffer(20_000)
RING = DISC.difference(shapely.Point(500_000, 5_000_000).buffer(5_000))


def cutting(*, size: int = 64, whole: bool = False, utm: float | None = None) -> Cutting:
    return Cutting(UTM, size, utm, whole)


def test_a_larger_count_continues_the_list() -> None:
    few = random_chips(DISC, cutting(), count=100, seed=1, area_key="a")
    many = random_chips(DISC, cutting(), count=300, seed=1, area_key="a")
    assert few.ids.tolist() == many.ids[:100].tolist() == [f"a-{n:06d}" for n in range(100)]
    np.testing.assert_array_equal(few.x, many.x[:100])
    np.testing.assert_array_equal(few.windows.left, many.windows.left[:100])
    assert few.unplaced == many.unplaced == 0


def test_whole_chips_lie_in_the_region_with_every_corner() -> None:
    found = random_chips(RING, cutting(whole=True), count=200, seed=1, area_key="a")
    boxes = shapely.box(found.windows.left, found.windows.top - 640, found.windows.left + 640, found.windows.top)
    assert len(found.ids) == 200
    assert shapely.covers(RING, boxes).all()


def test_others_reach_beyond_it() -> None:
    found = random_chips(RING, cutting(), count=200, seed=1, area_key="a")
    boxes = shapely.box(found.windows.left, found.windows.top - 640, found.windows.left + 640, found.windows.top)
    assert not shapely.covers(RING, boxes).all()
    assert shapely.contains_xy(RING, found.x, found.y).all()


def test_whole_chips_of_another_crs_lie_in_the_region_too() -> None:
    degrees = Cutting(Lattice("EPSG:4326", 0.001, 0.0, 0.0), 128, 10.0, whole=True)
    region = shapely.box(179.9, -18.1, 180.1, -17.9)
    found = random_chips(region, degrees, count=50, seed=1, area_key="fiji")
    assert sorted(set(found.windows.crs.tolist())) == ["EPSG:32701", "EPSG:32760"]
    half = 640 / 111_320 / np.cos(np.radians(18))
    assert (found.x > 179.9 + half * 0.98).all()
    assert (found.x < 180.1 - half * 0.98).all()


def test_no_chip_is_drawn_twice_and_what_does_not_fit_is_counted() -> None:
    room = shapely.box(0, 0, 10 * 68, 10 * 68)  # whole chips of 64 px begin at 5 x 5 pixels only
    found = random_chips(room, cutting(whole=True), count=40, seed=1, area_key="a")
    windows = pd.DataFrame({"left": found.windows.left, "top": found.windows.top})
    assert not windows.duplicated().any()
    assert len(windows) == 25
    assert found.unplaced == 15


def test_a_chip_that_fills_its_region_fits_whatever_the_last_digits_of_its_edges_are() -> None:
    """3 * 0.1 is more than 0.3."""
    tenths = Cutting(Lattice("EPSG:4326", 0.1, 0.0, 0.0), 3, None, whole=True)
    found = random_chips(shapely.box(0, 0, 0.3, 0.3), tenths, count=2, seed=1, area_key="a")
    assert found.windows.left.tolist() == [0.0]
    assert found.windows.top.tolist() == [pytest.approx(0.3)]
    assert found.unplaced == 1


def test_nothing_fits_into_a_region_smaller_than_a_chip() -> None:
    found = random_chips(shapely.box(0, 0, 100, 100), cutting(whole=True), count=3, seed=1, area_key="a")
    assert (len(found.ids), found.unplaced) == (0, 3)
