"""Where tiles lie on a target grid, what they leave open, and which value wins where they overlap.

Belongs here: decisions from georeferencing alone; names of files say nothing. Does not: reading and writing pixels.
"""

from eo_pipeline.core.mosaics.lattice import describe_grid, union_grid, whole_offset
from eo_pipeline.core.mosaics.options import MosaicOptions, check_options
from eo_pipeline.core.mosaics.plan import MosaicPlan, Placement, describe_gaps, place, plan_mosaic
from eo_pipeline.core.mosaics.precedence import Overlap

__all__ = [
    "MosaicOptions",
    "MosaicPlan",
    "Overlap",
    "Placement",
    "check_options",
    "describe_gaps",
    "describe_grid",
    "place",
    "plan_mosaic",
    "union_grid",
    "whole_offset",
]
