"""A product's `mask` as a rule. Does not belong here: what a mask may say (core.product.mask)."""

from eo_pipeline.core.masking.bits import BitField, BitFields, ClearBits
from eo_pipeline.core.masking.classes import Classes
from eo_pipeline.core.masking.rule import MaskRule, Test
from eo_pipeline.core.masking.thresholds import Between
from eo_pipeline.core.product.mask import Mask, bit_range


def mask_rule(mask: Mask) -> MaskRule:
    """The rule with the meaning that the mask has in `earth_engine.masking`."""
    band = mask.quality_band if mask.score is None else mask.score.band
    return MaskRule(str(band), _test(mask.in_full), mask.dilation, mask.opening)


def _test(mask: Mask) -> Test:
    if mask.cloud_score_plus is not None:
        return Between(least=mask.cloud_score_plus.threshold)
    if mask.s2cloudless is not None:
        return Between(below=mask.s2cloudless.threshold)
    if mask.qa_pixel is not None:
        return ClearBits(frozenset(mask.qa_pixel))
    if mask.bits is not None:
        return BitFields(tuple(BitField(*bit_range(name), frozenset(kept)) for name, kept in mask.bits.items()))
    kept = mask.scl_include if mask.scl_include is not None else mask.include
    if kept is not None:
        return Classes(frozenset(kept), usable_if_listed=True)
    left_out = mask.scl_exclude if mask.scl_exclude is not None else mask.exclude
    return Classes(frozenset(left_out or ()), usable_if_listed=False)
