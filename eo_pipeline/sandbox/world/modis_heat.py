"""Bands of MOD11A1 and MOD11A2: land surface temperature. What does not belong here: grids and dates.

Published (LP DAAC): LST = 0.02 DN kelvin, view time = 0.1 DN hours, emissivity = 0.002 DN + 0.49; QC bits 0-1 say
0 good, 1 look closer, 2 not produced because of clouds; bits 6-7 the error: 0 up to 1 K, 1 up to 2 K, 2 up to 3 K.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np

from eo_pipeline.sandbox.catalog.pyramid import Pixels
from eo_pipeline.sandbox.graph.pixel_types import PixelType
from eo_pipeline.sandbox.world.computed import Pyramiding
from eo_pipeline.sandbox.world.heat import CLOUD_TOP
from eo_pipeline.sandbox.world.modis_span import DAY_HOUR, NIGHT_HOUR, ModisSpan, is_thin
from eo_pipeline.sandbox.world.seasons import leaves

_KELVIN, _HOURS = np.float32(0.02), 0.1
_CLOUDY, _LOOK_CLOSER = 2, 0b0101
_BARE, _LEAFY = 0.965, 0.985


def _temperature(span: ModisSpan, *, night: bool) -> Pixels:
    kelvin, count, _ = span.temperature(night=night)
    return np.rint(kelvin / _KELVIN), span.land & (count > 0)


def _quality(span: ModisSpan, *, night: bool) -> Pixels:
    """Good, or with the error that thin clouds make, or not produced: there its temperature is masked, this is not."""
    _, count, thin = span.temperature(night=night)
    error = np.clip(np.ceil(CLOUD_TOP * thin) - 1, 0, 3).astype(np.uint8)
    bits = np.where(is_thin(thin), _LOOK_CLOSER | error << 6, 0)
    return np.where(count > 0, bits, _CLOUDY).astype(np.uint8), span.land


def _view_time(span: ModisSpan, *, night: bool) -> Pixels:
    hours = np.full(span.land.shape, round((NIGHT_HOUR if night else DAY_HOUR) / _HOURS), np.uint8)
    _, count, _ = span.temperature(night=night)
    return hours, span.land & (count > 0)


def _emissivity(span: ModisSpan) -> Pixels:
    emissivity = np.float32(_BARE) + np.float32(_LEAFY - _BARE) * leaves(span.surface, span.middle_ms)
    return np.rint((emissivity - np.float32(0.49)) / np.float32(0.002)), span.land


_UINT16, _UINT8 = PixelType("int", 0, 65535), PixelType("int", 0, 255)

_Evaluate = Callable[[ModisSpan], Pixels]


def _of(kind: Callable[..., Pixels], *, night: bool) -> _Evaluate:
    return partial(kind, night=night)


HEAT_BANDS: Mapping[str, tuple[PixelType, Pyramiding, _Evaluate]] = {
    "LST_Day_1km": (_UINT16, "mean", _of(_temperature, night=False)),
    "QC_Day": (_UINT8, "sample", _of(_quality, night=False)),
    "Day_view_time": (_UINT8, "mean", _of(_view_time, night=False)),
    "LST_Night_1km": (_UINT16, "mean", _of(_temperature, night=True)),
    "QC_Night": (_UINT8, "sample", _of(_quality, night=True)),
    "Night_view_time": (_UINT8, "mean", _of(_view_time, night=True)),
    "Emis_31": (_UINT8, "mean", _emissivity),
}
"""Bands that this world has, in the catalogue's order: type, pyramid, pixels."""
