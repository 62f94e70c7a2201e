"""How observations become one image, by name. Does not belong here: computing it."""

import re
from dataclasses import dataclass
from typing import Literal, get_args

from eo_pipeline.errors import ProductError

Choice = Literal["min", "max", "first", "mosaic", "best_pixel", "medoid"]
"""Kinds whose values are those of one observation; `mosaic` takes the last one, as it does in Earth Engine."""
Way = Literal["percentile", "mean", Choice]

_PERCENTILE = re.compile(r"percentile_(\d{1,3})")

PATTERN = rf"^(median|mean|{'|'.join(get_args(Choice))}|percentile_(\d{{1,2}}|100))$"
"""Of the names that `kind_of` knows, for a schema."""


@dataclass(frozen=True)
class Kind:
    """One kind of composite.

    Attributes:
        way: how values come about.
        percent: of percentiles, 0 to 100; 50 is the median.
    """

    way: Way
    percent: int = 50

    @property
    def chooses(self) -> bool:
        """True if a value is that of one observation."""
        return self.way in get_args(Choice)


def kind_of(name: str) -> Kind:
    """The kind of a name: median, mean, min, max, first, mosaic, best_pixel, medoid, or percentile_N, N from 0 to 100.

    Raises:
        ProductError: there is no such kind.
    """
    found = _PERCENTILE.fullmatch(name)
    if found and int(found[1]) <= 100:
        return Kind("percentile", int(found[1]))
    if name == "median":
        return Kind("percentile")
    if name == "mean":
        return Kind("mean")
    for choice in get_args(Choice):
        if name == choice:
            return Kind(choice)
    raise ProductError(
        f"composite: expected one of median, mean, {', '.join(get_args(Choice))}, or percentile_N with N from 0 to "
        f"100, got {name!r}; correct the reducer"
    )
