"""What a composite takes and refuses, and what it says beside the values."""

import math
import re

import numpy as np
import pytest

from eo_pipeline.core.composites import Kind, Observations, composite, kind_of
from eo_pipeline.errors import CompositeError, ProductError

MEDIAN = kind_of("median")


def test_kinds_have_names() -> None:
    assert kind_of("median") == kind_of("percentile_50") == Kind("percentile", 50)
    assert kind_of("percentile_7") == Kind("percentile", 7)
    names = ["mean", "min", "max", "first", "mosaic", "best_pixel", "medoid"]
    assert [kind_of(name).way for name in names] == names


@pytest.mark.parametrize("name", ["percentile_101", "percentile_", "percentile_2.5", "mode", ""])
def test_other_kinds_are_refused(name: str) -> None:
    with pytest.raises(ProductError, match=rf"expected one of median, mean, .*percentile_N.*got '{re.escape(name)}'"):
        kind_of(name)


def test_no_observation_at_all_is_an_empty_composite() -> None:
    for kind in ("median", "mean", "max", "medoid"):
        made = composite([Observations(np.empty((0, 2, 3), np.int16), -32768)], kind_of(kind))
        assert (made.values[0] == -32768).all()
        assert made.n_obs.tolist() == made.n_valid.tolist() == [[0, 0, 0], [0, 0, 0]]


@pytest.mark.parametrize(
    ("dtype", "nodata", "wanted", "empty"),
    [
        ("uint16", 0, None, 0),
        ("uint16", None, None, 0),
        ("uint16", -1, None, 0),
        ("float32", -9999, None, -9999),
        ("float32", math.nan, None, math.nan),
        ("float32", None, None, math.nan),
        ("uint16", 65535, "float32", math.nan),
        ("int32", None, "float64", math.nan),
    ],
)
@pytest.mark.parametrize("kind", ["median", "mean", "max"])
def test_what_stands_where_nothing_counts(
    dtype: str, nodata: float | None, wanted: str | None, empty: float, kind: str
) -> None:
    stack = Observations(np.array([[[1, 4]], [[2, 6]]], dtype), nodata)
    usable = np.array([[[False, True]], [[False, True]]])
    made = composite([stack], kind_of(kind), usable=usable, dtype=wanted)
    assert made.values[0].dtype == (wanted or dtype)
    np.testing.assert_array_equal(made.values[0], [[empty, {"median": 5, "mean": 5, "max": 6}[kind]]])
    assert made.n_valid.tolist() == [[0, 2]]
    assert made.n_obs.tolist() == [[2, 2]]


def test_bands_keep_their_own_types_and_the_first_one_is_counted() -> None:
    red = Observations(np.array([0, 3, 5], np.uint16)[:, None, None], 0)
    heat = Observations(np.array([1.5, np.nan, np.nan], np.float32)[:, None, None])
    made = composite([red, heat], MEDIAN)
    assert [values.dtype.name for values in made.values] == ["uint16", "float32"]
    assert [values.item() for values in made.values] == [4, 1.5]
    assert (made.n_obs.item(), made.n_valid.item()) == (2, 2)


def test_stacks_may_lie_in_memory_as_they_like() -> None:
    pixels = np.random.default_rng(1).integers(0, 50, (70, 6, 5)).astype(np.uint16)
    usable = np.random.default_rng(2).random((70, 6, 5)) < 0.5
    wanted = composite(
        [Observations(pixels.transpose(2, 1, 0).copy(), 0)], MEDIAN, usable=usable.transpose(2, 1, 0).copy()
    )
    pixels.setflags(write=False)
    for other in (pixels, pixels.astype(">u2")):
        found = composite([Observations(other.transpose(2, 1, 0), 0)], MEDIAN, usable=usable.transpose(2, 1, 0))
        np.testing.assert_array_equal(found.values[0], wanted.values[0])
        assert found.values[0].dtype == np.uint16


def test_what_does_not_fit_is_named() -> None:
    stack, wide = Observations(np.zeros((2, 3, 4), np.uint8)), np.zeros((2, 3, 5), np.uint8)
    place = r"of the first band's shape \(observation, y, x\) = \(2, 3, 4\), got \(2, 3, 5\); load all of them onto one"
    with pytest.raises(CompositeError, match=f"Expected usable {place}"):
        composite([stack], MEDIAN, usable=wide == 0)
    with pytest.raises(CompositeError, match=f"Expected band 2 {place}"):
        composite([stack, Observations(wide)], MEDIAN)
    with pytest.raises(CompositeError, match=f"Expected quality {place}"):
        composite([stack], kind_of("best_pixel"), quality=Observations(wide))
    with pytest.raises(CompositeError, match="with best_pixel and with no other kind, got best_pixel without one"):
        composite([stack], kind_of("best_pixel"))
    with pytest.raises(CompositeError, match="got medoid with one; give the band or change the kind"):
        composite([stack], kind_of("medoid"), quality=stack)
    with pytest.raises(CompositeError, match="Expected values of uint8, float32 or float64, got int16"):
        composite([stack], MEDIAN, dtype="int16")


@pytest.mark.parametrize(
    "pixels", [np.zeros((3, 4), np.uint8), np.zeros((2, 3, 4), np.int64), np.zeros((2**15, 1, 1), np.uint8)]
)
def test_stacks_of_another_kind_are_refused(pixels: np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> None:
    with pytest.raises(
        CompositeError, match=rf"got {re.escape(str(pixels.shape))} of {pixels.dtype}; convert or split"
    ):
        Observations(pixels)
