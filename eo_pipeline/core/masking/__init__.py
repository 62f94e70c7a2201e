"""Which pixels of a scene are usable: classes, bits and thresholds of its quality band, opened and grown by disks.

Belongs here: a product's `mask` as a rule over arrays, with the meaning that it has inside Earth Engine
(`earth_engine.masking`). Does not: reading quality bands, and what becomes of usable pixels (core.composites).
"""

from eo_pipeline.core.masking.bits import BitFields, ClearBits
from eo_pipeline.core.masking.classes import Classes
from eo_pipeline.core.masking.declared import mask_rule
from eo_pipeline.core.masking.rule import MaskRule
from eo_pipeline.core.masking.thresholds import Between

__all__ = ["Between", "BitFields", "Classes", "ClearBits", "MaskRule", "mask_rule"]
