"""From physical values to stored numbers, in Earth Engine. What does not belong here: encodings (`core.bands`)."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from eo_pipeline.core.bands import BandEncoding


def stacked(picture: Any, bands: Sequence[BandEncoding], *, keep_masks: bool) -> Any:
    """Every band of an `ee.Image` of physical values encoded, in file order.

    Args:
        picture: has a band of each name.
        bands: how they are stored.
        keep_masks: leave unusable pixels masked instead of nodata.
    """
    encoded = [_encoded(picture.select([band.name]), band, keep_masks=keep_masks) for band in bands]
    stack = encoded[0]
    for band in encoded[1:]:
        stack = stack.addBands(band)
    return stack


_CASTS = {
    "uint8": "toUint8", "int8": "toInt8", "uint16": "toUint16", "int16": "toInt16", "uint32": "toUint32",
    "int32": "toInt32", "float32": "toFloat", "float64": "toDouble",
}  # fmt: skip


def _encoded(band: Any, encoding: BandEncoding, *, keep_masks: bool) -> Any:
    """Stored numbers: (physical - offset) / scale, rounded half up for integers; what does not fit becomes nodata."""
    if encoding.kind == "count":
        return _encoded_count(band, encoding)
    stored = band
    if encoding.offset != 0.0:
        stored = stored.subtract(encoding.offset)
    if encoding.scale != 1.0:
        inverse = 1 / encoding.scale
        whole = round(inverse)
        stored = stored.multiply(whole) if abs(inverse - whole) < 1e-9 * abs(inverse) else stored.divide(encoding.scale)
    if not encoding.is_float:
        stored = stored.add(0.5).floor()
        low, high = _integer_range(encoding)
        stored = stored.updateMask(stored.gte(low).And(stored.lte(high)))
        if encoding.nodata is not None:
            stored = stored.updateMask(stored.neq(encoding.nodata))
    cast = _CASTS[encoding.dtype]
    stored = getattr(stored, cast)()
    if not keep_masks and encoding.nodata is not None and not math.isnan(encoding.nodata):
        stored = getattr(stored.unmask(encoding.nodata, False), cast)()
    return stored.rename([encoding.name])


def _encoded_count(band: Any, encoding: BandEncoding) -> Any:
    """A count, 0 where nothing is known; an average over pixels may have made it fractional.

    More than the type holds is stored as the most that it holds beside nodata.
    """
    stored = band.unmask(0, False)
    if not encoding.is_float:
        _, high = _integer_range(encoding)
        stored = stored.add(0.5).floor().min(high - 1 if encoding.nodata == high else high)
    return getattr(stored, _CASTS[encoding.dtype])().rename([encoding.name])


def _integer_range(encoding: BandEncoding) -> tuple[int, int]:
    limits = np.iinfo(encoding.dtype)
    return int(limits.min), int(limits.max)
