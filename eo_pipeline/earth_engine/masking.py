"""Which pixels of an `ee.ImageCollection` are usable, as a product's mask says.

What does not belong here: what a mask may say (`core.product.source`).
"""

from collections.abc import Iterable, Mapping
from typing import Any

import ee

from eo_pipeline.core.product import Mask
from eo_pipeline.core.product.source import bit_range

CLOUD_SCORE_PLUS = "GOOGLE/CLOUD_SCORE_PLUS/V1/S2_HARMONIZED"


def masked(found: Any, mask: Mask) -> Any:
    """The collection's images with unusable pixels masked."""
    if mask.cloud_score_plus is not None:
        score = mask.cloud_score_plus
        linked = found.linkCollection(ee.ImageCollection(CLOUD_SCORE_PLUS), [score.band])
        return linked.map(lambda s: ee.Image(s).updateMask(ee.Image(s).select([score.band]).gte(score.threshold)))
    if mask.qa_pixel is not None:
        bits = sum(1 << bit for bit in mask.qa_pixel)
        return found.map(lambda s: ee.Image(s).updateMask(ee.Image(s).select(["QA_PIXEL"]).bitwiseAnd(bits).eq(0)))
    if mask.bits is not None:
        bits_band, fields = str(mask.band), mask.bits
        return found.map(lambda s: ee.Image(s).updateMask(_bits_are(ee.Image(s).select([bits_band]), fields)))
    band = str(mask.quality_band)
    include = mask.scl_include if mask.scl_include is not None else mask.include
    exclude = mask.scl_exclude if mask.scl_exclude is not None else mask.exclude
    if include is not None:
        return found.map(lambda s: ee.Image(s).updateMask(_is_one_of(ee.Image(s).select([band]), include)))
    return found.map(lambda s: ee.Image(s).updateMask(_is_one_of(ee.Image(s).select([band]), exclude or []).Not()))


def _bits_are(band: Any, fields: Mapping[str, Iterable[int]]) -> Any:
    """1 where every field of bits has one of its values."""
    usable = None
    for name, values in fields.items():
        first, last = bit_range(name)
        field = band.rightShift(first).bitwiseAnd((1 << (last - first + 1)) - 1)
        kept = _is_one_of(field, values)
        usable = kept if usable is None else usable.And(kept)
    return usable


def _is_one_of(classes: Any, values: Iterable[int]) -> Any:
    found = classes.eq(-1)
    for value in values:
        found = found.Or(classes.eq(value))
    return found
