"""Sums of pixels by zone, against numpy and exact fractions."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from eo_pipeline.core.kernels.records import Runs
from eo_pipeline.core.kernels.sums import (
    COUNT,
    FIELDS,
    HIGH,
    LOW,
    M2,
    MEAN,
    TOTAL,
    TOTAL_REST,
    WEIGHT,
    add_sums,
    count_cells,
    sum_runs,
)
from eo_pipeline.core.kernels.values import take_values

NO_FACTORS = np.empty(0)
ALL = np.zeros(1, np.int64)


def all_of(pixels: int, share: float = 1.0) -> Runs:
    return Runs(np.array([0, 1]), np.array([0]), np.array([pixels]), np.array([share]))


def nothing() -> NDArray[np.float64]:
    whole = np.zeros((1, 1, FIELDS))
    whole[:, :, LOW], whole[:, :, HIGH] = np.inf, -np.inf
    return whole


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(
    values=st.lists(
        st.floats(-1e12, 1e12).map(lambda number: round(number, 9)) | st.just(math.nan) | st.just(-9999.0),
        min_size=1,
        max_size=60,
    ),
    offset=st.sampled_from([0.0, 1e9, -1e13]),
    cut=st.integers(0, 60),
)
def test_blocks_add_up_to_the_whole(values: list[float], offset: float, cut: int) -> None:
    numbers = np.array([value + offset if value == value and value != -9999 else value for value in values])  # noqa: PLR0124  # NaN is not itself
    random = np.random.default_rng(len(values))
    shares = random.uniform(0.01, 1, numbers.size)
    whole = nothing()
    for part in (slice(0, cut), slice(cut, None)):
        size = numbers[part].size
        runs = Runs(np.array([0, size]), np.arange(size), np.ones(size, np.int64), shares[part])
        add_sums(whole, ALL, sum_runs(numbers[part][None], -9999.0, NO_FACTORS, runs))
    valid = ~np.isnan(numbers) & (numbers != -9999)
    got, numbers, shares = whole[0, 0], numbers[valid], shares[valid]
    assert got[COUNT] == numbers.size
    if numbers.size:
        exact = [(Fraction(share), Fraction(number)) for share, number in zip(shares, numbers, strict=True)]
        weight = sum(share for share, _ in exact)
        mean = sum(share * number for share, number in exact) / weight
        m2 = sum(share * (number - mean) ** 2 for share, number in exact)
        largest = float(np.abs(numbers).max()) or 1.0
        assert got[WEIGHT] == pytest.approx(float(weight), rel=1e-14)
        assert got[MEAN] == pytest.approx(float(mean), rel=1e-14, abs=1e-14 * largest)
        assert got[TOTAL] + got[TOTAL_REST] == pytest.approx(
            float(mean * weight), rel=1e-14, abs=1e-13 * largest * numbers.size
        )
        assert got[M2] == pytest.approx(float(m2), rel=1e-9, abs=(1e-14 * largest) ** 2 * numbers.size)
        assert (got[LOW], got[HIGH]) == (numbers.min(), numbers.max())


@pytest.mark.parametrize("dtype", ["uint8", "int8", "uint16", "int16", "uint32", "int32", "int64"])
def test_sums_of_integers_are_exact(dtype: str) -> None:
    limits = np.iinfo(dtype if dtype != "int64" else "int32")
    numbers = np.random.default_rng(1).integers(limits.min, limits.max, 5000, endpoint=True).astype(dtype)
    whole = nothing()
    for part in np.split(numbers, 5):
        add_sums(whole, ALL, sum_runs(part[None], math.nan, NO_FACTORS, all_of(part.size)))
    assert Fraction(whole[0, 0, TOTAL]) + Fraction(whole[0, 0, TOTAL_REST]) == sum(numbers.tolist())


def test_sums_of_integers_do_not_overflow_64_bits() -> None:
    part = sum_runs(np.full((1, 2**16), 2**32 - 1, np.uint32), math.nan, NO_FACTORS, all_of(2**16))
    whole, copies = nothing(), 2**17
    for _ in range(copies):
        add_sums(whole, ALL, part)
    expected = (2**32 - 1) * 2**16 * copies
    assert expected > 2**64
    assert Fraction(whole[0, 0, TOTAL]) + Fraction(whole[0, 0, TOTAL_REST]) == expected
    assert whole[0, 0, M2] == 0


def test_a_large_mean_takes_nothing_from_the_variance() -> None:
    numbers = 1e9 + np.tile([0.0, 1.0], 500)
    got = sum_runs(numbers[None], math.nan, NO_FACTORS, all_of(1000))[0, 0]
    assert got[M2] == 250


@pytest.mark.parametrize("place", [0, 1, 2])
def test_an_infinite_number_is_a_value_as_for_numpy(place: int) -> None:
    numbers = np.array([1.0, 2.0, 3.0])
    numbers[place] = math.inf
    whole = nothing()
    for part in (numbers[:2], numbers[2:]):
        add_sums(whole, ALL, sum_runs(part[None], math.nan, NO_FACTORS, all_of(part.size)))
    got = whole[0, 0]
    assert (got[TOTAL] + got[TOTAL_REST], got[LOW], got[HIGH]) == (math.inf, min(numbers), math.inf)
    assert np.isnan(got[M2])


def test_factors_weigh_pixels_and_those_without_one_are_left_out() -> None:
    numbers, factors = np.array([[1.0, 2.0, 3.0, 4.0]]), np.array([2.0, math.nan, 0.0, 1.0])
    got = sum_runs(numbers, math.nan, factors, all_of(4, share=0.5))[0, 0]
    assert (got[COUNT], got[WEIGHT], got[TOTAL]) == (3, 1.5, 0.5 * (2 * 1 + 4))
    assert got[MEAN] == pytest.approx(2.0)


def test_cells_are_counted_with_or_without_a_value() -> None:
    runs = Runs(np.array([0, 2, 2]), np.array([0, 9]), np.array([3, 1]), np.array([1.0, 0.25]))
    assert count_cells(runs).tolist() == [[4, 3.25], [0, 0]]


def test_values_keep_their_type_and_zone() -> None:
    numbers = np.array([5, 255, 7, 8, 9], np.uint8)
    runs = Runs(np.array([0, 1, 3]), np.array([0, 4, 1]), np.array([3, 1, 2]), np.array([1.0, 0.5, 1.0]))
    offsets, values, shares = take_values(numbers, 255.0, NO_FACTORS, runs)
    assert (offsets.tolist(), values.tolist(), shares.tolist()) == ([0, 2, 4], [5, 7, 9, 7], [1, 1, 0.5, 1])
    assert values.dtype == np.uint8
