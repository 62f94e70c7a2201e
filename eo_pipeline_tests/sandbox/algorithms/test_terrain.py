"""Terrain against vectors of light and of the ground's normal, written plainly."""

from __future__ import annotations

import math
from typing import Any

import ee
import numpy as np
import pytest

from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.graph.grids import Projection
from eo_pipeline_tests.sandbox.algorithms.scenes import HEIGHTS, SCENE
from eo_pipeline_tests.sandbox.graph_support import ArrayBand, pixels, record, utm_grid, value

OUT = utm_grid(20, 12, x=9, y=8)
CROP = (slice(8, 20), slice(9, 29))
DOWN, EAST = np.gradient(HEIGHTS.astype(float), 10.0)
NORTH = -DOWN


def heights() -> Any:
    return ee.Image("C/hood").select("height")


def normals(east: np.ndarray, north: np.ndarray) -> np.ndarray:
    """Unit normals (east, north, up; row, column)."""
    vectors = np.stack([-east, -north, np.ones_like(east)])
    return np.asarray(vectors / np.linalg.norm(vectors, axis=0))


def slope() -> np.ndarray:
    """Degrees between the normal and the vertical."""
    return np.asarray(np.degrees(np.arccos(normals(EAST, NORTH)[2]))[CROP])


def turned(found: np.ndarray) -> np.ndarray:
    """Degrees by which directions differ from those in which the normals point, within -180 and 180."""
    east, north, _ = normals(EAST, NORTH)
    expected = np.degrees(np.angle(north + 1j * east)) % 360
    return np.asarray((found - expected[CROP] + 180) % 360 - 180)


def shade(azimuth: float, elevation: float) -> np.ndarray:
    """255 times the light along the normal."""
    a, e = math.radians(azimuth), math.radians(elevation)
    light = np.array([math.sin(a) * math.cos(e), math.cos(a) * math.cos(e), math.sin(e)])
    return np.asarray(255 * np.clip(np.tensordot(light, normals(EAST, NORTH), 1), 0, None)[CROP])


@pytest.mark.functions("Terrain.slope", against="numpy")
def test_slope_is_the_angle_of_the_normal() -> None:
    ((data, mask),) = pixels(ee.Terrain.slope(heights()), OUT, SCENE)
    np.testing.assert_allclose(data, slope(), atol=1e-3)
    assert mask.all()


@pytest.mark.functions("Terrain.aspect", against="numpy")
def test_aspect_is_where_the_normal_points() -> None:
    ((data, _),) = pixels(ee.Terrain.aspect(heights()), OUT, SCENE)
    assert np.abs(turned(data)).max() < 0.01


@pytest.mark.parametrize(("azimuth", "elevation"), [(270, 45), (135, 20)])
@pytest.mark.functions("Terrain.hillshade", against="numpy")
def test_hillshade_is_the_light_along_the_normal(azimuth: float, elevation: float) -> None:
    ((data, _),) = pixels(ee.Terrain.hillshade(heights(), azimuth, elevation), OUT, SCENE)
    assert np.abs(data - shade(azimuth, elevation)).max() < 1.01


@pytest.mark.parametrize("name", ["Terrain.products", "Terrain"])
@pytest.mark.functions("{name}", against="numpy")
def test_products_are_added_to_the_image(name: str) -> None:
    image = ee.Image(ee.ApiFunction.lookup(name).call(heights().rename("elevation")))
    assert value(image.bandNames(), SCENE) == ["elevation", "slope", "aspect", "hillshade"]
    (elevation, _), (steep, _), (facing, _), (light, _) = pixels(image, OUT, SCENE)
    np.testing.assert_array_equal(elevation, HEIGHTS[CROP])
    np.testing.assert_allclose(steep, slope(), atol=1e-3)
    assert np.abs(turned(facing)).max() < 0.01
    assert np.abs(light - shade(270, 45)).max() < 1.01


@pytest.mark.functions("Terrain.slope", against="python")
def test_degrees_of_longitude_shrink_towards_the_poles() -> None:
    lattice = Projection("EPSG:4326", (0.001, 0.0, 15.0, 0.0, -0.001, 60.0))
    plane = np.tile(np.arange(12.0), (10, 1)).astype("f4")
    scene = record("C/north", {"z": ArrayBand(plane, lattice)}, projection=lattice)
    ((data, _),) = pixels(ee.Terrain.slope(ee.Image("C/north")), lattice.grid(3, 3, 4, 4), scene)
    metres = math.pi * 6_378_137 / 180 * 0.001 * math.cos(math.radians(60))
    assert data == pytest.approx(np.full((4, 4), math.degrees(math.atan(1 / metres))), rel=1e-3)


@pytest.mark.parametrize("name", ["Terrain.hillShadow", "HillShadow"])
@pytest.mark.functions("{name}", against="worked example")
def test_shadows_fall_away_from_the_light(name: str) -> None:
    wall = np.zeros((20, 20), "f4")
    wall[:, 10] = 25
    scene = record("C/wall", {"z": wall})
    shadow = ee.Image(ee.ApiFunction.lookup(name).call(ee.Image("C/wall"), 90, 45, 8))
    ((data, mask),) = pixels(shadow, utm_grid(20, 4, y=8), scene)
    lit = np.ones(20, bool)
    lit[8:10] = False
    np.testing.assert_array_equal(data.astype(bool), np.tile(lit, (4, 1)))
    assert mask.all()
    ((low, _),) = pixels(ee.Terrain.hillShadow(ee.Image("C/wall"), 270, 80, 8), utm_grid(20, 1, y=8), scene)
    np.testing.assert_array_equal(np.flatnonzero(low[0] == 0), np.arange(11, 19))


def test_refusals() -> None:
    with pytest.raises(ServiceError, match="single band, or one named 'elevation'"):
        pixels(ee.Terrain.slope(ee.Image("C/hood")), OUT, SCENE)
    with pytest.raises(ServiceError, match="within 0 and 90 degrees, got 95"):
        pixels(ee.Terrain.hillShadow(heights(), 0, 95, 5), OUT, SCENE)
    with pytest.raises(ServiceError, match=r"Expected neighborhoodSize 0\.\.1024"):
        pixels(ee.Terrain.hillShadow(heights(), 0, 45, 5000), OUT, SCENE)
    with pytest.raises(ServiceError, match=r"does not implement Terrain\.hillShadow with hysteresis"):
        pixels(ee.Terrain.hillShadow(heights(), 0, 45, 5, True), OUT, SCENE)
