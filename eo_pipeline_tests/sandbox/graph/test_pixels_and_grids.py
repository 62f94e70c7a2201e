"""Lattices, reading sources, resampling, aggregation: against rasterio and plain numpy."""

from __future__ import annotations

import math
from typing import Any

import ee
import numpy as np
import pytest
from rasterio.warp import Resampling, reproject

from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.graph.grids import Grid, Projection
from eo_pipeline.sandbox.graph.sources import pyramid_level
from eo_pipeline_tests.sandbox.graph_support import (
    UTM,
    ArrayBand,
    engine,
    expression,
    pixels,
    record,
    utm_grid,
    value,
)

RNG = np.random.default_rng(7)
DEM = RNG.integers(0, 1000, (40, 60)).astype("i2")
METRES_PER_DEGREE = 111319.49079327358


def image() -> Any:
    return ee.Image("C/dem")


def dem(data: np.ndarray = DEM, **options: Any) -> Any:
    return record("C/dem", {"dem": ArrayBand(data, UTM, **options)})


@pytest.mark.functions("Image.load", against="numpy")
def test_native_pixels_come_back_unchanged_and_masked_outside() -> None:
    ((data, mask),) = pixels(image(), utm_grid(50, 30, x=20, y=-5), dem())
    expected, inside = np.zeros((30, 50), "i2"), np.zeros((30, 50), bool)
    expected[5:, :40], inside[5:, :40] = DEM[:25, 20:], True
    np.testing.assert_array_equal(mask, inside)
    np.testing.assert_array_equal(data[inside], expected[inside])
    assert data.dtype == np.int16


@pytest.mark.functions("Image.load", against="rasterio")
def test_another_crs_is_read_at_the_nearest_pixel_as_gdal_does() -> None:
    grid = Grid("EPSG:4326", (0.0001, 0.0, 15.001, 0.0, -0.0001, 45.152), 50, 18)
    expected = np.zeros(grid.shape, "i2")
    reproject(
        DEM, expected, src_transform=UTM.affine, src_crs=UTM.crs, dst_transform=grid.affine, dst_crs=grid.crs,
        resampling=Resampling.nearest, dst_nodata=-1, tolerance=0,
    )  # fmt: skip
    ((data, mask),) = pixels(image(), grid, dem())
    assert mask.all()
    # GDAL approximates the transformation by 1/8 of a pixel; almost every pixel is the same
    assert np.mean(data == expected) > 0.98


@pytest.mark.parametrize(("scale", "level"), [(5, 0), (10, 0), (19.9, 0), (20, 1), (39, 1), (40, 2), (1e6, 3)])
def test_the_level_is_the_closest_at_or_below_the_requested_scale(scale: float, level: int) -> None:
    assert pyramid_level(scale, 10, (2000, 100)) == level


def test_coarse_requests_read_the_pyramid() -> None:
    source = ArrayBand(np.arange(1024 * 1024, dtype="i4").reshape(1024, 1024), UTM)
    ((data, _),) = pixels(ee.Image("C/a"), utm_grid(4, 4, scale=2), record("C/a", {"B": source}))
    expected = source.data[:8, :8].reshape(4, 2, 4, 2).mean(axis=(1, 3)).astype("i4")
    np.testing.assert_array_equal(data, expected)
    assert source.reads == [(1, 0, 0, 4, 4)]


def test_a_source_is_read_across_the_antimeridian() -> None:
    world = np.arange(36 * 18, dtype="i4").reshape(18, 36)
    lattice = Projection("EPSG:4326", (10.0, 0.0, -180.0, 0.0, -10.0, 90.0))
    grid = Grid("EPSG:4326", (10.0, 0.0, 160.0, 0.0, -10.0, 90.0), 4, 1)
    ((data, mask),) = pixels(ee.Image("C/w"), grid, record("C/w", {"B": world}, projection=lattice))
    assert mask.all()
    assert data.tolist() == [[34, 35, 0, 1]]


def test_a_source_that_starts_at_greenwich_holds_western_longitudes() -> None:
    world = np.arange(36, dtype="i4").reshape(1, 36)
    lattice = Projection("EPSG:4326", (10.0, 0.0, 0.0, 0.0, -10.0, 10.0))
    grid = Grid("EPSG:4326", (10.0, 0.0, -20.0, 0.0, -10.0, 10.0), 4, 1)
    ((data, _),) = pixels(ee.Image("C/w"), grid, record("C/w", {"B": world}, projection=lattice))
    assert data.tolist() == [[34, 35, 0, 1]]


@pytest.mark.functions("Image.resample", against="rasterio")
def test_bilinear_pixels_are_those_of_gdal() -> None:
    grid = utm_grid(40, 30, x=5, y=5)
    moved = Grid(grid.crs, (10.0, 0.0, 500_053.0, 0.0, -10.0, 4_999_946.0), 40, 30)
    expected = np.zeros(moved.shape, "f8")
    reproject(
        DEM.astype("f8"), expected, src_transform=UTM.affine, src_crs=UTM.crs, dst_transform=moved.affine,
        dst_crs=UTM.crs, resampling=Resampling.bilinear,
    )  # fmt: skip
    ((data, mask),) = pixels(image().resample("bilinear"), moved, dem())
    np.testing.assert_allclose(mask, 1, atol=1e-6)
    np.testing.assert_allclose(data, expected, rtol=1e-6, atol=1e-6)


@pytest.mark.functions("Image.resample", against="numpy")
def test_bilinear_does_not_change_native_pixels() -> None:
    ((data, _),) = pixels(image().resample("bilinear"), utm_grid(60, 40), dem())
    np.testing.assert_array_equal(data, DEM)


def test_bilinear_leaves_masked_neighbours_out() -> None:
    mask = np.ones((40, 60), bool)
    mask[10, 10] = False
    moved = Grid(UTM.crs, (10.0, 0.0, 500_105.0, 0.0, -10.0, 4_999_900.0), 1, 1)
    ((data, found),) = pixels(image().resample("bilinear"), moved, dem(mask=mask))
    assert data[0, 0] == DEM[10, 11]
    assert found[0, 0] == pytest.approx(0.5)


def test_reproject_computes_on_its_own_lattice() -> None:
    coarse = image().multiply(1).reproject("EPSG:32633", [40, 0, 500_000, 0, -40, 5_000_000])
    ((data, _),) = pixels(coarse, utm_grid(16, 8), dem())
    ((blocks, _),) = pixels(coarse, utm_grid(4, 2, scale=4), dem())
    np.testing.assert_array_equal(data, np.repeat(np.repeat(blocks, 4, axis=0), 4, axis=1))


@pytest.mark.parametrize("factor", [2, 3, 5])
@pytest.mark.functions("Image.reduceResolution", against="numpy")
def test_reduce_resolution_is_the_mean_of_all_pixels_weighted_by_mask(factor: int) -> None:
    mask = RNG.random((40, 60)) > 0.3
    mask[:factor, :factor] = False
    height, width = 30 // factor, 60 // factor
    grid = utm_grid(width, height, scale=factor)
    reduced = image().reduceResolution(ee.Reducer.mean(), False, 64)
    ((data, found),) = pixels(reduced, grid, dem(mask=mask))
    blocks = (height, factor, width, factor)
    rows, columns = height * factor, width * factor
    weight = mask[:rows, :columns].reshape(blocks).sum(axis=(1, 3))
    total = np.where(mask, DEM, 0)[:rows, :columns].reshape(blocks).sum(axis=(1, 3))
    np.testing.assert_allclose(found, weight / factor**2, rtol=1e-6)
    np.testing.assert_allclose(data[weight > 0], (total / np.maximum(weight, 1))[weight > 0], rtol=1e-12)
    assert found[0, 0] == 0


@pytest.mark.functions("Image.reduceResolution", against="numpy")
def test_reduce_resolution_weighs_partial_overlaps_by_area() -> None:
    grid = Grid(UTM.crs, (25.0, 0.0, 500_000.0, 0.0, -10.0, 5_000_000.0), 2, 1)
    ((data, _),) = pixels(image().reduceResolution(ee.Reducer.mean()), grid, dem())
    row = DEM[0].astype(float)
    assert data[0, 0] == pytest.approx((row[0] + row[1] + row[2] / 2) / 2.5)
    assert data[0, 1] == pytest.approx((row[2] / 2 + row[3] + row[4]) / 2.5)


@pytest.mark.functions("Image.reduceResolution", against="numpy")
def test_reduce_resolution_counts_modes_and_maxima() -> None:
    classes = RNG.integers(0, 3, (8, 8)).astype("u1")
    coarse = ee.Image("C/dem").reduceResolution(ee.Reducer.max())
    ((data, _),) = pixels(coarse, utm_grid(2, 2, scale=4), dem(classes))
    np.testing.assert_array_equal(data, classes.reshape(2, 4, 2, 4).max(axis=(1, 3)))


def test_reduce_resolution_refuses_too_many_pixels() -> None:
    reduced = image().reduceResolution(ee.Reducer.mean(), False, 64)
    with pytest.raises(ServiceError, match="Too many input pixels per output pixel: 100, but maxPixels allows only 64"):
        pixels(reduced, utm_grid(2, 2, scale=10), dem())


@pytest.mark.functions("Image.reproject", against="numpy")
def test_reduce_resolution_then_reproject_is_a_coarse_mean() -> None:
    coarse = image().reduceResolution(ee.Reducer.mean()).reproject("EPSG:32633", [20, 0, 500_000, 0, -20, 5_000_000])
    ((data, _),) = pixels(coarse, utm_grid(60, 40), dem())
    means = DEM.reshape(20, 2, 30, 2).mean(axis=(1, 3))
    np.testing.assert_allclose(data, np.repeat(np.repeat(means, 2, axis=0), 2, axis=1))


@pytest.mark.functions("Image.setDefaultProjection", "Image.clipToBoundsAndScale", against="worked example")
def test_the_grid_of_an_export_with_crs_and_scale() -> None:
    region = ee.Geometry.Rectangle([500_013, 4_999_881, 500_088, 4_999_999], "EPSG:32633", False)
    body = image().setDefaultProjection("EPSG:32633", [1, 0, 0, 0, -1, 0]).clipToBoundsAndScale(region, scale=30)
    one = engine(dem())
    grid = one.export_grid(one.image(expression(body)))
    assert grid == Grid("EPSG:32633", (30.0, 0.0, 500_010.0, 0.0, -30.0, 5_000_010.0), 3, 5)


@pytest.mark.functions("Image.reproject", "Image.clip", "ImageCollection.fromImages", against="worked example")
def test_the_grid_of_an_export_with_a_transform_has_no_surplus_ring() -> None:
    region = ee.Geometry.Rectangle([500_040, 4_999_900, 500_080, 4_999_960], "EPSG:32633", False)
    for source in (image(), ee.ImageCollection([image()]).mosaic()):
        body = source.reproject("EPSG:32633", [20, 0, 500_000, 0, -20, 5_000_000]).clip(region)
        one = engine(dem())
        grid = one.export_grid(one.image(expression(body)))
        assert grid == Grid("EPSG:32633", (20.0, 0.0, 500_040.0, 0.0, -20.0, 4_999_960.0), 2, 3)


@pytest.mark.functions("Image.clipToBoundsAndScale", against="worked example")
def test_the_grid_of_an_export_with_dimensions() -> None:
    region = ee.Geometry.Rectangle([500_000, 4_999_000, 502_000, 5_000_000], "EPSG:32633", False)
    one = engine(dem())
    by_size = one.image(expression(image().clipToBoundsAndScale(region, width=100, height=50)))
    assert one.export_grid(by_size) == Grid("EPSG:32633", (20.0, 0.0, 500_000.0, 0.0, -20.0, 5_000_000.0), 100, 50)
    by_longest = one.image(expression(image().clipToBoundsAndScale(region, maxDimension=200)))
    assert one.export_grid(by_longest).shape == (100, 200)


def test_an_unbounded_image_has_no_export_grid() -> None:
    one = engine()
    with pytest.raises(ServiceError, match=r"Unable to export unbounded image\."):
        one.export_grid(one.image(expression(ee.Image(1))))


def test_the_grid_of_a_request() -> None:
    one = engine(dem())
    found = one.image(expression(image()))
    affine = {"scaleX": 20, "translateX": 500_000, "scaleY": -20, "translateY": 5_000_000}
    spec = {"dimensions": {"width": 3, "height": 2}, "affineTransform": affine, "crsCode": "EPSG:32633"}
    assert one.request_grid(spec, found) == utm_grid(3, 2, scale=2)
    assert one.request_grid(None, found).shape == (40, 60)
    without_size = one.request_grid({"affineTransform": affine, "crsCode": "EPSG:32633"}, found)
    assert without_size.shape == (20, 30)
    with pytest.raises(ServiceError, match=r"Pixel grid dimensions \(0x2\) must be positive."):
        one.request_grid({"dimensions": {"width": 0, "height": 2}}, found)


@pytest.mark.functions("Image.projection", "Projection", "Projection.nominalScale", against="worked example")
def test_nominal_scales() -> None:
    assert value(ee.Image(1).projection().nominalScale()) == pytest.approx(METRES_PER_DEGREE)
    assert value(image().projection().nominalScale(), dem()) == 10
    sinusoidal = ee.Projection("SR-ORG:6974", [463.3127165279165, 0, 0, 0, -463.3127165279167, 0])
    assert value(sinusoidal.nominalScale()) == pytest.approx(463.3127165, rel=1e-9)


def test_an_unknown_crs_is_refused() -> None:
    with pytest.raises(ServiceError, match=r"could not be parsed: 'EPSG:nonsense'\."):
        value(ee.Projection("EPSG:nonsense").crs())


def test_the_shards_of_a_composite_make_up_the_whole() -> None:
    records = [record(f"C/{n}", {"B": RNG.integers(0, 99, (64, 64)).astype("u1")}, time=n) for n in range(5)]
    grid = Grid("EPSG:4326", (0.00007, 0.0, 15.0, 0.0, -0.00007, 45.153), 48, 32)
    composite = ee.ImageCollection("C").median().add(ee.Image.pixelLonLat().select("latitude"))
    one = engine(*records)
    found = one.image(expression(composite))
    ((whole, mask),) = one.read(found, grid)
    for x in range(0, 48, 16):
        for y in range(0, 32, 16):
            ((part, part_mask),) = one.read(found, grid.window(x, y, 16, 16))
            np.testing.assert_allclose(part, whole[y : y + 16, x : x + 16], rtol=1e-12)
            np.testing.assert_array_equal(part_mask, mask[y : y + 16, x : x + 16])
    assert mask.any()
    assert math.isfinite(float(whole.sum()))
