"""Slope, aspect and light of elevations. What does not belong here: gradients of other bands."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from eo_pipeline.sandbox.algorithms.bands import add_bands
from eo_pipeline.sandbox.algorithms.convolutions import ground_gradient, neighbouring
from eo_pipeline.sandbox.algorithms.distances import ray
from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.graph.grids import Grid
from eo_pipeline.sandbox.graph.ground import pixel_sides
from eo_pipeline.sandbox.graph.images import Band, Image
from eo_pipeline.sandbox.graph.pixel_types import BOOLEAN, PixelType, pixel_type_of
from eo_pipeline.sandbox.graph.pixels import Raster
from eo_pipeline.sandbox.graph.registry import Family
from eo_pipeline.sandbox.graph.surroundings import around

FAMILY = Family()

LARGEST_SHADOW = 1024
"""Pixels that Terrain.hillShadow may look for what casts a shadow."""

_SLOPE = PixelType("float", 0.0, 90.0)
_ASPECT = PixelType("float", 0.0, 360.0)


def _elevation(function: str, image: Image) -> Band:
    """The single band, or the one named elevation.

    Raises:
        ServiceError: there is none.
    """
    if len(image.bands) == 1:
        return image.bands[0]
    named = next((band for band in image.bands if band.id == "elevation"), None)
    if named is None:
        raise ServiceError(f"{function}: Expected an image with a single band, or one named 'elevation'.")
    return named


def _slope(grid: Grid, raster: Raster) -> Raster:
    """Degrees from the horizontal."""
    east, north, mask = ground_gradient(grid, raster)
    return Raster(np.degrees(np.arctan(np.hypot(east, north))), mask)


def _aspect(grid: Grid, raster: Raster) -> Raster:
    """Degrees clockwise from north of the direction that goes down; 0 where it is flat."""
    east, north, mask = ground_gradient(grid, raster)
    degrees = np.degrees(np.arctan2(-east, -north)) % 360
    return Raster(np.where((east == 0) & (north == 0), 0, degrees), mask)


def _hillshade(azimuth: float, elevation: float) -> Callable[[Grid, Raster], Raster]:
    """255 times the cosine of the angle between the light and the ground's normal."""
    zenith, direction = math.radians(90 - elevation), math.radians(azimuth)

    def shade(grid: Grid, raster: Raster) -> Raster:
        slope, aspect = _slope(grid, raster), _aspect(grid, raster)
        steep, facing = np.radians(slope.data), np.radians(aspect.data)
        light = math.cos(zenith) * np.cos(steep) + math.sin(zenith) * np.sin(steep) * np.cos(direction - facing)
        return Raster(np.clip(light * 255, 0, 255), slope.mask)

    return shade


@FAMILY.algorithm("Terrain.slope")
def slope(input_: Image) -> Image:
    """The slope in degrees, as band slope."""
    return input_.with_bands(neighbouring(_elevation("Terrain.slope", input_), "slope", _slope, _SLOPE))


@FAMILY.algorithm("Terrain.aspect")
def aspect(input_: Image) -> Image:
    """The direction that a slope faces in degrees clockwise from north, as band aspect."""
    return input_.with_bands(neighbouring(_elevation("Terrain.aspect", input_), "aspect", _aspect, _ASPECT))


@FAMILY.algorithm("Terrain.hillshade")
def hillshade(input_: Image, azimuth: float, elevation: float) -> Image:
    """Brightness 0..255 under a light at this azimuth and height in degrees, as band hillshade."""
    shade = _hillshade(azimuth, elevation)
    band = _elevation("Terrain.hillshade", input_)
    return input_.with_bands(neighbouring(band, "hillshade", shade, pixel_type_of("u1")))


@FAMILY.algorithm("Terrain.products", "Terrain")
def products(input_: Image) -> Image:
    """The image with bands slope, aspect and hillshade added."""
    new = (slope(input_).bands[0], aspect(input_).bands[0], hillshade(input_, 270.0, 45.0).bands[0])
    return add_bands(input_, Image(new), None, overwrite=True).with_properties(input_.properties)


@FAMILY.algorithm("Terrain.hillShadow", "HillShadow")
def hill_shadow(image: Image, *, azimuth: float, zenith: float, neighborhood_size: int, hysteresis: bool) -> Image:
    """1 where the light reaches the ground, 0 where something within so many pixels stands in its way."""
    if hysteresis:
        raise ServiceError("The sandbox does not implement Terrain.hillShadow with hysteresis.")
    if not 0 <= neighborhood_size <= LARGEST_SHADOW:
        raise ServiceError(f"Terrain.hillShadow: Expected neighborhoodSize 0..{LARGEST_SHADOW}.")
    if not 0 <= zenith < 90:
        raise ServiceError(f"Terrain.hillShadow: Expected a zenith within 0 and 90 degrees, got {zenith:g}.")
    reach = around(neighborhood_size)
    steps = ray(90 - azimuth, neighborhood_size)
    rise = 1 / math.tan(math.radians(zenith)) if zenith else math.inf

    def lit(grid: Grid, raster: Raster) -> Raster:
        width, height = pixel_sides(grid)
        heights = np.where(raster.mask > 0, raster.data, -np.inf).astype(np.float64)
        here = np.nan_to_num(reach.shifted(heights, grid, 0, 0), neginf=0.0)
        free = np.ones(grid.shape, bool)
        for x, y in steps:
            away = np.hypot(x * width, y * height)
            free &= reach.shifted(heights, grid, x, y) <= here + away * rise
        return Raster(free, reach.shifted(raster.mask, grid, 0, 0))

    band = _elevation("Terrain.hillShadow", image)
    return image.with_bands(neighbouring(band, "shadow", lit, BOOLEAN, reach))
