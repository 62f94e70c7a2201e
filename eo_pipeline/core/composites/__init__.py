"""Many observations of a place become one image: medians, means, percentiles, the best or the most typical pixel.

Belongs here: kinds of composites, what is known beside the values, and coarser pixels. Does not: which are usable
(core.masking), reading scenes, and the loops over pixels (core.kernels).
"""

from eo_pipeline.core.composites.coarser import averaged, most_frequent
from eo_pipeline.core.composites.composite import Composite, composite
from eo_pipeline.core.composites.observations import Observations
from eo_pipeline.core.reducers import Kind, kind_of

__all__ = ["Composite", "Kind", "Observations", "averaged", "composite", "kind_of", "most_frequent"]
