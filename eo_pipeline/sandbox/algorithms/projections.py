"""Projections, and on which lattice pixels are computed. What does not belong here: the values of pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import shapely

from eo_pipeline.sandbox.algorithms.composites import layer
from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.graph.aggregation import aggregate, overlaps
from eo_pipeline.sandbox.graph.band_math import geometry_mask
from eo_pipeline.sandbox.graph.coercions import MismatchError, as_geometry, as_projection, as_transform
from eo_pipeline.sandbox.graph.geometry import Geometry
from eo_pipeline.sandbox.graph.grids import DEFAULT_PROJECTION, Grid, Projection
from eo_pipeline.sandbox.graph.images import Band, Image
from eo_pipeline.sandbox.graph.lookup import covering
from eo_pipeline.sandbox.graph.pixels import Pixels, Raster
from eo_pipeline.sandbox.graph.reading import stretched
from eo_pipeline.sandbox.graph.reducers import Reducer
from eo_pipeline.sandbox.graph.registry import Family
from eo_pipeline.sandbox.graph.resampling import forced, interpolated

FAMILY = Family()


@FAMILY.algorithm("Projection")
def projection(crs: object, transform: list[object] | None) -> Projection:
    """A projection of a CRS and a transform; of whole CRS units without one."""
    try:
        base = as_projection(crs)
    except MismatchError as error:
        raise ServiceError(f"Projection: Expected a CRS code, got {type(crs).__name__}.") from error
    return base if transform is None else replace(base, transform=as_transform(transform))


@FAMILY.algorithm("Projection.crs")
def crs(projection: Projection) -> str:
    """The CRS code."""
    return projection.crs


@FAMILY.algorithm("Projection.transform")
def transform(projection: Projection) -> str:
    """The transform from pixels to the CRS as well-known text (OGC 01-009), without the elements of the identity."""
    a, b, c, d, e, f = projection.transform
    rows = ((a, b, c), (d, e, f))
    elements = [
        f'PARAMETER["elt_{row}_{column}", {float(value)}]'
        for row, values in enumerate(rows)
        for column, value in enumerate(values)
        if value != (row == column)
    ]
    size = ['PARAMETER["num_row", 3]', 'PARAMETER["num_col", 3]']
    return f'PARAM_MT["Affine", {", ".join(size + elements)}]'


@FAMILY.algorithm("Projection.nominalScale")
def nominal_scale(proj: Projection) -> float:
    """Side of a pixel in metres."""
    return proj.nominal_scale()


@FAMILY.algorithm("Projection.atScale")
def at_scale(projection: Projection, meters: float) -> Projection:
    """The same projection with pixels of this side in metres."""
    return projection.at_scale(meters)


@FAMILY.algorithm("Projection.scale")
def scaled(projection: Projection, x: float, y: float) -> Projection:
    """The same projection with pixels this many times larger."""
    a, b, c, d, e, f = projection.transform
    return replace(projection, transform=(a * x, b * y, c, d * x, e * y, f))


@FAMILY.algorithm("Image.projection")
def image_projection(image: Image) -> Projection:
    """The default projection that all bands share."""
    if not image.bands:
        raise ServiceError("Image.projection: The image has no bands.")
    if len({band.projection for band in image.bands}) > 1:
        raise ServiceError(
            "Image.projection: The bands of the specified image contains different projections. "
            "Use Image.select to pick a single band."
        )
    return image.bands[0].projection


def chosen_lattice(crs: Projection, crs_transform: list[float] | None, scale: float | None) -> Projection:
    """The lattice that crs, crsTransform and scale name together.

    Raises:
        ServiceError: both a transform and a scale are given.
    """
    if crs_transform is not None and scale is not None:
        raise ServiceError("Cannot specify both crs_transform and scale.")
    if crs_transform is not None:
        return replace(crs, transform=as_transform(list(crs_transform)))
    return crs if scale is None else crs.at_scale(scale)


@FAMILY.algorithm("Image.reproject")
def reproject(image: Image, crs: Projection, crs_transform: list[float] | None, scale: float | None) -> Image:
    """Pixels computed on this lattice, whatever a request asks for."""
    lattice = chosen_lattice(crs, crs_transform, scale)
    size = _dimensions(image.footprint, lattice)
    return image.with_bands(*(replace(forced(band, lattice), dimensions=size) for band in image.bands))


def _dimensions(footprint: Geometry | None, lattice: Projection) -> tuple[int, int] | None:
    if footprint is None:
        return None
    west, south, east, north = footprint.to(lattice.crs).bounds
    grid = lattice.covering((west, south, east, north))
    return grid.width, grid.height


@FAMILY.algorithm("Image.setDefaultProjection")
def set_default_projection(
    image: Image, crs: Projection, crs_transform: list[float] | None, scale: float | None
) -> Image:
    """The lattice that is used where a request names none; no pixel changes."""
    lattice = chosen_lattice(crs, crs_transform, scale)
    return image.with_bands(*(replace(band, projection=lattice, dimensions=None) for band in image.bands))


@FAMILY.algorithm("Image.resample")
def resample(image: Image, mode: str) -> Image:
    """Pixels of the native lattice read by interpolation; composites, which have none, stay as they are."""
    if mode not in ("bilinear", "bicubic"):
        raise ServiceError(f"Image.resample: Invalid mode '{mode}'. Expected 'bilinear' or 'bicubic'.")
    if mode == "bicubic":
        raise ServiceError("The sandbox does not implement Image.resample with mode 'bicubic'; use 'bilinear'.")
    return image.with_bands(
        *(band if band.projection == DEFAULT_PROJECTION else interpolated(band) for band in image.bands)
    )


@FAMILY.algorithm("Image.reduceResolution")
def reduce_resolution(image: Image, reducer: Reducer, best_effort: bool, max_pixels: int) -> Image:
    """Coarser requests reduce all native pixels of each of theirs, weighted by mask and area."""
    if max_pixels < 1:
        raise ServiceError(f"Image.reduceResolution: maxPixels must be positive, got {max_pixels}.")
    if reducer.inputs == 1:
        groups: list[tuple[Band, ...]] = [(band,) for band in image.bands]
    elif reducer.inputs == len(image.bands):
        groups = [image.bands]
    else:
        raise ServiceError(f"Image.reduceResolution: Need {reducer.inputs} bands, the image has {len(image.bands)}.")
    plain = reducer.inputs == 1 and len(reducer.outputs) == 1
    bands: list[Band] = []
    for group in groups:
        prefix = f"{group[0].id}_" if reducer.inputs == 1 else ""
        names = [group[0].id] if plain else [prefix + output for output in reducer.outputs]
        bands += _aggregated(group, reducer, names, best_effort=best_effort, max_pixels=max_pixels)
    return image.with_bands(*bands)


def _aggregated(
    group: Sequence[Band], reducer: Reducer, names: Sequence[str], *, best_effort: bool, max_pixels: int
) -> list[Band]:
    native = group[0].projection
    if native == DEFAULT_PROJECTION:
        raise ServiceError(
            "Image.reduceResolution: The input image has no fixed projection. "
            "Use setDefaultProjection() or reproject()."
        )

    def ask(grid: Grid) -> Grid:
        if grid.projection.nominal_scale() <= native.nominal_scale() * (1 + 1e-6):
            return grid
        level, ratio = 0, (grid.projection.nominal_scale() / native.nominal_scale()) ** 2
        while ratio / 4**level > max_pixels * (1 + 1e-6):
            level += 1
        if level and not best_effort:
            raise ServiceError(
                f"Image.reduceResolution: Too many input pixels per output pixel: {ratio:.0f}, "
                f"but maxPixels allows only {max_pixels}."
            )
        return covering(grid, native.level(level), margin=0 if grid.crs == native.crs else 1)

    def compute(grid: Grid, rasters: Sequence[Raster]) -> Raster:
        return aggregate(reducer, rasters, overlaps(ask(grid), grid), grid)

    shared = Pixels(tuple(band.pixels for band in group), compute, ask)
    types = reducer.types([band.pixel_type for band in group])
    return [
        replace(group[0], id=name, pixel_type=pixel_type, pixels=layer(shared, number, pixel_type))
        for number, (name, pixel_type) in enumerate(zip(names, types, strict=True))
    ]


@FAMILY.algorithm("Image.clip")
def clip(input_: Image, geometry: object) -> Image:
    """Pixels whose centre lies outside a geometry are masked; the footprint shrinks to it."""
    try:
        outline = as_geometry(geometry)
    except MismatchError as error:
        raise ServiceError(f"Image.clip: Expected a geometry, got {type(geometry).__name__}.") from error
    footprint = _intersected(input_.footprint, outline)
    bands = (
        replace(_clipped(band, outline), dimensions=_dimensions(footprint, band.projection)) for band in input_.bands
    )
    return replace(input_.with_bands(*bands), footprint=footprint)


def _intersected(footprint: Geometry | None, outline: Geometry) -> Geometry:
    """What two outlines share, in the second one's CRS, so that an exact region stays exact."""
    if footprint is None:
        return outline
    return replace(outline, shape=footprint.to(outline.crs).intersection(outline.shape))


def _clipped(band: Band, outline: Geometry) -> Band:
    def compute(grid: Grid, rasters: Sequence[Raster]) -> Raster:
        mask = rasters[0].mask
        return Raster(rasters[0].data, mask * geometry_mask(outline, grid).astype(mask.dtype))

    return replace(band, pixels=Pixels((band.pixels,), compute, near=band.pixels.near))


@FAMILY.algorithm("Image.clipToBoundsAndScale")
def clip_to_bounds_and_scale(
    input_: Image,
    *,
    geometry: Geometry | None,
    width: int | None,
    height: int | None,
    max_dimension: int | None,
    scale: float | None,
) -> Image:
    """The image on the grid that covers a geometry's bounds, at a scale or with so many pixels."""
    outline = geometry or input_.footprint
    if outline is None:
        raise ServiceError("Image.clipToBoundsAndScale: The geometry must be specified for an unbounded image.")
    if not input_.bands:
        raise ServiceError("Image.clipToBoundsAndScale: The image has no bands.")
    grid = _bounded_grid(
        input_.bands[0].projection,
        outline,
        width=width,
        height=height,
        max_dimension=max_dimension,
        scale=scale,
    )
    outside = Geometry(_rectangle(grid), grid.crs)
    bands = (_clipped(band, outside) for band in input_.bands)
    return replace(input_.with_bands(*bands), footprint=outside, grid=grid)


def _rectangle(grid: Grid) -> shapely.Polygon:
    return shapely.box(*grid.bounds)


def _bounded_grid(
    lattice: Projection,
    outline: Geometry,
    *,
    width: int | None,
    height: int | None,
    max_dimension: int | None,
    scale: float | None,
) -> Grid:
    """The lattice at a scale, snapped outwards; or exactly the bounds, cut into pixels."""
    west, south, east, north = outline.to(lattice.crs).bounds
    if width is None and height is None and max_dimension is None:
        chosen = lattice if scale is None else lattice.at_scale(scale)
        return chosen.covering((west, south, east, north))
    across, down = east - west, north - south
    if max_dimension is not None:
        pixel = max(across, down) / max_dimension
        width, height = max(1, round(across / pixel)), max(1, round(down / pixel))
    elif width is None and height is not None:
        width = max(1, round(height * across / down))
    elif height is None and width is not None:
        height = max(1, round(width * down / across))
    return stretched(lattice.crs, (west, south, east, north), width or 1, height or 1)
