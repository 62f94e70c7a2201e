"""Medians, percentiles and means of whole numbers against exact fractions, of floats against numpy."""

import math
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from eo_pipeline.core.composites import Observations, composite, kind_of
from eo_pipeline_tests.core.composites import plain

SEEDS = st.integers(0, 2**32 - 1)


def observations(random: np.random.Generator, dtype: str, shape: tuple[int, ...]) -> NDArray[Any]:
    """Whole numbers, some near the ends of their type, many equal."""
    limits = np.iinfo(dtype)
    everywhere = random.integers(limits.min, limits.max, shape, dtype, endpoint=True)
    few = random.integers(limits.max - 4, limits.max, shape, dtype, endpoint=True)
    low = random.integers(limits.min, limits.min + 4, shape, dtype, endpoint=True)
    return np.choose(random.integers(0, 3, shape), [everywhere, few, low]).astype(dtype)


@settings(max_examples=60, deadline=None)
@given(
    seed=SEEDS,
    dtype=st.sampled_from(["uint16", "int16", "uint32"]),
    count=st.integers(0, 12),
    width=st.sampled_from([1, 2, 63, 64, 65, 130]),
    percent=st.sampled_from([0, 1, 10, 25, 33, 50, 75, 90, 99, 100]),
)
def test_percentiles_of_whole_numbers(seed: int, dtype: str, count: int, width: int, percent: int) -> None:
    random = np.random.default_rng(seed)
    limits = np.iinfo(dtype)
    number = [None, int(limits.min), int(limits.max)][random.integers(3)]
    pixels = observations(random, dtype, (count, 2, width))
    usable = random.random(pixels.shape) < random.choice([0.1, 0.6, 1.0])
    made = composite([Observations(pixels, number)], kind_of(f"percentile_{percent}"), usable=usable)
    for y in range(2):
        for x in range(width):
            places = plain.counted(pixels, usable, number, y, x)
            values = pixels[places, y, x].tolist()
            wanted = plain.half_up(plain.percentile(values, percent)) if values else number or 0
            assert made.values[0][y, x] == wanted
            assert made.n_valid[y, x] == len(values)
    assert made.values[0].dtype == dtype
    assert made.sources == ()


@pytest.mark.parametrize("dtype", plain.WHOLE)
def test_medians_and_means_of_every_whole_type(dtype: str) -> None:
    random = np.random.default_rng(5)
    pixels = observations(random, dtype, (7, 1, 40))
    pixels[:, :, :4] = [np.iinfo(dtype).min, np.iinfo(dtype).max, np.iinfo(dtype).min, np.iinfo(dtype).max]
    usable = random.random(pixels.shape) < 0.8
    usable[:, :, :4] = True
    usable[0, :, :2] = False
    usable[0, :, 5], usable[1:, :, 5] = True, False
    found = {
        name: composite([Observations(pixels)], kind_of(name), usable=usable).values[0] for name in ("median", "mean")
    }
    for x in range(40):
        values = pixels[usable[:, 0, x], 0, x].tolist()
        assert found["median"][0, x] == plain.half_up(plain.percentile(values, 50))
        assert found["mean"][0, x] == plain.half_up(plain.mean(values))


@pytest.mark.parametrize(("values", "median"), [([1, 2], 2), ([-2, -1], -1), ([-3, -2], -2), ([1, 4], 3), ([5], 5)])
def test_halves_round_up(values: list[int], median: int) -> None:
    stack = Observations(np.array(values, np.int16).reshape(-1, 1, 1), -32768)
    assert composite([stack], kind_of("median")).values[0].tolist() == [[median]]
    assert composite([stack], kind_of("mean")).values[0].tolist() == [[median]]
    assert composite([stack], kind_of("median"), dtype="float32").values[0].tolist() == [[sum(values) / len(values)]]


@settings(max_examples=60, deadline=None)
@given(
    seed=SEEDS,
    dtype=st.sampled_from(["float32", "float64"]),
    count=st.integers(1, 12),
    exponent=st.sampled_from([0, 5, -30, 30]),
)
def test_medians_and_means_of_floats_are_those_of_numpy(seed: int, dtype: str, count: int, exponent: int) -> None:
    random = np.random.default_rng(seed)
    pixels = (random.standard_normal((count, 3, 66)) * 10.0**exponent).astype(dtype)
    pixels[random.random(pixels.shape) < 0.2] = np.nan
    pixels[random.random(pixels.shape) < 0.1] = -9999
    usable = random.random(pixels.shape) < 0.7
    left = np.where(usable & (pixels != -9999), pixels, np.nan)
    with warnings.catch_warnings(action="ignore", category=RuntimeWarning):
        median, mean = np.nanmedian(left, axis=0), np.nanmean(left.astype(np.float64), axis=0).astype(dtype)
    none = np.isnan(left).all(axis=0)
    for name, wanted in (("median", median), ("mean", mean)):
        found = composite([Observations(pixels, -9999)], kind_of(name), usable=usable)
        assert found.values[0].dtype == dtype
        np.testing.assert_array_equal(found.values[0], np.where(none, np.array(-9999, dtype), wanted))
        np.testing.assert_array_equal(found.n_valid, (~np.isnan(left)).sum(axis=0))
        np.testing.assert_array_equal(found.n_obs, (~np.isnan(pixels) & (pixels != -9999)).sum(axis=0))


@settings(max_examples=40, deadline=None)
@given(seed=SEEDS, count=st.integers(1, 9), percent=st.integers(0, 100))
def test_percentiles_of_floats_are_those_of_numpy(seed: int, count: int, percent: int) -> None:
    pixels = np.random.default_rng(seed).standard_normal((count, 2, 70))
    found = composite([Observations(pixels)], kind_of(f"percentile_{percent}")).values[0]
    np.testing.assert_allclose(found, np.percentile(pixels, percent, axis=0), rtol=1e-13, atol=1e-15)


def test_extreme_floats_do_not_overflow() -> None:
    for dtype in ("float32", "float64"):
        most = float(np.finfo(dtype).max)
        pixels = np.array([[most, -most, most, math.inf], [most, most, most, 1.0], [most, 0.0, most, 2.0]], dtype)
        stack = Observations(pixels[:, None])
        median, mean, late = (
            composite([stack], kind_of(name)).values[0][0].tolist() for name in ("median", "mean", "percentile_75")
        )
        assert median == [most, 0.0, most, 2.0]
        assert mean == pytest.approx([most, 0.0, most, math.inf], rel=1e-6)
        assert late == pytest.approx([most, most / 2, most, math.inf], rel=1e-6)
        pair = Observations(pixels[:2, None])
        assert composite([pair], kind_of("median")).values[0][0].tolist() == [most, 0.0, most, math.inf]
        assert composite([pair], kind_of("percentile_25")).values[0][0, 1] == pytest.approx(-most / 2)


def test_the_largest_number_of_a_type_is_a_value_like_others() -> None:
    pixels = np.array([[65535, 65535], [65535, 7], [3, 65535]], np.uint16)[:, None]
    usable = np.array([[True, True], [False, True], [True, False]])[:, None]
    found = composite([Observations(pixels, 0)], kind_of("median"), usable=usable)
    assert found.values[0].tolist() == [[(65535 + 3 + 1) // 2, (65535 + 7 + 1) // 2]]
    infinite = Observations(np.array([[np.inf], [1.0], [np.inf]])[:, None])
    assert composite([infinite], kind_of("median")).values[0].tolist() == [[np.inf]]


@pytest.mark.parametrize("count", [13, 24, 33, 64, 100, 365])
def test_long_series(count: int) -> None:
    random = np.random.default_rng(count)
    pixels = random.integers(1, 10_000, (count, 3, 70), dtype=np.uint16)
    usable = random.random(pixels.shape) < 0.6
    wanted = np.ma.median(np.ma.masked_array(pixels.astype(np.float64), ~usable), axis=0)
    found = composite([Observations(pixels, 0)], kind_of("median"), usable=usable)
    np.testing.assert_array_equal(found.values[0], np.floor(np.ma.filled(wanted, 0) + 0.5))
    np.testing.assert_array_equal(found.n_valid, usable.sum(axis=0))
