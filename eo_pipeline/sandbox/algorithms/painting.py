"""Features burnt into images. What does not belong here: the colours of pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import shapely
import shapely.affinity
from rasterio.features import rasterize
from shapely.geometry.base import BaseGeometry

from eo_pipeline.sandbox.algorithms.composites import layer
from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.graph.aggregation import run_on_places
from eo_pipeline.sandbox.graph.coercions import MismatchError, as_number
from eo_pipeline.sandbox.graph.collections import Collection, Element, geometry_of
from eo_pipeline.sandbox.graph.comparing import text_of
from eo_pipeline.sandbox.graph.geometry import Geometry
from eo_pipeline.sandbox.graph.grids import DEFAULT_PROJECTION, Grid
from eo_pipeline.sandbox.graph.images import Band, Image
from eo_pipeline.sandbox.graph.pixel_types import DOUBLE, Number, PixelType, union
from eo_pipeline.sandbox.graph.pixels import Pixels, Raster
from eo_pipeline.sandbox.graph.properties import property_of
from eo_pipeline.sandbox.graph.reducers import Reducer
from eo_pipeline.sandbox.graph.registry import Family

FAMILY = Family()


@FAMILY.algorithm("Image.paint")
def paint(image: Image, feature_collection: Collection, color: object, width: object) -> Image:
    """Values of all bands replaced where features lie, by a number or by a property; only along edges if wide.

    A width counts pixels; without one, features are filled.
    """
    strokes = [
        (outline, _of(member, color, "color"), None if width is None else float(_of(member, width, "width")))
        for member in feature_collection.features
        if (outline := geometry_of(member)) is not None
    ]
    return image.with_bands(*(_painted(band, strokes) for band in image.bands))


def _of(member: Element, given: object, name: str) -> Number:
    """A number, or the number in the property of that name."""
    value = property_of(member, given) if isinstance(given, str) else given
    try:
        return as_number(value)
    except MismatchError as error:
        raise ServiceError(
            f"Image.paint: Expected a number or a property with one for '{name}', got {text_of(value)[:100]}."
        ) from error


def _painted(band: Band, strokes: Sequence[tuple[Geometry, Number, float | None]]) -> Band:
    values = [value for _, value, _ in strokes]
    shades = [PixelType("int" if isinstance(value, int) else "double", value, value) for value in values]
    pixel_type = union(band.pixel_type, *shades)

    def compute(grid: Grid, rasters: Sequence[Raster]) -> Raster:
        data, mask = rasters[0].data.astype(pixel_type.dtype), rasters[0].mask.copy()
        for outline, value, width in strokes:
            covered = burnt(outline, grid, width)
            data[covered], mask[covered] = value, 1
        return Raster(data, mask)

    return replace(band, pixel_type=pixel_type, pixels=Pixels((band.pixels,), compute))


def burnt(outline: Geometry, grid: Grid, width: float | None) -> np.ndarray:
    """True (row, column) where a geometry covers a pixel's centre, or along its edge of a width in pixels.

    Points and lines without a width burn every pixel they touch.
    """
    shape = in_pixels(outline, grid)
    if width is None:
        return rastered(shape, grid, touching=shape.area == 0)
    edge = shape.boundary if shape.area > 0 else shape
    if width <= 1:
        return rastered(edge, grid, touching=True)
    return rastered(edge.buffer(width / 2), grid, touching=False)


def in_pixels(outline: Geometry, grid: Grid) -> BaseGeometry:
    """A geometry in columns and rows of a grid."""
    inverse = ~grid.affine
    matrix = [inverse.a, inverse.b, inverse.d, inverse.e, inverse.c, inverse.f]
    return shapely.affinity.affine_transform(outline.to(grid.crs), matrix)


def rastered(shape: BaseGeometry, grid: Grid, *, touching: bool) -> np.ndarray:
    """True (row, column) at the pixels of a shape in columns and rows: those it touches, or whose centre it covers."""
    if shape.is_empty or not shape.intersects(shapely.box(0, 0, grid.width, grid.height)):
        return np.zeros(grid.shape, bool)
    return np.asarray(rasterize([shape], grid.shape, all_touched=touching, dtype="uint8") == 1)


@FAMILY.algorithm("Collection.reduceToImage")
def reduce_to_image(collection: Collection, properties: list[str], reducer: Reducer) -> Image:
    """At each pixel a reducer over properties of all features that touch it; bands are named after its outputs."""
    if reducer.inputs != len(properties):
        raise ServiceError(
            f"Collection.reduceToImage: Need {reducer.inputs} properties for the reducer, got {len(properties)}."
        )
    rows = [
        (outline, [float(as_number(property_of(member, name))) for name in properties])
        for member in collection.features
        if (outline := geometry_of(member)) is not None
        and all(property_of(member, name) is not None for name in properties)
    ]
    shared = Pixels((), _reduction(rows, reducer))
    types = reducer.types([DOUBLE] * len(properties))
    return Image(
        tuple(
            Band(name, pixel_type, DEFAULT_PROJECTION, None, layer(shared, number, pixel_type))
            for number, (name, pixel_type) in enumerate(zip(reducer.outputs, types, strict=True))
        )
    )


def _reduction(
    rows: Sequence[tuple[Geometry, list[float]]], reducer: Reducer
) -> Callable[[Grid, Sequence[Raster]], Raster]:
    def compute(grid: Grid, _: Sequence[Raster]) -> Raster:
        touched = [np.flatnonzero(rastered(in_pixels(outline, grid), grid, touching=True)) for outline, _ in rows]
        members = np.repeat(np.arange(len(rows)), [len(places) for places in touched])
        places = np.concatenate([*touched, np.zeros(0, np.int64)]).astype(np.int64)
        order = np.argsort(places, kind="stable")
        values = np.array([row for _, row in rows], np.float64).reshape(len(rows), -1)[members[order]]
        ones = np.ones(len(order))
        return run_on_places(reducer, list(values.T), ones, places[order], grid)

    return compute
