"""How far apart the values of all bands of two images are. What does not belong here: functions of single bands."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.graph.band_math import placed_like
from eo_pipeline.sandbox.graph.grids import Grid
from eo_pipeline.sandbox.graph.images import Image
from eo_pipeline.sandbox.graph.pixel_types import DOUBLE
from eo_pipeline.sandbox.graph.pixels import Pixels, Raster
from eo_pipeline.sandbox.graph.registry import Family

FAMILY = Family()

Spectral = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Two arrays (band, place) float64 -> distances (place)."""


def _angle(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The angle between both in radians; not a number where one has no length."""
    lengths = np.sqrt((a * a).sum(axis=0) * (b * b).sum(axis=0))
    return np.asarray(np.arccos(np.clip((a * b).sum(axis=0) / lengths, -1, 1)))


def _divergence(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The sum of the relative entropies of both as distributions."""
    p, q = a / a.sum(axis=0), b / b.sum(axis=0)
    return np.asarray(((p - q) * (np.log(p) - np.log(q))).sum(axis=0))


def _squared(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.asarray(((a - b) ** 2).sum(axis=0))


def _earth_movers(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """What has to be carried from band to band to make one the other."""
    return np.asarray(np.abs(np.cumsum(a - b, axis=0)).sum(axis=0))


METRICS: Mapping[str, Spectral] = {
    "sam": _angle,
    "sid": _divergence,
    "sed": _squared,
    "emd": _earth_movers,
}
"""Spectral distances by name."""


@FAMILY.algorithm("Image.spectralDistance")
def spectral_distance(image1: Image, image2: Image, metric: str) -> Image:
    """Band distance between the bands of two images, taken in order; masked where it is no number."""
    function = "Image.spectralDistance"
    if metric not in METRICS:
        raise ServiceError(f"{function}: Expected metric {', '.join(METRICS)}, got '{metric}'.")
    number = len(image1.bands)
    if number != len(image2.bands) or not number:
        raise ServiceError(
            f"{function}: Images must have the same number of bands, at least 1; got {number} and {len(image2.bands)}."
        )

    def compute(_: Grid, rasters: Sequence[Raster]) -> Raster:
        with np.errstate(all="ignore"):
            a, b = (
                np.stack([raster.data.astype(np.float64) for raster in half])
                for half in (rasters[:number], rasters[number:])
            )
            found = METRICS[metric](a, b)
        mask = np.minimum.reduce([raster.mask.astype(np.float32) for raster in rasters])
        known = np.isfinite(found)
        return Raster(np.where(known, found, 0), mask * known)

    like = placed_like(image1, image2)
    pixels = Pixels(tuple(band.pixels for band in (*image1.bands, *image2.bands)), compute)
    return like.with_bands(replace(like.bands[0], id="distance", pixel_type=DOUBLE, pixels=pixels))
