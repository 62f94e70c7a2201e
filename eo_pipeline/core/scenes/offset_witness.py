"""What the pixels of a Sentinel-2 scene say about their offset, where its item is in doubt.

Plants absorb red light: over vegetation reflectance in B04 is 0.02 to 0.08, stored as 200 to 800, or as 1200 to 1800
with ESA's 1000. So the classes of the scene itself tell which of the two it is. A scene with hardly any vegetation,
such as a desert or the sea, tells nothing. What does not belong here: reading pixels.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from eo_pipeline.core.scenes.offsets import ADDED

VEGETATION = 4
"""Class of SCL."""

_ENOUGH = 200
"""Pixels of vegetation."""

_BETWEEN = (800, 1200)
"""Stored red: medians below have no 1000 in them, those above have; between, soil shows among the plants, as it does in
fields in winter, and either may be.
"""


def witnessed_offset(red: NDArray[Any], scl: NDArray[Any]) -> float | None:
    """The offset that the pixels speak for; None if they do not say.

    Args:
        red: stored numbers of B04, (y, x), 0 = none.
        scl: classes of the same pixels, (y, x).
    """
    seen = red[(scl == VEGETATION) & (red > 0)]
    if seen.size < _ENOUGH:
        return None
    median = float(np.median(seen))
    if _BETWEEN[0] <= median <= _BETWEEN[1]:
        return None
    return 0.0 if median < _BETWEEN[0] else ADDED
