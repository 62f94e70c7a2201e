"""Which places belong to which area: each to one, on borders too."""

from collections.abc import Mapping

import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry.base import BaseGeometry

from eo_pipeline.core import grids
from eo_pipeline.core.chips.regions import Regions
from eo_pipeline.core.grids import Lattice

LATTICE = Lattice("EPSG:32633", 10.0, 0.0, 0.0)


def features(shapes: Mapping[str, BaseGeometry], buffer: float = 0.0) -> Regions:
    areas = grids.feature_areas(LATTICE, shapes.items(), buffer=buffer)
    return Regions({area.key: area for area in areas}, shapes, buffer=buffer)


def cover(shapes: list[BaseGeometry], tile: int = 100) -> Regions:
    areas = grids.cells(LATTICE, tile=tile, cover=shapes)
    return Regions({area.key: area for area in areas}, {}, cover=tuple(shapes))


@settings(max_examples=25)
@given(
    cuts=st.lists(st.integers(1, 99), min_size=1, max_size=5, unique=True),
    places=st.lists(st.tuples(st.integers(0, 100), st.integers(0, 100)), min_size=1, max_size=60),
)
def test_every_place_of_regions_that_meet_belongs_to_one_of_them(
    cuts: list[int], places: list[tuple[int, int]]
) -> None:
    """Regions are strips and halves of a square of 100 m; places are whole metres, so many lie on borders."""
    edges = [0, *sorted(cuts), 100]
    strips = {
        f"{half}{n}": shapely.box(edges[n], 50 * half, edges[n + 1], 50 * half + 50)
        for n in range(len(edges) - 1)
        for half in (0, 1)
    }
    found = features(strips)
    x, y = np.array(places, float).T
    owners = np.sum([found.holds(key, x, y) for key in found.areas], axis=0)
    assert owners.tolist() == [1] * len(places)


def test_the_first_key_takes_a_shared_border() -> None:
    found = features({"b": shapely.box(0, 0, 100, 100), "a": shapely.box(100, 0, 200, 100)})
    x, y = np.array([100.0, 50.0, 150.0]), np.array([50.0, 50.0, 50.0])
    assert found.holds("a", x, y).tolist() == [True, False, True]
    assert found.holds("b", x, y).tolist() == [False, True, False]


def test_a_border_inside_of_another_region_is_the_others() -> None:
    found = features({"inner": shapely.box(40, 40, 60, 60), "outer": shapely.box(0, 0, 100, 100)})
    x, y = np.array([40.0, 50.0]), np.array([50.0, 50.0])
    assert found.holds("inner", x, y).tolist() == [False, True]
    assert found.holds("outer", x, y).tolist() == [True, True]


def test_a_buffer_grows_the_feature_as_it_grows_the_area() -> None:
    found = features({"a": shapely.box(0, 0, 100, 100)}, buffer=30)
    assert found.polygon("a").bounds == (-30, -30, 130, 130)
    box = found.areas["a"].geobox.boundingbox
    assert (box.left, box.bottom, box.right, box.top) == (-30, -30, 130, 130)


def test_cells_are_cut_by_the_polygons_that_touch_them() -> None:
    left, right = shapely.box(0, 0, 1500, 500), shapely.box(1400, 200, 2500, 1000)
    found = cover([left, right, shapely.box(10_000, 0, 10_100, 100)])
    both = left.union(right)
    for key, area in found.areas.items():
        if key == "E0010N0000":
            continue
        cell = shapely.box(*area.geobox.boundingbox)
        assert found.polygon(key).equals(both.intersection(cell)), key
    x, y = np.meshgrid(np.arange(0, 2501, 100.0), np.arange(0, 1001, 100.0))
    owners = np.sum([found.holds(key, x.ravel(), y.ravel()) for key in found.areas], axis=0)
    inside = shapely.intersects_xy(both, x.ravel(), y.ravel())
    assert (owners == inside).all()


def test_polygons_that_only_touch_a_cell_add_nothing_to_it() -> None:
    found = cover([shapely.box(0, 0, 500, 500), shapely.box(1000, 0, 1500, 500)])
    assert found.polygon("E0000N0000").equals(shapely.box(0, 0, 500, 500))
