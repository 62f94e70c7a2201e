"""Splits against a plain loop over blocks."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from eo_pipeline.core.chips.splits import met_shares, split_places

SHARES = {"train": 0.8, "validation": 0.1, "test": 0.1}


def spread(count: int, side: float, seed: int = 0) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    x, y = np.random.default_rng(seed).uniform(-side, side, (2, count))
    return x, y


def unit_blocks(first: int, stop: int) -> NDArray[np.object_]:
    """Splits (row, column) of square blocks of side 1."""
    x, y = np.meshgrid(np.arange(first, stop, dtype=np.float64) + 0.5, np.arange(first, stop, dtype=np.float64) + 0.5)
    found = split_places(x.ravel(), y.ravel(), shares=SHARES, block=1, seed=3)
    return found.reshape(stop - first, stop - first)


def test_neighbours_within_a_block_share_a_split() -> None:
    x, y = spread(5000, 300_000)
    found = split_places(x, y, shares=SHARES, block=50_000, seed=1)
    of_block: dict[tuple[int, int], str] = {}
    for east, north, name in zip(x.tolist(), y.tolist(), found.tolist(), strict=True):
        block = (math.floor(east / 50_000), math.floor(north / 50_000))
        assert of_block.setdefault(block, name) == name
    assert len(of_block) == 144
    assert set(of_block.values()) == set(SHARES)


def test_each_sixteen_blocks_meet_the_shares_as_well_as_whole_blocks_can() -> None:
    found = unit_blocks(-20, 20)
    for row in range(0, 40, 4):
        for column in range(0, 40, 4):
            group = found[row : row + 4, column : column + 4].ravel().tolist()
            for name, share in SHARES.items():
                assert abs(group.count(name) - share * 16) < 1, (row, column)
    assert met_shares(found.ravel(), SHARES) == pytest.approx(SHARES, abs=0.01)


def test_groups_are_arranged_in_different_ways() -> None:
    found = unit_blocks(0, 40)
    groups = {tuple(found[r : r + 4, c : c + 4].ravel()) for r in range(0, 40, 4) for c in range(0, 40, 4)}
    assert len(groups) > 90


@settings(max_examples=25)
@given(seed=st.integers(0, 100), chosen=st.lists(st.integers(0, 199), min_size=1, max_size=50, unique=True))
def test_other_places_change_nothing(seed: int, chosen: list[int]) -> None:
    x, y = spread(200, 1e6)
    together = split_places(x, y, shares=SHARES, block=70_000, seed=seed)
    alone = split_places(x[chosen], y[chosen], shares=SHARES, block=70_000, seed=seed)
    assert alone.tolist() == together[chosen].tolist()


def test_the_seed_decides() -> None:
    x, y = spread(1000, 1e6)
    first, second = (split_places(x, y, shares=SHARES, block=50_000, seed=seed) for seed in (1, 2))
    assert (first != second).any()


def test_a_whole_turn_of_longitude_does_not_matter() -> None:
    x, y = np.random.default_rng(1).uniform(-180, 180, 500), np.random.default_rng(2).uniform(-80, 80, 500)
    here = split_places(x, y, shares=SHARES, block=0.5, seed=1, geographic=True)
    there = split_places(x + 360, y, shares=SHARES, block=0.5, seed=1, geographic=True)
    assert (here == there).mean() > 0.99  # rounding may move a place on a block's edge


def test_one_part_takes_all_and_no_place_has_none() -> None:
    x, y = spread(100, 1e6)
    assert set(split_places(x, y, shares={"all": 1.0}, block=1000, seed=1)) == {"all"}
    nothing = split_places(x[:0], y[:0], shares=SHARES, block=1000, seed=1)
    assert len(nothing) == 0
    assert met_shares(nothing, SHARES) == {"train": 0, "validation": 0, "test": 0}
