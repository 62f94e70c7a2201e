"""Layers put together by every rule, against numpy's masked arrays and whole-number arithmetic."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.mosaics import Overlap
from eo_pipeline.core.mosaics.merging import Layer, in_order, merge
from eo_pipeline.core.rectangles import Rectangle

HEIGHT, WIDTH = 9, 11
RULES: tuple[Overlap, ...] = ("first", "last", "min", "max", "mean")


def merged(layers: list[Layer], bands: list[BandEncoding], overlap: Overlap) -> NDArray[Any]:
    window = np.full((len(bands), HEIGHT, WIDTH), bands[0].empty, bands[0].dtype)
    merge(window, in_order(layers, overlap), bands, overlap)
    return window


def expected(layers: list[Layer], overlap: Overlap, nodata: float) -> NDArray[Any]:
    """By numpy, on all layers at once."""
    shape, dtype = (len(layers), layers[0][1].shape[0], HEIGHT, WIDTH), layers[0][1].dtype
    stack, has_value = np.zeros(shape, dtype), np.zeros(shape, bool)
    for plane, valid, (place, pixels) in zip(stack, has_value, layers, strict=True):
        plane[:, *place.slices], valid[:, *place.slices] = pixels, ~(np.isnan(pixels) | (pixels == nodata))
    count = has_value.sum(axis=0)
    wide = np.where(has_value, stack, 0).astype("float64" if dtype.kind == "f" else "int64")
    match overlap:
        case "min":
            found = np.where(has_value, wide, 10**6).min(axis=0)
        case "max":
            found = np.where(has_value, wide, -(10**6)).max(axis=0)
        case "mean":
            mean = wide.sum(axis=0) / np.maximum(count, 1)
            found = mean if dtype.kind == "f" else np.floor(mean + 0.5)
        case _:
            chosen = (
                has_value.argmax(axis=0) if overlap == "first" else len(layers) - 1 - has_value[::-1].argmax(axis=0)
            )
            found = np.take_along_axis(wide, chosen[None], axis=0)[0]
    return np.where(count == 0, nodata, found).astype(dtype)


@st.composite
def places(draw: st.DrawFn) -> list[Rectangle]:
    """One to five rectangles in the window, which overlap as chance will have it."""
    found = []
    for _ in range(draw(st.integers(1, 5))):
        top, left = draw(st.integers(0, HEIGHT - 1)), draw(st.integers(0, WIDTH - 1))
        bottom, right = draw(st.integers(top + 1, HEIGHT)), draw(st.integers(left + 1, WIDTH))
        found.append(Rectangle(top, left, bottom, right))
    return found


@settings(max_examples=25, deadline=None)
@given(places(), st.integers(0, 2**32 - 1))
@pytest.mark.parametrize("overlap", RULES)
@pytest.mark.parametrize(
    ("dtype", "nodata"), [("int16", -9999), ("uint8", 0), ("float32", math.nan), ("float64", -1.0)]
)
def test_any_layout_is_as_numpy_puts_it(
    overlap: Overlap, dtype: str, nodata: float, layout: list[Rectangle], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    layers = []
    for place in layout:
        pixels = rng.integers(1, 200, (2, place.height, place.width)).astype(dtype)
        pixels[rng.random(pixels.shape) < 0.3] = nodata
        layers.append((place, pixels))
    bands = [BandEncoding(name, dtype, nodata=nodata) for name in "ab"]
    got, wanted = merged(layers, bands, overlap), expected(layers, overlap, nodata)
    np.testing.assert_array_equal(got, wanted)


def whole(*numbers: float, dtype: str) -> list[Layer]:
    """Layers that each cover the window with one number."""
    place = Rectangle(0, 0, HEIGHT, WIDTH)
    return [(place, np.full((1, HEIGHT, WIDTH), number, dtype)) for number in numbers]


@pytest.mark.parametrize(
    ("numbers", "dtype", "mean"),
    [
        ((1, 2), "int16", 2),
        ((-1, -2), "int16", -1),
        ((-3, -4, -4), "int16", -4),
        ((1, 1, 2), "uint8", 1),
        ((255, 255, 254), "uint8", 255),
        ((2**32 - 1, 2**32 - 2, 2**32 - 1), "uint32", 2**32 - 1),
        ((-(2**31), -(2**31) + 1), "int32", -(2**31) + 1),
        ((0.1, 0.2), "float64", (0.1 + 0.2) / 2),
        ((3e38, 3e38), "float32", np.float32(3e38)),
    ],
)
def test_means_of_whole_numbers_are_rounded_half_up(numbers: tuple[float, ...], dtype: str, mean: float) -> None:
    assert (merged(whole(*numbers, dtype=dtype), [BandEncoding("b", dtype)], "mean") == mean).all()


@pytest.mark.parametrize("overlap", RULES)
def test_nan_never_wins_over_a_value_even_where_nodata_is_a_number(overlap: Overlap) -> None:
    band = BandEncoding("b", "float32", nodata=-1)
    for order in ((math.nan, 5, -1), (5, math.nan, -1), (-1, math.nan, 5)):
        assert (merged(whole(*order, dtype="float32"), [band], overlap) == 5).all()
    nothing = merged(whole(math.nan, -1, dtype="float32"), [band], overlap)
    assert not band.is_valid(nothing).any()


@pytest.mark.parametrize("overlap", RULES)
def test_without_nodata_every_whole_number_is_a_value(overlap: Overlap) -> None:
    got = merged(whole(0, 7, 2, dtype="uint8"), [BandEncoding("b", "uint8")], overlap)
    assert (got == {"first": 0, "last": 2, "min": 0, "max": 7, "mean": 3}[overlap]).all()


def test_the_smallest_physical_value_is_the_largest_number_of_a_negative_scale() -> None:
    falling = BandEncoding("b", "int16", scale=-1.0, nodata=0)
    assert (merged(whole(3, 9, 4, dtype="int16"), [falling], "min") == 9).all()
    assert (merged(whole(3, 9, 4, dtype="int16"), [falling], "max") == 3).all()
