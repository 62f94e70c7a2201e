"""Functions that change which pixels are valid, or choose between pixels. What does not belong here: arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from eo_pipeline.sandbox.algorithms.arithmetic import KEPT
from eo_pipeline.sandbox.algorithms.bands import selected
from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.graph.band_math import both, derived, geometry_mask, joined, narrowed, one_for_each
from eo_pipeline.sandbox.graph.constants import constant_image
from eo_pipeline.sandbox.graph.geometry import Geometry
from eo_pipeline.sandbox.graph.grids import Grid
from eo_pipeline.sandbox.graph.images import Band, Image
from eo_pipeline.sandbox.graph.pixel_types import MASK, PixelType, union
from eo_pipeline.sandbox.graph.pixels import Pixels, Raster
from eo_pipeline.sandbox.graph.registry import Family

FAMILY = Family()


def validity(raster: Raster) -> np.ndarray:
    """A mask image's pixels as a mask: its values cut to 0..1 and its own mask.

    Raises:
        ServiceError: they are arrays.
    """
    if raster.data.dtype == object:
        raise ServiceError("A mask must have plain numbers as pixels, not arrays.")
    if raster.data.dtype.kind in "iub":
        return both(raster.data > 0, raster.mask)
    return both(np.clip(np.nan_to_num(raster.data), 0, 1).astype(np.float32), raster.mask)


@FAMILY.algorithm("Image.updateMask")
def update_mask(image: Image, mask: Image) -> Image:
    """Pixels stay valid only where the mask is not 0."""

    def cut(values: Raster, limit: Raster) -> Raster:
        return Raster(values.data, both(values.mask, validity(limit)))

    pairs = one_for_each("Image.updateMask", image, mask)
    return image.with_bands(*(narrowed(band, cut, limit) for band, limit in pairs))


@FAMILY.algorithm("Image.selfMask")
def self_mask(image: Image) -> Image:
    """Pixels stay valid only where they are not 0."""
    return update_mask(image, image)


@FAMILY.algorithm("Image.mask")
def mask(image: Image, mask: Image | None) -> Image:
    """The mask as an image 0..1; with a second image, the first with exactly that mask."""
    if mask is None:
        return image.with_bands(*(derived(band, _shown, MASK) for band in image.bands))

    def set_mask(values: Raster, new: Raster) -> Raster:
        data = np.where(values.mask > 0, values.data, values.data.dtype.type(0))
        return Raster(data, validity(new))

    pairs = one_for_each("Image.mask", image, mask)
    return image.with_bands(*(joined(pair, set_mask, pair[0], pair[0].pixel_type) for pair in pairs))


def _shown(raster: Raster) -> Raster:
    return Raster(raster.mask.astype(np.float32), np.broadcast_to(np.True_, raster.mask.shape))


@FAMILY.algorithm("Image.unmask")
def unmask(input_: Image, value: Image | None, same_footprint: bool) -> Image:
    """Invalid pixels replaced, inside the footprint or everywhere; the type widens to hold both."""
    fill = constant_image(0) if value is None else value
    outline = input_.footprint if same_footprint else None
    pairs = one_for_each("Image.unmask", input_, fill)
    changed = input_.with_bands(*(_unmasked(band, other, outline) for band, other in pairs))
    return changed if same_footprint else replace(changed, footprint=fill.footprint)


def _unmasked(band: Band, fill: Band, outline: Geometry | None) -> Band:
    pixel_type = union(band.pixel_type, fill.pixel_type)

    def compute(grid: Grid, rasters: Sequence[Raster]) -> Raster:
        values, other = rasters
        valid = values.mask > 0
        data = np.where(valid, values.data, other.data).astype(pixel_type.dtype, copy=False)
        filled = other.mask if outline is None else both(other.mask, geometry_mask(outline, grid))
        return Raster(data, _where(valid, values.mask, filled))

    return replace(band, pixel_type=pixel_type, pixels=Pixels((band.pixels, fill.pixels), compute))


def _where(condition: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Masks chosen pixel by pixel; bool only if both are."""
    if first.dtype == second.dtype:
        return np.where(condition, first, second)
    return np.where(condition, first.astype(np.float32), second.astype(np.float32))


@FAMILY.algorithm("Image.where")
def where(input_: Image, test: Image, value: Image) -> Image:
    """Pixels of `value` where `test` is not 0 and both are valid; the input elsewhere, with the input's mask."""
    tests = [band for _, band in one_for_each("Image.where", input_, test)]
    values = [band for _, band in one_for_each("Image.where", input_, value)]
    triples = zip(input_.bands, tests, values, strict=True)
    return input_.with_bands(*(_replaced(*triple) for triple in triples))


def _replaced(band: Band, test: Band, value: Band) -> Band:
    pixel_type = union(band.pixel_type, value.pixel_type)

    def choose(base: Raster, condition: Raster, other: Raster) -> Raster:
        chosen = (condition.data != 0) & (condition.mask > 0) & (other.mask > 0)
        return Raster(np.where(chosen, other.data, base.data).astype(pixel_type.dtype, copy=False), base.mask)

    return joined((band, test, value), choose, band, pixel_type)


@FAMILY.algorithm("Image.blend")
def blend(bottom: Image, top: Image) -> Image:
    """The top over the bottom, the top's mask as opacity."""
    if len(bottom.bands) == 1:
        pairs = [(bottom.bands[0], band) for band in top.bands]
    else:
        pairs = one_for_each("Image.blend", bottom, top)
    return bottom.with_bands(*(_over(*pair) for pair in pairs))


def _over(below: Band, above: Band) -> Band:
    pixel_type = union(below.pixel_type, above.pixel_type)

    def mix(low: Raster, high: Raster) -> Raster:
        opacity = high.mask.astype(np.float32)
        base = np.where(low.mask > 0, low.data, high.data)
        with np.errstate(invalid="ignore"):
            data = high.data * opacity + base * (1 - opacity)
        mask_ = opacity + low.mask * (1 - opacity)
        if pixel_type.is_integer:
            data = np.round(data)
        return Raster(data.astype(pixel_type.dtype), mask_.astype(np.float32))

    return joined((below, above), mix, below, pixel_type)


@FAMILY.algorithm("Image.normalizedDifference")
def normalized_difference(input_: Image, band_names: list[str] | None) -> Image:
    """(first - second) / (first + second) of two bands as float -1..1; negative inputs and sums of 0 are masked."""
    names: list[object] = list(band_names) if band_names is not None else [0, 1]
    pair = selected("Image.normalizedDifference", input_, names)
    if len(pair) != 2:
        raise ServiceError(f"Image.normalizedDifference: Expected 2 bands, got {len(pair)}.")
    pixel_type = PixelType("float", -1, 1)

    def difference(first: Raster, second: Raster) -> Raster:
        exact = _float_for(first.data.dtype, second.data.dtype)
        a, b = first.data.astype(exact, copy=False), second.data.astype(exact, copy=False)
        total = a + b
        usable = (a >= 0) & (b >= 0) & (total != 0)
        divisor = total if usable.all() else np.where(usable, total, np.inf)
        with np.errstate(invalid="ignore"):
            data = ((a - b) / divisor).astype(np.float32, copy=False)
        return Raster(data, both(both(first.mask, second.mask), usable))

    band = replace(joined(pair, difference, pair[0], pixel_type), id="nd")
    kept = {key: value for key, value in input_.properties.items() if key in KEPT}
    return input_.with_bands(band).with_properties(kept)


def _float_for(*dtypes: np.dtype) -> np.dtype:
    """The type whose quotients of sums round to the right float32: of numbers of 16 bits, float32 itself."""
    short = all(dtype.kind in "iub" and dtype.itemsize <= 2 for dtype in dtypes)
    return np.dtype(np.float32 if short else np.float64)
