"""What is measured of zones, whoever measures it.

What does not belong here: how a person declares it (`core.product.zones`), and what comes of it (`entries`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.zonal.measures import Keep, Rule
from eo_pipeline.core.zonal.shapes import Kind
from eo_pipeline.core.zonal.statistics import of_values

Statistic = Callable[[NDArray[np.float64], NDArray[np.float64]], float]
"""A person's function of a zone's usable values in physical units, ascending, and their weights; both (n,), n > 0."""

_PIXELS: Mapping[Kind | Rule, str] = {
    Rule.CENTER: "pixels whose centre is inside",
    Rule.ALL_TOUCHED: "pixels that the zone touches",
    Rule.FRACTIONAL: "pixels by the share of them that the zone covers",
    "points": "pixels that hold a point of the zone",
    "lines": "pixels by the metres of the line inside",
}


@dataclass(frozen=True)
class Wanted:
    """What is measured of zones.

    Attributes:
        bands: that are measured, in order.
        statistics: names of `statistics`, in order; the same of every band.
        kind: of the zones.
        rule: which pixels belong to a polygon.
        inner_buffer: metres along the edges of polygons that do not count.
        classes: physical values of categorical bands that are counted; () for every class that is found.
        areas: whether classes have areas beside counts.
        histogram: ascending edges of bins in physical units, for all bands but categorical ones; none if empty.
        min_valid_share: values of a zone are null below it.
        functions: a person's own, by their names among the statistics.
    """

    bands: tuple[BandEncoding, ...]
    statistics: tuple[str, ...] = ("mean", "count")
    kind: Kind = "polygons"
    rule: Rule = Rule.CENTER
    inner_buffer: float = 0.0
    classes: tuple[int, ...] | None = None
    areas: bool = False
    histogram: tuple[float, ...] = ()
    min_valid_share: float = 0.0
    functions: Mapping[str, Statistic] = field(default_factory=dict)

    @property
    def by_share(self) -> bool:
        """Whether a pixel may count less, or more, than another."""
        return self.kind == "lines" or (self.kind == "polygons" and self.rule is Rule.FRACTIONAL)

    @property
    def whole_counts(self) -> bool:
        """Whether counts are whole numbers of pixels: always, unless shares of them are added up."""
        return not self.by_share or self.kind == "lines"

    @property
    def weighted(self) -> bool:
        """Whether a raster of weights is needed."""
        return "weighted_mean" in self.statistics

    @property
    def keep(self) -> Keep:
        """What must be kept of zones beside sums, until their last pixel is read."""
        names = [name for name in self.statistics if of_values(name)]
        if any(name in self.functions for name in names) or (names and any(band.is_float for band in self.bands)):
            return Keep.VALUES
        return Keep.CLASSES if names or self.classes is not None or self.histogram else Keep.NOTHING

    @property
    def pixels(self) -> str:
        """Which pixels count and how, in a few words."""
        if self.kind != "polygons":
            return _PIXELS[self.kind]
        within = f", {self.inner_buffer:g} m within the zone's edges" if self.inner_buffer else ""
        return f"{_PIXELS[self.rule]}{within}"
