"""Vertices from a map's coordinates to columns and rows. Does not belong here: which window a zone has."""

import numpy as np
from numpy.typing import NDArray

from eo_pipeline.core.kernels.compiled import kernel


@kernel
def place_vertices(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    bounds: NDArray[np.int64],
    origins: NDArray[np.float64],
    inverse: NDArray[np.float64],
) -> None:
    """In place: column = origin + x * xx + y * xy, row = origin + x * yx + y * yy, added up from left to right.

    Args:
        x: of the vertices in the map's units; becomes columns.
        y: likewise; becomes rows.
        bounds: (zone + 1,) offsets into the vertices.
        origins: (zone, 2) column and row of the map's origin, counted from the zone's window.
        inverse: xx, xy, yx, yy: pixels a unit of the map.
    """
    for zone in range(bounds.size - 1):
        for vertex in range(bounds[zone], bounds[zone + 1]):
            east, north = x[vertex], y[vertex]
            x[vertex] = origins[zone, 0] + east * inverse[0] + north * inverse[1]
            y[vertex] = origins[zone, 1] + east * inverse[2] + north * inverse[3]


@kernel
def ring_areas(x: NDArray[np.float64], y: NDArray[np.float64], rings: NDArray[np.int64]) -> NDArray[np.float64]:
    """Signed areas (ring,) of closed rings, in square units of x and y; positive if counter-clockwise, y upwards."""
    areas = np.zeros(rings.size - 1)
    for ring in range(rings.size - 1):
        start = rings[ring]
        for vertex in range(start + 1, rings[ring + 1]):
            before, after = x[vertex - 1] - x[start], x[vertex] - x[start]
            areas[ring] += (before * (y[vertex] - y[start]) - after * (y[vertex - 1] - y[start])) / 2
    return areas
