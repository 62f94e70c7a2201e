"""Grids of requests and the pixels on them. What does not belong here: file formats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.graph.crs import parse_crs
from eo_pipeline.sandbox.graph.grids import Bounds, Grid, Projection, Transform
from eo_pipeline.sandbox.graph.images import Band, Image
from eo_pipeline.sandbox.graph.pixels import pull_in_blocks

_AFFINE = ("scaleX", "shearX", "translateX", "shearY", "scaleY", "translateY")


def read(image: Image, grid: Grid, band_ids: Sequence[str] | None = None) -> list[tuple[np.ndarray, np.ndarray]]:
    """Pixels of bands on a grid.

    Args:
        image: whose bands.
        grid: where.
        band_ids: which bands, in this order; all of them if None.

    Returns:
        For each band its data (row, column) in the dtype of its pixel type, and its mask (row, column) float32 0..1.

    Raises:
        ServiceError: the image has no such band, or its pixels are arrays.
    """
    bands = list(image.bands) if band_ids is None else [_named(image, name) for name in band_ids]
    for band in bands:
        if band.pixel_type.dimensions:
            raise ServiceError(f"Band '{band.id}' holds arrays, which cannot be written as pixels; flatten them first.")
    rasters = pull_in_blocks([band.pixels for band in bands], grid)
    return [
        (raster.data.astype(band.pixel_type.dtype, copy=False), raster.mask.astype(np.float32, copy=False))
        for band, raster in zip(bands, rasters, strict=True)
    ]


def export_grid(image: Image) -> Grid:
    """The grid of a request that names none: the nailed one, else the first band's lattice over the footprint.

    Raises:
        ServiceError: the image has no bands or no bounds.
    """
    if image.grid is not None:
        return image.grid
    lattice = _first_band(image).projection
    return lattice.covering(_outline(image, lattice.crs))


def request_grid(spec: Mapping[str, Any] | None, image: Image) -> Grid:
    """The grid that the `grid` of a pixels request asks for; what it leaves out comes from the image.

    Args:
        spec: {dimensions {width, height}, affineTransform {...}, crsCode or crsWkt}, all optional.
        image: what is asked for.

    Raises:
        ServiceError: the dimensions are no positive numbers, or the image is unbounded and no dimensions are given.
    """
    spec = spec or {}
    crs = spec.get("crsCode") or spec.get("crsWkt")
    if crs is not None:
        parse_crs(crs)
    dimensions = _dimensions(spec.get("dimensions"))
    transform = _transform(spec.get("affineTransform"))
    if transform is None:
        return _fitted(image, crs, dimensions)
    crs = crs or _first_band(image).projection.crs
    if dimensions is not None:
        return Grid(crs, transform, *dimensions)
    return Projection(crs, transform).covering(_outline(image, crs))


def _fitted(image: Image, crs: str | None, dimensions: tuple[int, int] | None) -> Grid:
    """The image's own grid, or its bounds in another CRS or in other dimensions."""
    own = export_grid(image)
    if crs is not None and crs != own.crs:
        lattice = Projection(crs, (1.0, 0.0, 0.0, 0.0, -1.0, 0.0)).at_scale(own.projection.nominal_scale())
        own = lattice.covering(_outline(image, crs))
    if dimensions is None:
        return own
    return stretched(own.crs, own.bounds, *dimensions)


def stretched(crs: str, bounds: Bounds, width: int, height: int) -> Grid:
    """A north-up grid of exactly these bounds with this many columns and rows."""
    west, south, east, north = bounds
    return Grid(crs, ((east - west) / width, 0.0, west, 0.0, -(north - south) / height, north), width, height)


def _first_band(image: Image) -> Band:
    if not image.bands:
        raise ServiceError("Expected an image with at least one band, got an image with no bands.")
    return image.bands[0]


def _named(image: Image, name: str) -> Band:
    for band in image.bands:
        if band.id == name:
            return band
    available = ", ".join(image.band_names)
    raise ServiceError(f"Image.select: Band pattern '{name}' did not match any bands. Available bands: [{available}]")


def _outline(image: Image, crs: str) -> Bounds:
    if image.footprint is None:
        raise ServiceError("Unable to export unbounded image.")
    west, south, east, north = image.footprint.to(crs).bounds
    return west, south, east, north


def _dimensions(spec: Mapping[str, Any] | None) -> tuple[int, int] | None:
    if not spec:
        return None
    width, height = int(spec.get("width", 0)), int(spec.get("height", 0))
    if width < 1 or height < 1:
        raise ServiceError(f"Pixel grid dimensions ({width}x{height}) must be positive.")
    return width, height


def _transform(spec: Mapping[str, Any] | None) -> Transform | None:
    if not spec:
        return None
    a, b, c, d, e, f = (float(spec.get(key, 0.0)) for key in _AFFINE)
    if a * e == b * d:
        raise ServiceError("The affine transform of the pixel grid is not invertible.")
    return a, b, c, d, e, f
