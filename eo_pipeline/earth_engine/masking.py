"""Which pixels of an `ee.ImageCollection` are usable, as a product's mask says.

What does not belong here: what a mask may say (`core.product.mask`).
"""

from collections.abc import Iterable, Mapping
from typing import Any

import ee

from eo_pipeline.core.product import Mask
from eo_pipeline.core.product.mask import bit_range

CLOUD_SCORE_PLUS = "GOOGLE/CLOUD_SCORE_PLUS/V1/S2_HARMONIZED"
S2_CLOUD_PROBABILITY = "COPERNICUS/S2_CLOUD_PROBABILITY"


def masked(found: Any, mask: Mask) -> Any:
    """The collection's images with unusable pixels masked."""
    linked = _linked(found, mask)
    return linked.map(lambda scene: ee.Image(scene).updateMask(_usable(ee.Image(scene), mask)))


def _linked(found: Any, mask: Mask) -> Any:
    """The images with the scores that are kept in a collection of their own; without one, all of a scene is masked."""
    if mask.score is None:
        return found
    scores = CLOUD_SCORE_PLUS if mask.cloud_score_plus is not None else S2_CLOUD_PROBABILITY
    return found.linkCollection(ee.ImageCollection(scores), [mask.score.band])


def _usable(scene: Any, mask: Mask) -> Any:
    """1 where a pixel is usable, masked where the quality band is."""
    quality = scene.select([str(mask.quality_band) if mask.score is None else mask.score.band])
    usable = _passed(quality, mask.in_full)
    if not mask.opening and not mask.dilation:
        return usable
    unusable = usable.Not()
    if mask.opening:
        unusable = unusable.focalMin(mask.opening, "circle", "pixels").focalMax(mask.opening, "circle", "pixels")
    if mask.dilation:
        unusable = unusable.focalMax(mask.dilation, "circle", "pixels")
    return unusable.reproject(quality.projection()).Not()


def _passed(quality: Any, mask: Mask) -> Any:
    """1 where the quality band's own number says usable."""
    if mask.cloud_score_plus is not None:
        return quality.gte(mask.cloud_score_plus.threshold)
    if mask.s2cloudless is not None:
        return quality.lt(mask.s2cloudless.threshold)
    if mask.qa_pixel is not None:
        return quality.bitwiseAnd(sum(1 << bit for bit in mask.qa_pixel)).eq(0)
    if mask.bits is not None:
        return _bits_are(quality, mask.bits)
    include = mask.scl_include if mask.scl_include is not None else mask.include
    if include is not None:
        return _is_one_of(quality, include)
    exclude = mask.scl_exclude if mask.scl_exclude is not None else mask.exclude
    return _is_one_of(quality, exclude or []).Not()


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
