"""Special functions, bits, types, coordinates and outlines of images: against Python's math, numpy and pyproj."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable
from typing import Any

import ee
import numpy as np
import pyproj
import pytest
import shapely
from shapely.geometry import shape

from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.graph.grids import Grid
from eo_pipeline_tests.sandbox.graph_support import pixels, record, utm_grid, value

RNG = np.random.default_rng(21)
REAL = RNG.uniform(-0.99, 0.99, (4, 5))
WHOLE = RNG.integers(-300, 300, (4, 5)).astype("i2")
SCENE = record("C/a", {"r": REAL, "w": WHOLE}, time=5, CLOUD=12.5)
GRID = utm_grid(5, 4)
NORMAL = statistics.NormalDist()


def call(name: str, *arguments: object) -> np.ndarray:
    """Pixels of a function by its wire name."""
    ((data, mask),) = pixels(ee.ApiFunction.call_(name, *arguments), GRID, SCENE)
    assert mask.all()
    return data


def band(name: str) -> Any:
    return ee.Image("C/a").select(name)


def inverse_erf(x: float) -> float:
    return NORMAL.inv_cdf((x + 1) / 2) / math.sqrt(2)


def slope_of_log_gamma(x: float) -> float:
    return (math.lgamma(x + 1e-5) - math.lgamma(x - 1e-5)) / 2e-5


@pytest.mark.parametrize(
    ("name", "expected", "shift"),
    [
        ("erf", math.erf, 0),
        ("erfc", math.erfc, 0),
        ("erfInv", inverse_erf, 0),
        ("erfcInv", lambda x: inverse_erf(1 - x), 1),
        ("gamma", math.gamma, 3),
        ("digamma", slope_of_log_gamma, 3),
    ],
)
@pytest.mark.functions("Image.{name}", against="python")
def test_special_functions(name: str, expected: Callable[[float], float], shift: int) -> None:
    wanted = [[expected(x) for x in row] for row in (REAL + shift).tolist()]
    np.testing.assert_allclose(call(f"Image.{name}", band("r").add(shift)), wanted, rtol=1e-7, atol=1e-9)


@pytest.mark.functions("Image.gammainc", against="worked example")
def test_the_incomplete_gamma_function_of_whole_numbers_is_a_sum() -> None:
    x = REAL + 1
    expected = 1 - np.exp(-x) * (1 + x + x**2 / 2)
    np.testing.assert_allclose(call("Image.gammainc", band("r").add(1), ee.Image(3)), expected, rtol=1e-7)


@pytest.mark.functions("Image.bitCount", "Image.bitwiseNot", "Image.bitwise_not", against="python")
def test_bits_of_one_band() -> None:
    rows = WHOLE.tolist()
    assert call("Image.bitCount", band("w")).tolist() == [[(x % 2**64).bit_count() for x in row] for row in rows]
    for name in ("Image.bitwiseNot", "Image.bitwise_not"):
        assert call(name, band("w")).tolist() == [[~x for x in row] for row in rows]


@pytest.mark.functions("Image.cast", against="numpy")
def test_a_cast_changes_named_bands_and_their_order() -> None:
    cast = ee.Image("C/a").cast({"r": "float", "w": "int8"}, ["w", "r"])
    (whole, _), (real, _) = pixels(cast, GRID, SCENE)
    np.testing.assert_array_equal(whole, np.clip(WHOLE, -128, 127).astype("i1"))
    np.testing.assert_array_equal(real, REAL.astype("f4"))
    assert [whole.dtype.name, real.dtype.name] == ["int8", "float32"]


@pytest.mark.functions("Image.metadata", against="worked example")
def test_a_property_as_a_band() -> None:
    assert (call("Image.metadata", ee.Image("C/a"), "CLOUD") == 12.5).all()
    assert value(ee.Image("C/a").metadata("CLOUD", "cover").bandNames(), SCENE) == ["cover"]
    ((_, mask),) = pixels(ee.Image("C/a").metadata("NO_SUCH"), GRID, SCENE)
    assert not mask.any()


def centres(grid: Grid) -> tuple[np.ndarray, np.ndarray]:
    """Longitude and latitude of pixel centres (row, column)."""
    a, _, c, _, e, f = grid.transform
    columns, rows = np.meshgrid(np.arange(grid.width), np.arange(grid.height))
    inverse = pyproj.Transformer.from_crs(grid.crs, "EPSG:4326", always_xy=True)
    return inverse.transform(c + a * (columns + 0.5), f + e * (rows + 0.5))


@pytest.mark.functions("Image.pixelLonLat", "Image.pixelCoordinates", against="pyproj")
def test_coordinates_of_pixel_centres() -> None:
    expected = centres(GRID)
    for computed in (ee.Image.pixelLonLat(), ee.Image.pixelCoordinates(ee.Projection("EPSG:4326"))):
        for (found, _), wanted in zip(pixels(computed, GRID), expected, strict=True):
            np.testing.assert_allclose(found, wanted, atol=1e-9)
    (x, _), (y, _) = pixels(ee.Image.pixelCoordinates(ee.Projection("EPSG:32633", GRID.transform)), GRID)
    np.testing.assert_allclose(x[0], np.arange(5) + 0.5, atol=1e-6)
    np.testing.assert_allclose(y[:, 0], np.arange(4) + 0.5, atol=1e-6)


@pytest.mark.functions("Image.pixelArea", against="pyproj")
def test_areas_of_pixels() -> None:
    assert (pixels(ee.Image.pixelArea(), GRID)[0][0] == 100).all()
    grid = Grid("EPSG:4326", (0.01, 0.0, 10.0, 0.0, -0.01, 60.0), 1, 3)
    geod = pyproj.Geod(ellps="WGS84")
    cells = [shapely.box(10, 60 - 0.01 * (row + 1), 10.01, 60 - 0.01 * row) for row in range(3)]
    expected = [geod.geometry_area_perimeter(cell)[0] for cell in cells]
    np.testing.assert_allclose(pixels(ee.Image.pixelArea(), grid)[0][0][:, 0], np.abs(expected), rtol=1e-6)


@pytest.mark.functions("Image.geometry", against="pyproj")
def test_the_outline_of_an_image() -> None:
    west, south, east, north = shape(value(ee.Image("C/a").geometry(), SCENE)).bounds
    corners = [(500_000, 4_999_960), (500_050, 5_000_000)]
    inverse = pyproj.Transformer.from_crs("EPSG:32633", "EPSG:4326", always_xy=True)
    expected = [inverse.transform(*corner) for corner in corners]
    assert (west, south, east, north) == pytest.approx((*expected[0], *expected[1]), abs=1e-6)


@pytest.mark.parametrize(("name", "expected"), [("and", np.all), ("or", np.any), ("product", np.prod)])
@pytest.mark.functions("reduce.{name}", against="numpy")
def test_short_reducers_of_truth_and_products(name: str, expected: Callable[..., np.ndarray]) -> None:
    stack = RNG.integers(0, 3, (4, 4, 5)).astype("u1")
    records = [record(f"S/{n}", {"B": layer}, time=n) for n, layer in enumerate(stack)]
    images = ee.ImageCollection("S")
    reduced = {"and": images.And, "or": images.Or, "product": images.product}[name]()
    ((data, _),) = pixels(reduced, GRID, *records)
    np.testing.assert_array_equal(data, expected(stack, axis=0))
    assert value(reduced.bandNames(), *records) == ["B"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("min", np.min),
        ("max", np.max),
        ("count", lambda stack, axis: np.full(stack.shape[1:], stack.shape[axis])),
        ("sum", np.sum),
        ("mean", np.mean),
        ("median", np.median),
        ("mode", lambda stack, axis: np.apply_along_axis(lambda v: np.bincount(v).argmax(), axis, stack)),
    ],
)
@pytest.mark.functions("reduce.{name}", against="numpy")
def test_short_reducers_of_numbers(name: str, expected: Callable[..., np.ndarray]) -> None:
    stack = RNG.integers(0, 5, (6, 4, 5)).astype("u1")
    records = [record(f"S/{n}", {"B": layer}, time=n) for n, layer in enumerate(stack)]
    ((data, mask),) = pixels(getattr(ee.ImageCollection("S"), name)(), GRID, *records)
    np.testing.assert_allclose(data, expected(stack, axis=0), rtol=1e-12)
    assert mask.all()


def test_a_cast_of_a_band_that_is_not_there_is_refused() -> None:
    with pytest.raises(ServiceError, match=r"Image\.cast: No band named 'x'\."):
        value(ee.Image("C/a").cast({"r": "float"}, ["x"]).bandNames(), SCENE)
