"""Bands made from the pixels of bands on the same grid. What does not belong here: which operations exist."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from rasterio.features import rasterize

from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.graph.array_pixels import elementwise
from eo_pipeline.sandbox.graph.geometry import Geometry
from eo_pipeline.sandbox.graph.grids import Grid
from eo_pipeline.sandbox.graph.images import Band, Image
from eo_pipeline.sandbox.graph.pixel_types import PixelType
from eo_pipeline.sandbox.graph.pixels import Pixels, Raster, near_all

OneValue = Callable[[np.ndarray], Any]
TwoValues = Callable[[np.ndarray, np.ndarray], Any]
"""Functions of arrays to an array (numpy's own types say Any)."""


def both(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """The mask of pixels that need both; the smaller of two fractions."""
    if left.dtype == bool and right.dtype == bool:
        return np.asarray(left & right)
    return np.asarray(np.minimum(left, right, dtype=np.float32))


def derived(band: Band, function: Callable[[Raster], Raster], pixel_type: PixelType | None = None) -> Band:
    """A band computed from another one, on the same grid."""

    def compute(_: Grid, rasters: Sequence[Raster]) -> Raster:
        return function(rasters[0])

    return replace(band, pixel_type=pixel_type or band.pixel_type, pixels=Pixels((band.pixels,), compute))


def mapped(band: Band, function: OneValue, pixel_type: PixelType) -> Band:
    """A band whose values, or the elements of its arrays, are a function of another's; the mask stays.

    Args:
        band: the other one.
        function: of any array of numbers, element by element.
        pixel_type: of the results as plain numbers.
    """
    if band.pixel_type.dimensions:
        return elementwise([band], function, band, pixel_type)

    def change(raster: Raster) -> Raster:
        with np.errstate(all="ignore"):
            return Raster(function(raster.data).astype(pixel_type.dtype, copy=False), raster.mask)

    return _placed(derived(band, change, pixel_type), band)


def joined(bands: Sequence[Band], function: Callable[..., Raster], like: Band, pixel_type: PixelType) -> Band:
    """A band computed from the rasters of several, named and placed like one of them."""

    def compute(_: Grid, rasters: Sequence[Raster]) -> Raster:
        return function(*rasters)

    return replace(like, pixel_type=pixel_type, pixels=Pixels(tuple(band.pixels for band in bands), compute))


def paired(left: Band, right: Band, function: TwoValues, pixel_type: PixelType, like: Band) -> Band:
    """A band whose values, or the elements of its arrays, are a function of two others'; valid where both are."""
    if left.pixel_type.dimensions or right.pixel_type.dimensions:
        return elementwise([left, right], function, like, pixel_type)

    def combine(a: Raster, b: Raster) -> Raster:
        with np.errstate(all="ignore"):
            data = function(a.data, b.data)
        return Raster(data.astype(pixel_type.dtype, copy=False), both(a.mask, b.mask))

    return _placed(joined((left, right), combine, like, pixel_type), left, right)


def narrowed(band: Band, function: Callable[[Raster, Raster], Raster], limit: Band) -> Band:
    """A band with another mask, computed from its raster and another band's; valid at most where it is."""
    return _placed(joined((band, limit), function, band, band.pixel_type), band)


def _placed(made: Band, *sources: Band) -> Band:
    """A band that is valid only where others are, which is remembered."""
    return replace(made, pixels=replace(made.pixels, near=near_all(source.pixels for source in sources)))


def matched_bands(function: str, first: Image, second: Image) -> list[tuple[Band, Band, str]]:
    """Pairs of bands of two images and the name of their result.

    One band goes with all of the other image; equal numbers go by name if the names are the same, else by order;
    unequal numbers go by the names that occur in both.

    Raises:
        ServiceError: only one of the images has bands, or no names are shared.
    """
    a, b = first.bands, second.bands
    if bool(a) != bool(b):
        raise ServiceError(
            f"{function}: If one image has no bands, the other must also have no bands. Got {len(a)} and {len(b)}."
        )
    if len(b) == 1 and a:
        return [(band, b[0], band.id) for band in a]
    if len(a) == 1:
        return [(a[0], band, band.id) for band in b]
    by_name = {band.id: band for band in b}
    if len(a) == len(b) and set(by_name) != {band.id for band in a}:
        return [(left, right, left.id) for left, right in zip(a, b, strict=True)]
    pairs = [(band, by_name[band.id], band.id) for band in a if band.id in by_name]
    if a and not pairs:
        raise ServiceError(f"{function}: Image bands have no names in common: {first.band_names}, {second.band_names}.")
    return pairs


def one_for_each(function: str, image: Image, other: Image) -> list[tuple[Band, Band]]:
    """Every band of an image with the other's single band, or with the one in the same place.

    Raises:
        ServiceError: the other image has neither one band nor as many.
    """
    if len(other.bands) == 1:
        return [(band, other.bands[0]) for band in image.bands]
    if len(other.bands) != len(image.bands):
        raise ServiceError(
            f"{function}: Expected an image with 1 band or {len(image.bands)} bands, got {len(other.bands)}."
        )
    return list(zip(image.bands, other.bands, strict=True))


def placed_like(first: Image, second: Image) -> Image:
    """The image whose projection and footprint a result takes: the first, unless only the second has bounds."""
    return second if first.footprint is None and second.footprint is not None else first


def geometry_mask(geometry: Geometry, grid: Grid) -> np.ndarray:
    """True (row, column) where the pixel centre lies inside a geometry."""
    shape = geometry.to(grid.crs)
    if shape.is_empty:
        return np.zeros(grid.shape, bool)
    return np.asarray(rasterize([shape], grid.shape, transform=grid.affine, dtype="uint8") == 1)
