"""Overviews against exact fractions written plainly, and against GDAL's."""

import math
from collections import Counter
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from rasterio.enums import Resampling

from eo_pipeline.core.bands import DTYPES, BandEncoding, Kind
from eo_pipeline.core.overviews import WindowBelow, level_shapes
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline_tests.raster_files import grid, write_raster

RULES: dict[Kind, Resampling] = {
    "continuous": Resampling.average,
    "categorical": Resampling.mode,
    "count": Resampling.nearest,
}


def halved(pixels: NDArray[Any], band: BandEncoding) -> NDArray[Any]:
    """The whole overview (y, x) of one band."""
    height, width = pixels.shape
    window = Rectangle(0, 0, -(-height // 2), -(-width // 2))
    (plane,) = WindowBelow.of(window, (height, width)).halved(pixels[None], [band])
    return np.asarray(plane)


def covered(size: int, index: int) -> dict[int, Fraction]:
    """Exactly how much of each pixel of an axis the pixel `index` of its half covers."""
    ratio = Fraction(size, -(-size // 2))
    low, high = index * ratio, (index + 1) * ratio
    shares = {pixel: min(high, Fraction(pixel + 1)) - max(low, Fraction(pixel)) for pixel in range(size)}
    return {pixel: share for pixel, share in shares.items() if share > 0}


def mean(pixels: NDArray[Any], nodata: float, row: int, column: int) -> Fraction | None:
    """The exact mean of what one pixel covers; None without a value."""
    total, weight = Fraction(0), Fraction(0)
    for y, height in covered(pixels.shape[0], row).items():
        for x, width in covered(pixels.shape[1], column).items():
            value = pixels[y, x].item()
            if value != nodata and not math.isnan(value):
                total += Fraction(value) * height * width
                weight += height * width
    return total / weight if weight else None


@given(
    st.sampled_from(DTYPES), st.integers(1, 13), st.integers(1, 13), st.sampled_from([0, 5]), st.integers(0, 2**32 - 1)
)
@settings(max_examples=60, deadline=None)
def test_means_are_those_of_the_ground_covered(dtype: str, height: int, width: int, nodata: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0 if dtype.startswith("u") else -100, 100, (height, width)).astype(dtype)
    pixels[rng.random(pixels.shape) < 0.3] = nodata
    got = halved(pixels, BandEncoding("b", dtype, nodata=nodata))
    for (row, column), value in np.ndenumerate(got):
        exact = mean(pixels, nodata, row, column)
        if exact is None:
            assert value == nodata
        elif dtype.startswith("float"):
            assert value == pytest.approx(float(exact), rel=1e-6, abs=1e-6)
        else:
            away = math.floor(abs(exact) + Fraction(1, 2)) * (1 if exact > 0 else -1)
            near_a_half = abs(abs(exact) % 1 - Fraction(1, 2)) < Fraction(1, 10**9)
            wanted = {away + 1 if away == nodata else away}
            if near_a_half and (height % 2 or width % 2):
                wanted |= {math.floor(exact), math.ceil(exact)}
            assert value in wanted


@given(st.integers(1, 12), st.integers(1, 12), st.sampled_from(["uint8", "int16", "float32"]), st.integers(0, 999))
@settings(max_examples=40, deadline=None)
def test_the_mode_is_a_most_frequent_value(height: int, width: int, dtype: str, seed: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, 4, (height, width)).astype(dtype)
    got = halved(pixels, BandEncoding("b", dtype, nodata=2, kind="categorical"))
    for (row, column), value in np.ndenumerate(got):
        cells = [(y, x) for y in covered(height, row) for x in covered(width, column)]
        counts = Counter(pixels[cell].item() for cell in cells if pixels[cell] != 2)
        best = [number for number, times in counts.items() if times == max(counts.values())]
        assert value in (best or [2])


@pytest.mark.parametrize("kind", RULES)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(64, 48), (33, 20), (7, 9), (1, 5)])
def test_overviews_are_gdals(tmp_path: Path, dtype: str, kind: Kind, shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(3)
    pixels = rng.integers(1, 100, shape).astype(dtype)
    pixels[rng.random(shape) < 0.3] = 5
    path = write_raster(tmp_path / "a.tif", grid(*shape), pixels[None], nodata=5, tiled=True, compress="zstd")
    with rasterio.open(path, "r+") as dataset:
        dataset.build_overviews([2], RULES[kind])
    with rasterio.open(path, overview_level=0) as dataset:
        gdal = dataset.read(1)
    got = halved(pixels, BandEncoding("b", dtype, nodata=5, kind=kind))
    if kind != "continuous" or (dtype[0] in "ui" and shape == (64, 48)):
        assert np.array_equal(got, gdal)
    elif dtype[0] == "f":
        np.testing.assert_allclose(got, gdal, rtol=1e-6)
    else:  # GDAL's weights are inexact where a pixel covers less than two: a half may round down
        assert np.abs(got.astype(float) - gdal).max() <= 1
        assert (got != gdal).mean() < 0.1


@pytest.mark.parametrize("kind", RULES)
@given(height=st.integers(3, 40), width=st.integers(3, 40), cut=st.tuples(st.integers(0, 19), st.integers(0, 19)))
@settings(max_examples=25, deadline=None)
def test_a_window_of_an_overview_needs_only_what_lies_below(
    kind: Kind, height: int, width: int, cut: tuple[int, int]
) -> None:
    pixels = np.random.default_rng(height * width).integers(0, 9, (height, width)).astype("uint16")
    band = BandEncoding("b", "uint16", nodata=0, kind=kind)
    whole = halved(pixels, band)
    row, column = (min(wanted, size - 1) for wanted, size in zip(cut, whole.shape, strict=True))
    window = Rectangle(row, column, min(row + 5, whole.shape[0]), min(column + 3, whole.shape[1]))
    below = WindowBelow.of(window, (height, width))
    part = below.halved(pixels[None, *below.rectangle.slices], [band])[0]
    assert np.array_equal(part, whole[window.slices])
    assert below.rectangle.height <= 2 * window.height + 1


@pytest.mark.parametrize("kind", ["continuous", "categorical"])
@pytest.mark.parametrize("nodata", [None, -9999.0, math.nan])
def test_nan_is_no_value_whatever_the_nodata(kind: Kind, nodata: float | None) -> None:
    """GDAL spreads NaN where nodata is a number, and makes 0 of classes that are all NaN."""
    nan = math.nan
    pixels = np.array([[3, nan, nan, nan], [nan, 3, nan, nan]], dtype="float32")
    got = halved(pixels, BandEncoding("b", "float32", nodata=nodata, kind=kind))
    expected = [[3, nan if nodata is None else nodata]]
    assert np.array_equal(got, np.array(expected, "float32"), equal_nan=True)


@pytest.mark.parametrize(
    ("dtype", "nodata", "values", "expected"),
    [
        ("uint8", 255, (254, 255, 255, 254), 254),
        ("uint8", 5, (4, 6, 4, 6), 6),
        ("uint8", 255, (255, 255, 255, 255), 255),
        ("int16", 0, (-1, 1, -1, 1), 1),
        ("int16", None, (-1, -2, -1, -2), -2),
        ("int16", None, (1, 2, 1, 2), 2),
        ("uint32", None, (2**32 - 1, 2**32 - 1, 2**32 - 1, 2**32 - 1), 2**32 - 1),
        ("int32", None, (-(2**31), -(2**31), -(2**31), -(2**31)), -(2**31)),
        ("float32", 5.0, (4, 6, 4, 6), np.nextafter(np.float32(5), np.float32(6))),
    ],
)
def test_a_mean_is_never_mistaken_for_nodata(
    dtype: str, nodata: float | None, values: tuple[int, ...], expected: float
) -> None:
    pixels = np.array(values, dtype=dtype).reshape(2, 2)
    assert halved(pixels, BandEncoding("b", dtype, nodata=nodata)).item() == expected


def test_levels_end_with_one_that_fits_into_a_block() -> None:
    assert level_shapes((512, 512), 512) == ((512, 512),)
    assert level_shapes((8192, 5001), 512) == ((8192, 5001), (4096, 2501), (2048, 1251), (1024, 626), (512, 313))
    assert level_shapes((1, 33), 16) == ((1, 33), (1, 17), (1, 9))
