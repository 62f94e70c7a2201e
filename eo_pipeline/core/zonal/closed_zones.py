"""What is taken of zones whose pixels have all been read, before their values are dropped.

What does not belong here: when that is (the engine), and what one zone's values tell (`from_values`).
"""

import numpy as np
from numpy.typing import NDArray

from eo_pipeline.core.zonal.class_tally import ClassTally
from eo_pipeline.core.zonal.from_values import from_function, from_values
from eo_pipeline.core.zonal.measures import Distribution
from eo_pipeline.core.zonal.statistics import of_values
from eo_pipeline.core.zonal.wanted import Wanted

Numbers = NDArray[np.float64]


class ClosedZones:
    """Statistics, counts of classes and histograms of zones; called with each zone and band when it is complete.

    Attributes:
        statistics: (zone, band) of each statistic that needs values, in physical units; NaN where nothing was usable.
        classes: how much there is of each class.
        bins: (zone, band, bin) how much lies in each bin of the histogram.
    """

    def __init__(self, zones: int, wanted: Wanted) -> None:
        """Nothing is known yet of `zones` zones."""
        self._wanted = wanted
        shape = (zones, len(wanted.bands))
        names = [name for name in wanted.statistics if of_values(name)]
        self.statistics: dict[str, Numbers] = {name: np.full(shape, np.nan) for name in names}
        self.classes = ClassTally(wanted, by_weight=not wanted.whole_counts)
        self.bins: Numbers = np.zeros((*shape, max(0, len(wanted.histogram) - 1)))

    def __call__(self, zone: int, band: int, distribution: Distribution) -> None:
        """Take what is wanted of one zone and band."""
        wanted, encoding = self._wanted, self._wanted.bands[band]
        for name, numbers in self.statistics.items():
            if name in wanted.functions:
                numbers[zone, band] = from_function(name, wanted.functions[name], distribution, encoding)
            else:
                numbers[zone, band] = from_values(name, distribution, encoding, by_share=wanted.by_share)
        self.classes(zone, band, distribution)
        if wanted.histogram and encoding.kind != "categorical":
            self.bins[zone, band] = self._histogram(distribution, band)

    def _histogram(self, found: Distribution, band: int) -> Numbers:
        """How much lies in each bin; a bin holds its lower end, the last one its upper end, too, as numpy's do."""
        encoding = self._wanted.bands[band]
        values = found.values.astype(np.float64) * encoding.scale + encoding.offset
        weights = found.counts if self._wanted.whole_counts else found.weights
        return np.histogram(values, self._wanted.histogram, weights=weights)[0].astype(np.float64)
