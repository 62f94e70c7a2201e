"""Outlines of chips on the globe. What does not belong here: outlines in other CRSs (`chip_outlines`)."""

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import affinity

from eo_pipeline.core.chips.chip_boxes import Windows
from eo_pipeline.core.chips.chip_outlines import chip_outlines

FOOTPRINT_CRS = "EPSG:4326"
_GLOBE = shapely.box(-180, -90, 180, 90)


def footprints(windows: Windows, longitude: NDArray[np.float64]) -> NDArray[np.object_]:
    """Polygons (n,), longitude before latitude, from -180 to 180; what crosses the 180th meridian is cut there.

    Args:
        windows: the chips.
        longitude: of each chip's place.
    """
    shapes = chip_outlines(windows, FOOTPRINT_CRS, near=longitude)
    bounds = shapely.bounds(shapes)
    for number in np.flatnonzero((bounds[:, 0] < -180) | (bounds[:, 2] > 180)).tolist():
        shapes[number] = _cut(shapes[number])
    return shapes


def _cut(shape: Any) -> Any:
    """What lies beyond the 180th meridian, on the other side of it."""
    moved = [affinity.translate(shape, xoff=degrees) for degrees in (-360, 0, 360)]
    return shapely.union_all([each.intersection(_GLOBE) for each in moved])
