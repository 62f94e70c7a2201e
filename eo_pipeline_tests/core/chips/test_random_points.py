"""Random places: uniform over ground, inside, and the same everywhere."""

from itertools import islice

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pyproj import Geod, Transformer
from shapely.geometry.base import BaseGeometry

from eo_pipeline.core.chips.random_points import random_places

GLOBE = Geod(ellps="WGS84")
STRANGE = shapely.MultiPolygon(
    [
        shapely.Polygon([(0, 0), (40, 0), (40, 40), (0, 40)], [[(5, 5), (35, 5), (35, 35), (5, 35)]]),
        shapely.Polygon([(100, 100), (900, 905), (900, 905.5)]),
        shapely.box(2000, 0, 2003, 3),
    ]
)
"""A ring around a hole, a sliver and an island far away."""


def places(
    region: BaseGeometry, count: int, *, crs: str = "EPSG:32633", seed: int = 1, key: str = "a"
) -> NDArray[np.float64]:
    """The first places (n, 2)."""
    found: list[NDArray[np.float64]] = []
    for x, y in random_places(region, crs=crs, seed=seed, area_key=key):
        found.append(np.column_stack([x, y]))
        if sum(map(len, found)) >= count:
            return np.concatenate(found)[:count]
    raise AssertionError


def chi_square(counts: NDArray[np.int64], areas: NDArray[np.float64]) -> float:
    expected = counts.sum() * areas / areas.sum()
    return float(((counts - expected) ** 2 / expected).sum())


def geodesic_area(left: float, bottom: float, right: float, top: float, crs: str) -> float:
    ring = shapely.segmentize(shapely.box(left, bottom, right, top), max(right - left, top - bottom) / 200)
    move = Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    area, _ = GLOBE.polygon_area_perimeter(*move.transform(*shapely.get_coordinates(ring).T))
    return abs(float(area))


@pytest.mark.parametrize(
    ("crs", "bounds"),
    [
        ("EPSG:4326", (10.0, 0.0, 40.0, 80.0)),
        ("EPSG:4326", (170.0, -60.0, 200.0, 20.0)),
        ("EPSG:3857", (0.0, 0.0, 3_000_000.0, 12_000_000.0)),
        ("EPSG:32633", (200_000.0, 0.0, 800_000.0, 9_000_000.0)),
        ("EPSG:3413", (-3_000_000.0, -3_000_000.0, 1_000_000.0, 1_000_000.0)),
    ],
)
def test_every_square_metre_is_as_likely(crs: str, bounds: tuple[float, float, float, float]) -> None:
    left, bottom, right, top = bounds
    found = places(shapely.box(*bounds), 20_000, crs=crs)
    columns, rows = np.linspace(left, right, 5), np.linspace(bottom, top, 9)
    counts, _, _ = np.histogram2d(found[:, 0], found[:, 1], bins=[columns, rows])
    areas = [geodesic_area(columns[c], rows[r], columns[c + 1], rows[r + 1], crs) for c in range(4) for r in range(8)]
    assert chi_square(counts.ravel().astype(np.int64), np.array(areas)) < 62  # 0.1 % of chi-square with 31 degrees


def test_by_degrees_alone_the_same_places_would_not_be_uniform() -> None:
    found = places(shapely.box(10, 0, 40, 80), 20_000, crs="EPSG:4326")
    counts, _ = np.histogram(found[:, 1], bins=np.linspace(0, 80, 9))
    assert chi_square(counts, np.ones(8)) > 1000


def test_parts_holes_and_slivers_get_their_share() -> None:
    found = places(STRANGE, 20_000, crs="EPSG:6933")
    parts = shapely.get_parts(STRANGE)
    counts = np.array([shapely.contains_xy(part, found[:, 0], found[:, 1]).sum() for part in parts])
    assert counts.sum() == 20_000
    assert chi_square(counts, shapely.area(parts)) < 13.8  # 0.1 % of chi-square with 2 degrees


@settings(max_examples=25)
@given(st.lists(st.tuples(st.floats(0, 1e5), st.floats(0, 1e5), st.floats(10, 3e4)), min_size=1, max_size=6))
def test_places_lie_inside_whatever_the_shape(discs: list[tuple[float, float, float]]) -> None:
    region = shapely.union_all([shapely.Point(x, y).buffer(r) for x, y, r in discs])
    found = places(region, 100)
    assert shapely.contains_xy(region, found[:, 0], found[:, 1]).all()


def test_the_same_seed_and_area_draw_the_same_places_in_the_same_order() -> None:
    first = places(STRANGE, 500)
    np.testing.assert_array_equal(first, places(STRANGE, 1500)[:500])
    assert not np.isin(first, places(STRANGE, 500, seed=2)).any()
    assert not np.isin(first, places(STRANGE, 500, key="b")).any()


def test_the_places_are_those_of_every_other_machine() -> None:
    found = places(shapely.box(10, 45, 12, 47), 3, crs="EPSG:4326", seed=7, key="alps")
    kept = [[11.915155636933, 46.547662705466], [11.472268393422, 45.022936712217], [10.850169001557, 45.936464814195]]
    np.testing.assert_allclose(found, kept, rtol=0, atol=1e-9)


def test_batches_go_on_for_ever_and_stay_small() -> None:
    sliver = shapely.Polygon([(0, 0), (1e6, 1e6), (1e6, 1e6 + 1)])
    drawn = [len(x) for x, _ in islice(random_places(sliver, crs="EPSG:6933", seed=1, area_key="a"), 20)]
    assert max(drawn) <= 8192
    assert sum(drawn) > 0
