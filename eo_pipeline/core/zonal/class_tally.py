"""How much there is of each class in each zone.

What does not belong here: columns of classes (`entries`), and the ground area of a pixel (`cell_areas`).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from eo_pipeline.core.zonal.from_values import tally
from eo_pipeline.core.zonal.measures import Distribution
from eo_pipeline.core.zonal.wanted import Wanted

Numbers = NDArray[np.float64]


class ClassTally:
    """Classes of zones; called with each zone and band when it is complete. Bands that are not categorical have none.

    By weight, with pixels that are weighed by their area, it is the ground that classes cover; else it is pixels.
    """

    def __init__(self, wanted: Wanted, *, by_weight: bool) -> None:
        """Nothing is known yet."""
        self._wanted, self._by_weight = wanted, by_weight
        self._zones: list[list[int]] = [[] for _ in wanted.bands]
        self._classes: list[list[Numbers]] = [[] for _ in wanted.bands]
        self._amounts: list[list[Numbers]] = [[] for _ in wanted.bands]

    def __call__(self, zone: int, band: int, distribution: Distribution) -> None:
        """Count the classes of one zone and band."""
        encoding = self._wanted.bands[band]
        if self._wanted.classes is None or encoding.kind != "categorical":
            return
        stored, amounts = tally(distribution, by_share=self._by_weight)
        self._zones[band].append(zone)
        self._classes[band].append(stored.astype(np.float64) * encoding.scale + encoding.offset)
        self._amounts[band].append(amounts)

    def found(self, band: int) -> tuple[NDArray[np.int64], Numbers, Numbers]:
        """Zone, class and amount, each (n,), of every class that a zone has; zones in the order they came."""
        if not self._zones[band]:
            return np.empty(0, np.int64), np.empty(0), np.empty(0)
        zones = np.repeat(np.array(self._zones[band], np.int64), [len(part) for part in self._classes[band]])
        return zones, np.concatenate(self._classes[band]), np.concatenate(self._amounts[band])

    def amounts(self, zones: int, band: int, classes: Sequence[float]) -> Numbers:
        """(zone, class) how much there is of certain classes; 0 where a zone has none."""
        zone, found, amount = self.found(band)
        made = np.zeros((zones, len(classes)))
        for column, number in enumerate(classes):
            same = found == number
            made[zone[same], column] = amount[same]
        return made
