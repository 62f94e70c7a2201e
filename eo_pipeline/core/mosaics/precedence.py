"""Which value wins where tiles overlap.

Belongs here: the rules and what follows from a band for them. Does not: applying them to pixels (core.kernels.compose).
"""

from typing import Literal, get_args

from eo_pipeline.core.bands import BandEncoding

Overlap = Literal["first", "last", "min", "max", "mean"]
OVERLAPS: tuple[Overlap, ...] = get_args(Overlap)
"""Of several tiles that have a value: the first or last one's, the smallest, the largest, or their mean."""


def rule_of(overlap: Overlap, band: BandEncoding) -> Overlap:
    """The rule for a band's stored numbers: those of a negative scale run against the physical values."""
    if band.scale < 0 and overlap in ("min", "max"):
        return "max" if overlap == "min" else "min"
    return overlap
