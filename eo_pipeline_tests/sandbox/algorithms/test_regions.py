"""Reducing regions, against exact areas from shapely and plain numpy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ee
import numpy as np
import pytest
import shapely

from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.graph.coverage import coverage
from eo_pipeline.sandbox.graph.geometry import Geometry
from eo_pipeline_tests.sandbox.graph_support import UTM, ArrayBand, record, utm_grid, value

RNG = np.random.default_rng(5)
DATA = RNG.normal(100, 20, (20, 30)).astype("f4")
OTHER = RNG.integers(0, 4, (20, 30)).astype("u1")
MASK = RNG.random((20, 30)) > 0.2
SCENE = record("C/r", {"v": ArrayBand(DATA, UTM, mask=MASK), "k": OTHER})
TRIANGLE = [[500_013, 4_999_987], [500_171, 4_999_941], [500_063, 4_999_827]]


def region() -> Any:
    return ee.Geometry.Polygon([TRIANGLE], "EPSG:32633", False)


def fractions() -> np.ndarray:
    """Exact fraction of each pixel inside the triangle."""
    triangle = shapely.Polygon(TRIANGLE)
    columns, rows = np.meshgrid(np.arange(30), np.arange(20))
    left, top = 500_000 + 10 * columns, 5_000_000 - 10 * rows
    cells = shapely.box(left, top - 10, left + 10, top)
    return np.asarray(shapely.area(shapely.intersection(cells, triangle)) / 100)


def centred() -> np.ndarray:
    columns, rows = np.meshgrid(np.arange(30), np.arange(20))
    points = shapely.points(500_005 + 10 * columns, 4_999_995 - 10 * rows)
    return np.asarray(shapely.contains(shapely.Polygon(TRIANGLE), points))


def reduced(reducer: Any, band: str = "v", **options: Any) -> Any:
    image = ee.Image("C/r").select(band)
    return value(image.reduceRegion(reducer, region(), **{"scale": 10, **options}), SCENE)


def test_coverage_is_the_exact_area() -> None:
    found = coverage(Geometry(shapely.Polygon(TRIANGLE), "EPSG:32633"), utm_grid(30, 20))
    np.testing.assert_allclose(found.fraction, fractions(), atol=1e-9)
    np.testing.assert_array_equal(found.centred, centred())


def _weights() -> np.ndarray:
    exact = fractions()
    return np.where(MASK & (exact >= 0.005), exact, 0)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("mean", lambda: (DATA * _weights()).sum() / _weights().sum()),
        ("sum", (DATA * _weights()).sum),
        (
            "stdDev",
            lambda: np.sqrt(np.average((DATA - np.average(DATA, weights=_weights())) ** 2, weights=_weights())),
        ),
        ("count", (centred() & MASK).sum),
        ("min", DATA[centred() & MASK].min),
        ("max", DATA[centred() & MASK].max),
        ("median", lambda: np.median(DATA[centred() & MASK])),
    ],
)
@pytest.mark.functions("Image.reduceRegion", "Reducer.{name}", against="numpy")
@pytest.mark.functions("Image.reduceRegion", against="shapely")
def test_statistics_of_a_region(name: str, expected: Callable[[], float]) -> None:
    assert reduced(getattr(ee.Reducer, name)()) == {"v": pytest.approx(expected(), rel=1e-6)}


@pytest.mark.functions("Reducer.unweighted", against="shapely")
def test_unweighted_reducers_use_pixel_centres() -> None:
    expected = DATA[centred() & MASK].astype("f8").mean()
    assert reduced(ee.Reducer.mean().unweighted()) == {"v": pytest.approx(expected, rel=1e-6)}


@pytest.mark.functions("Reducer.combine", against="worked example")
def test_names_of_outputs() -> None:
    both = ee.Reducer.mean().combine(ee.Reducer.count(), "", True)
    assert sorted(reduced(both)) == ["v_count", "v_mean"]
    assert sorted(value(ee.Image("C/r").reduceRegion(both, region(), 10), SCENE)) == [
        "k_count", "k_mean", "v_count", "v_mean",
    ]  # fmt: skip


def test_a_region_without_pixels() -> None:
    far = ee.Geometry.Rectangle([600_000, 4_000_000, 600_100, 4_000_100], "EPSG:32633", False)
    image = ee.Image("C/r").select("v")
    assert value(image.reduceRegion(ee.Reducer.mean(), far, 10), SCENE) == {"v": None}
    assert value(image.reduceRegion(ee.Reducer.count(), far, 10), SCENE) == {"v": 0}


@pytest.mark.functions("Image.reduceRegion", against="numpy")
def test_a_point_reads_its_pixel() -> None:
    point = ee.Geometry.Point([500_031, 4_999_989], "EPSG:32633")
    image = ee.Image("C/r").select("k")
    assert value(image.reduceRegion(ee.Reducer.first(), point, 10), SCENE) == {"k": int(OTHER[1, 3])}


@pytest.mark.functions("Reducer.frequencyHistogram", against="numpy")
def test_a_frequency_histogram_weighs_pixels() -> None:
    histogram = reduced(ee.Reducer.frequencyHistogram(), "k")["k"]
    exact = np.where(fractions() >= 0.005, fractions(), 0)
    expected = {str(k): exact[k == OTHER].sum() for k in range(4)}
    assert histogram == pytest.approx(expected)


@pytest.mark.functions("Reducer.group", against="numpy")
def test_groups_of_one_band_by_another() -> None:
    image = ee.Image("C/r").select(["v", "k"])
    grouped = image.reduceRegion(ee.Reducer.mean().unweighted().group(1, "class"), region(), 10)
    groups = value(grouped, SCENE)["groups"]
    inside = centred() & MASK
    assert [group["class"] for group in groups] == [0, 1, 2, 3]
    for group in groups:
        expected = DATA[inside & (group["class"] == OTHER)].astype("f8").mean()
        assert group["mean"] == pytest.approx(expected, rel=1e-6)


@pytest.mark.functions("Image.reduceRegions", against="numpy")
def test_regions_of_features() -> None:
    zones = ee.FeatureCollection([ee.Feature(region(), {"name": "a"}), ee.Feature(region().buffer(-20), {"name": "b"})])
    one_band = ee.Image("C/r").select("v").reduceRegions(zones, ee.Reducer.mean(), 10)
    published = value(one_band, SCENE)["features"]
    expected = (DATA * _weights()).sum() / _weights().sum()
    assert published[0]["properties"] == {"name": "a", "mean": pytest.approx(expected, rel=1e-6)}
    two_bands = ee.Image("C/r").reduceRegions(zones, ee.Reducer.mean(), 10)
    assert sorted(value(two_bands, SCENE)["features"][1]["properties"]) == ["k", "name", "v"]


def test_the_limit_of_pixels() -> None:
    with pytest.raises(ServiceError) as caught:
        reduced(ee.Reducer.mean(), maxPixels=100)
    assert str(caught.value).startswith(
        "Image.reduceRegion: Too many pixels in the region. Found 289, but maxPixels allows only 100."
    )
    assert reduced(ee.Reducer.count(), maxPixels=100, bestEffort=True)["v"] < 100


def test_composites_need_a_scale() -> None:
    composite = ee.ImageCollection([ee.Image("C/r")]).mean()
    with pytest.raises(ServiceError, match=r"The default WGS84 projection is invalid for aggregations\."):
        value(composite.reduceRegion(ee.Reducer.mean(), region()), SCENE)
    with pytest.raises(ServiceError, match=r"Cannot specify both crs_transform and scale\."):
        reduced(ee.Reducer.mean(), crsTransform=[10, 0, 0, 0, -10, 0])
