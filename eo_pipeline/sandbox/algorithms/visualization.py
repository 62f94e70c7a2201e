"""Pictures of images. What does not belong here: file formats."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from eo_pipeline.sandbox.algorithms.bands import selected
from eo_pipeline.sandbox.algorithms.colors import parse_color
from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.graph.band_math import derived
from eo_pipeline.sandbox.graph.coercions import as_float
from eo_pipeline.sandbox.graph.comparing import text_of
from eo_pipeline.sandbox.graph.images import Band, Image
from eo_pipeline.sandbox.graph.pixel_types import pixel_type_of
from eo_pipeline.sandbox.graph.pixels import Raster
from eo_pipeline.sandbox.graph.registry import Family

FAMILY = Family()

RGB_NAMES = ("vis-red", "vis-green", "vis-blue")
BYTE = pixel_type_of("u1")


@FAMILY.algorithm("Image.visualize")
def visualize(
    image: Image,
    *,
    bands: object,
    gain: object,
    bias: object,
    min_: object,
    max_: object,
    gamma: object,
    opacity: float | None,
    palette: object,
    force_rgb_output: bool,
) -> Image:
    """Bands vis-red, vis-green and vis-blue as bytes (vis-gray for one band without a palette)."""
    chosen = _chosen(image, bands)
    ranges = _ranges(len(chosen), gain, bias, min_, max_)
    powers = _each(gamma, len(chosen), 1.0)
    if palette is not None:
        if len(chosen) != 1:
            raise ServiceError("Image.visualize: Cannot provide a palette when visualizing more than one band.")
        colors = np.array([parse_color(text_of(color)) for color in _listed(palette)], dtype=np.float64)
        visible = [_painted(chosen[0], ranges[0], colors[:, channel], RGB_NAMES[channel]) for channel in range(3)]
    else:
        gray = len(chosen) == 1
        names = ("vis-gray",) if gray else RGB_NAMES
        shown = [_stretched(*each) for each in zip(chosen, ranges, powers, names, strict=True)]
        visible = [replace(shown[0], id=name) for name in RGB_NAMES] if gray and force_rgb_output else shown
    if opacity is not None:
        visible = [derived(band, _faded(opacity)) for band in visible]
    return image.with_bands(*visible)


def _chosen(image: Image, bands: object) -> list[Band]:
    chosen = list(image.bands) if bands is None else selected("Image.visualize", image, _listed(bands))
    if bands is None:
        chosen = chosen[:3] if len(chosen) >= 3 else chosen[:1]
    if len(chosen) not in (1, 3):
        raise ServiceError(f"Image.visualize: Must specify either 1 or 3 bands, got {len(chosen)}.")
    return chosen


def _listed(value: object) -> list[object]:
    if isinstance(value, str):
        return [part.strip() for part in value.split(",")]
    return list(value) if isinstance(value, list) else [value]


def _each(value: object, number: int, default: float) -> list[float]:
    """One number for each band, from one for all or a list."""
    given = [default] if value is None else [as_float(_number(member)) for member in _listed(value)]
    if len(given) not in (1, number):
        raise ServiceError(f"Image.visualize: Expected 1 or {number} values, got {len(given)}.")
    return given * number if len(given) == 1 else given


def _number(value: object) -> object:
    return float(value) if isinstance(value, str) else value


def _ranges(number: int, gain: object, bias: object, low: object, high: object) -> list[tuple[float, float]]:
    """(factor, offset) for each band: shown 0..255 is value * factor + offset."""
    if gain is not None or bias is not None:
        return list(zip(_each(gain, number, 1.0), _each(bias, number, 0.0), strict=True))
    pairs = zip(_each(low, number, 0.0), _each(high, number, 255.0), strict=True)
    return [(255 / (top - bottom), -255 * bottom / (top - bottom)) for bottom, top in pairs]


def _stretched(band: Band, line: tuple[float, float], gamma: float, name: str) -> Band:
    factor, offset = line

    def show(raster: Raster) -> Raster:
        part = np.clip((raster.data.astype(np.float64) * factor + offset) / 255, 0, 1) ** (1 / gamma)
        return Raster(np.round(part * 255).astype(np.uint8), raster.mask)

    return replace(derived(band, show, BYTE), id=name)


def _painted(band: Band, line: tuple[float, float], channel: np.ndarray, name: str) -> Band:
    factor, offset = line

    def show(raster: Raster) -> Raster:
        part = np.clip((raster.data.astype(np.float64) * factor + offset) / 255, 0, 1)
        value = np.interp(part * (len(channel) - 1), np.arange(len(channel)), channel)
        return Raster(np.round(value).astype(np.uint8), raster.mask)

    return replace(derived(band, show, BYTE), id=name)


def _faded(opacity: float) -> Callable[[Raster], Raster]:
    """Masks made weaker by an opacity 0..1."""
    return lambda raster: Raster(raster.data, (raster.mask * opacity).astype(np.float32))
