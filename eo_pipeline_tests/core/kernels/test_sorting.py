"""The sorting network sorts whatever comes."""

from itertools import pairwise, product

import numpy as np
import pytest

from eo_pipeline.core.kernels.sorting import merging_pairs, needed_for, sort_lanes, sorting_network


@pytest.mark.parametrize("count", range(1, 19))
def test_it_sorts_every_sequence_of_zeros_and_ones_and_so_everything(count: int) -> None:
    network = sorting_network(count)
    every = np.array(list(product([0, 1], repeat=count)), np.uint16).T
    lanes = np.ascontiguousarray(every)
    sort_lanes(lanes, network)
    np.testing.assert_array_equal(lanes, np.sort(every, axis=0))


@pytest.mark.parametrize("count", [24, 60, 365])
def test_long_series_of_floats(count: int) -> None:
    lanes = np.random.default_rng(count).standard_normal((count, 100)).astype(np.float32)
    wanted = np.sort(lanes, axis=0)
    sort_lanes(lanes, sorting_network(count))
    np.testing.assert_array_equal(lanes, wanted)


def test_it_compares_no_more_often_than_batcher_says() -> None:
    sizes = {2: 1, 4: 5, 8: 19, 16: 63, 32: 191}
    assert {count: len(merging_pairs(count, 1)) for count in sizes} == sizes
    assert all(one < other for one, other in merging_pairs(24, 1).tolist())
    assert all(len(merging_pairs(one, 1)) <= len(merging_pairs(other, 1)) for one, other in pairwise(range(2, 40)))


@pytest.mark.parametrize(("count", "eights", "sixteens"), [(7, 0, 0), (8, 1, 0), (24, 3, 1), (33, 4, 2)])
def test_groups_are_put_in_order_in_registers(count: int, eights: int, sixteens: int) -> None:
    network = sorting_network(count)
    assert (network.eights, network.sixteens) == (eights, sixteens)
    assert len(network.pairs) <= len(merging_pairs(count, 1)) - 19 * eights - 25 * sixteens


@pytest.mark.parametrize("count", [1, 2, 3, 7, 8, 15, 24, 25, 60])
def test_fewer_comparisons_find_the_two_in_the_middle(count: int) -> None:
    whole, middle = sorting_network(count), [max(count // 2 - 1, 0), count // 2]
    fewer = needed_for(whole, middle[0], middle[1], count)
    assert len(fewer.pairs) <= len(whole.pairs)
    assert count < 24 or len(fewer.pairs) < len(whole.pairs)
    lanes = np.random.default_rng(count).integers(0, 9, (count, 200)).astype(np.int16)
    wanted = np.sort(lanes, axis=0)
    sort_lanes(lanes, fewer)
    np.testing.assert_array_equal(lanes[middle], wanted[middle])
