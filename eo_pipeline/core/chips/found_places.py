"""What a way of sampling finds: places, their chips, and what could not be had.

What does not belong here: the ways themselves.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from eo_pipeline.core.chips.chip_boxes import Windows


@dataclass(frozen=True)
class FoundPlaces:
    """Chips of one area and period before they are split; arrays (n,), one entry a chip.

    Attributes:
        ids: texts, unique.
        x: of the place, in the product's CRS.
        y: likewise.
        windows: pixels of the chips.
        unplaced: how many more were asked for, but could not be cut.
        labels: texts, None where there is none; None if places have no class.
        source_images: texts; None if chips are cut from composites.
        times: milliseconds since 1970, UTC; None if chips are cut from composites.
        shortfalls: found chips by class, of classes with fewer than were asked for.
        notes: sentences for a person.
    """

    ids: NDArray[np.object_]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    windows: Windows
    unplaced: int = 0
    labels: NDArray[np.object_] | None = None
    source_images: NDArray[np.object_] | None = None
    times: NDArray[np.int64] | None = None
    shortfalls: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def only(self, chosen: NDArray[np.bool_] | NDArray[np.int64]) -> "FoundPlaces":
        """Those of a mask, or at these positions in this order."""
        return replace(
            self,
            ids=self.ids[chosen],
            x=self.x[chosen],
            y=self.y[chosen],
            windows=self.windows.only(chosen),
            labels=None if self.labels is None else self.labels[chosen],
            source_images=None if self.source_images is None else self.source_images[chosen],
            times=None if self.times is None else self.times[chosen],
        )


def texts(values: list[str] | tuple[str, ...]) -> NDArray[np.object_]:
    """An array (n,) of texts."""
    found = np.empty(len(values), dtype=object)
    found[:] = values
    return found
