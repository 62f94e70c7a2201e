"""Coarser pixels against numpy over blocks."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from eo_pipeline.core.composites import averaged, most_frequent
from eo_pipeline.errors import CompositeError
from eo_pipeline_tests.core.composites import plain

SEEDS = st.integers(0, 2**32 - 1)


def blocks[T: np.generic](values: NDArray[T], factor: int) -> NDArray[T]:
    """(y, x, factor * factor)."""
    height, width = values.shape[0] // factor, values.shape[1] // factor
    return values.reshape(height, factor, width, factor).swapaxes(1, 2).reshape(height, width, factor**2)


@settings(max_examples=60, deadline=None)
@given(
    seed=SEEDS,
    dtype=st.sampled_from([*plain.WHOLE, "float32", "float64"]),
    factor=st.integers(1, 6),
    share=st.sampled_from([0.0, 0.3, 0.9]),
)
def test_means_of_the_values_below(seed: int, dtype: str, factor: int, share: float) -> None:
    random = np.random.default_rng(seed)
    values = (random.random((4 * factor, 5 * factor)) * 120 + 1).astype(dtype)
    values[random.random(values.shape) < share] = 0
    with warnings.catch_warnings(action="ignore", category=RuntimeWarning):
        wanted = np.nanmean(blocks(np.where(values == 0, np.nan, values.astype(np.float64)), factor), axis=2)
    found = averaged(values, factor, nodata=0)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, wanted, rtol=1e-14)
    np.testing.assert_allclose(averaged(values, factor), blocks(values, factor).mean(axis=2, dtype=float), rtol=1e-14)


def test_means_of_floats_leave_nan_out() -> None:
    values = np.array([[1, np.nan, np.nan, np.nan], [2, 6, np.nan, -9999]], np.float32)
    np.testing.assert_array_equal(averaged(values, 2, nodata=-9999), [[3, np.nan]])
    np.testing.assert_array_equal(averaged(values, 2), [[3, -9999]])


def test_a_coarse_pixel_needs_one_usable_pixel_only() -> None:
    values = np.zeros((10, 10), np.uint16)
    values[3, 7] = 4321
    assert averaged(values, 10, nodata=0).tolist() == [[4321]]


@settings(max_examples=60, deadline=None)
@given(seed=SEEDS, dtype=st.sampled_from([*plain.WHOLE, "float32"]), factor=st.integers(1, 5), kinds=st.integers(1, 9))
def test_the_most_frequent_class_and_the_smallest_of_several(seed: int, dtype: str, factor: int, kinds: int) -> None:
    values = np.random.default_rng(seed).integers(0, kinds + 1, (3 * factor, 4 * factor)).astype(dtype)
    found = most_frequent(values, factor, nodata=0)
    counts = np.stack([(blocks(values, factor) == kind).sum(axis=2) for kind in range(1, kinds + 1)])
    np.testing.assert_array_equal(found, np.where(counts.any(axis=0), counts.argmax(axis=0) + 1, 0))
    assert found.dtype == dtype


def test_without_a_class_there_is_nodata_or_what_stands_for_it() -> None:
    nothing = np.full((2, 2), np.nan, np.float32)
    assert np.isnan(most_frequent(nothing, 2)).all()
    assert most_frequent(nothing, 2, nodata=-1).tolist() == [[-1]]
    assert most_frequent(np.full((2, 2), 255, np.uint8), 2, nodata=255).tolist() == [[255]]


def test_a_view_and_another_order_of_bytes_are_read_like_others() -> None:
    values = np.arange(64, dtype=">u2").reshape(8, 8)
    np.testing.assert_array_equal(averaged(values.T, 4), blocks(np.arange(64).reshape(8, 8).T, 4).mean(axis=2))


@pytest.mark.parametrize(("shape", "factor"), [((10, 12), 5), ((10, 12), 0), ((9, 10), 2), ((10, 9), -2)])
def test_sides_that_are_no_multiples_are_refused(shape: tuple[int, int], factor: int) -> None:
    message = rf"Expected sides that are multiples of the factor.*got {shape[0]} x {shape[1]} pixels and {factor}; read"
    for function in (averaged, most_frequent):
        with pytest.raises(CompositeError, match=message):
            function(np.zeros(shape, np.uint8), factor)
