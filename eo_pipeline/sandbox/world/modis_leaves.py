"""Bands of MOD13Q1 and MOD13A2: vegetation indices. What does not belong here: grids and dates.

Published (LP DAAC): indices and reflectances = 0.0001 DN; SummaryQA says 0 good, 1 marginal, 2 snow, 3 cloudy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np

from eo_pipeline.sandbox.catalog.pyramid import Pixels
from eo_pipeline.sandbox.graph.pixel_types import PixelType
from eo_pipeline.sandbox.world.computed import Pyramiding
from eo_pipeline.sandbox.world.covers import BANDS, CLOUD
from eo_pipeline.sandbox.world.modis_span import ModisSpan, is_thin
from eo_pipeline.sandbox.world.seasons import EPOCH, reflectance, snow
from eo_pipeline.sandbox.world.sky import CLOUD_MEDIUM

_SCALE = np.float32(10000)
_GOOD, _MARGINAL, _SNOW, _CLOUDY = 0, 1, 2, 3
_SNOW_SHARE = 0.4
_BLUE, _RED, _INFRARED, _SHORT = "B2", "B4", "B8A", "B12"


def _seen(span: ModisSpan, band: str) -> np.ndarray:
    """Reflectance 0..1 of the middle day's ground under the clearest day's clouds."""
    cloud, _ = span.clearest
    ground = reflectance(span.surface, band, span.middle_ms)
    return np.asarray(ground + cloud * (np.float32(CLOUD[BANDS.index(band)]) - ground))


def _normalised(span: ModisSpan) -> Pixels:
    red, infrared = _seen(span, _RED), _seen(span, _INFRARED)
    index = (infrared - red) / (infrared + red)
    return np.rint(_SCALE * np.clip(index, -0.2, 1)), span.land


def _enhanced(span: ModisSpan) -> Pixels:
    """Of red, near infrared and blue with the published coefficients 2.5, 6, 7.5 and 1."""
    blue, red, infrared = (_seen(span, band) for band in (_BLUE, _RED, _INFRARED))
    below = infrared + np.float32(6) * red - np.float32(7.5) * blue + np.float32(1)
    index = np.float32(2.5) * (infrared - red) / np.maximum(below, np.float32(0.1))
    return np.rint(_SCALE * np.clip(index, -0.2, 1)), span.land


def _reflectance(span: ModisSpan, *, band: str) -> Pixels:
    return np.rint(_SCALE * _seen(span, band)), span.land


def _day_of_year(span: ModisSpan) -> Pixels:
    _, day = span.clearest
    return day + (span.begin - EPOCH.replace(year=span.begin.year)).days + 1, span.land


def _summary(span: ModisSpan) -> Pixels:
    cloud, _ = span.clearest
    quality = np.where(is_thin(cloud), _MARGINAL, _GOOD)
    quality[snow(span.surface, span.middle_ms) > np.float32(_SNOW_SHARE)] = _SNOW
    quality[cloud > np.float32(CLOUD_MEDIUM)] = _CLOUDY
    return quality.astype(np.uint8), span.land


_INT16, _UINT8 = PixelType("int", -32768, 32767), PixelType("int", 0, 255)

LEAF_BANDS: Mapping[str, tuple[PixelType, Pyramiding, Callable[[ModisSpan], Pixels]]] = {
    "NDVI": (_INT16, "mean", _normalised),
    "EVI": (_INT16, "mean", _enhanced),
    "sur_refl_b01": (_INT16, "mean", partial(_reflectance, band=_RED)),
    "sur_refl_b02": (_INT16, "mean", partial(_reflectance, band=_INFRARED)),
    "sur_refl_b03": (_INT16, "mean", partial(_reflectance, band=_BLUE)),
    "sur_refl_b07": (_INT16, "mean", partial(_reflectance, band=_SHORT)),
    "DayOfYear": (_INT16, "sample", _day_of_year),
    "SummaryQA": (_UINT8, "sample", _summary),
}
"""Bands that this world has, in the catalogue's order: type, pyramid, pixels."""
