"""Groups of points, against plain loops."""

import tracemalloc
from itertools import pairwise

import numpy as np
import pytest

from eo_pipeline.core.points.curve import hilbert
from eo_pipeline.core.points.groups import MOST_CELLS, MOST_POINTS, Group, group_points

RNG = np.random.default_rng(3)


def test_the_curve_visits_every_cell_of_a_square_and_steps_to_a_neighbour() -> None:
    side = 32
    column, row = (axis.ravel() for axis in np.meshgrid(np.arange(side), np.arange(side)))
    place = hilbert(column, row)
    assert sorted(place.tolist()) == list(range(side * side))
    order = np.argsort(place)
    for first, second in pairwise(order.tolist()):
        assert abs(column[first] - column[second]) + abs(row[first] - row[second]) == 1


def grouped(rows: np.ndarray, columns: np.ndarray, *, cell: int = 64, origin: tuple[int, int] = (0, 0)) -> list[Group]:
    groups = group_points(rows, columns, cell=cell, origin=origin, pixel_bytes=4)
    found = list(groups)
    places = np.concatenate([groups.order[group.start : group.start + len(group)] for group in found])
    assert sorted(places.tolist()) == list(range(len(rows)))
    np.testing.assert_array_equal(np.concatenate([group.rows for group in found]), rows[places])
    np.testing.assert_array_equal(np.concatenate([group.columns for group in found]), columns[places])
    return found


def cells(group: Group, cell: int, origin: tuple[int, int]) -> set[tuple[int, int]]:
    pairs = zip(group.rows.tolist(), group.columns.tolist(), strict=True)
    return {((row + origin[0]) // cell, (column + origin[1]) // cell) for row, column in pairs}


@pytest.mark.parametrize("origin", [(0, 0), (-1000, 37)])
def test_every_point_is_in_one_group_and_no_group_is_too_large(origin: tuple[int, int]) -> None:
    crowd = RNG.integers(100, 140, (2, 800))
    rows, columns = np.concatenate([RNG.integers(0, 4000, (2, 3000)), crowd], axis=1)
    found = grouped(rows, columns, origin=origin)
    assert any(group.is_dense for group in found)
    seen: dict[tuple[int, int], int] = {}
    for number, group in enumerate(found):
        there = cells(group, 64, origin)
        assert len(there) <= MOST_CELLS
        assert len(group) <= MOST_POINTS or group.is_dense
        for cell in there:
            assert seen.setdefault(cell, number) == number
    assert len(found) < len(seen) / 10


def test_a_crowded_cell_is_a_window_and_a_very_crowded_sparse_one_is_cut() -> None:
    (dense,) = grouped(*RNG.integers(0, 64, (2, 5000)))
    assert dense.is_dense
    assert dense.window.pixels <= 64 * 64
    sparse = grouped(*RNG.integers(0, 2048, (2, 2500)), cell=2048)
    assert [len(group) for group in sparse] == [1000, 1000, 500]
    assert not any(group.is_dense for group in sparse)


def test_halves_of_a_group_are_its_points_until_one_is_left() -> None:
    (group,) = grouped(*RNG.integers(0, 64, (2, 5)))
    first, last = group.halves()
    assert (first.start, len(first), last.start, len(last)) == (0, 2, 2, 3)
    assert len({group.key, first.key, last.key}) == 3
    np.testing.assert_array_equal(np.concatenate([first.rows, last.rows]), group.rows)
    assert first.halves()[0].halves() == ()


def test_no_points_are_no_groups() -> None:
    assert list(group_points(np.zeros(0, np.int64), np.zeros(0, np.int64), cell=8, origin=(0, 0), pixel_bytes=4)) == []


def test_a_hundred_thousand_points_are_planned_in_little_memory() -> None:
    rows, columns = RNG.integers(0, 200_000, (2, 100_000))
    tracemalloc.start()
    number = sum(1 for _ in group_points(rows, columns, cell=256, origin=(0, 0), pixel_bytes=8))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert 100 < number < 3000
    assert peak < 30 * 2**20
