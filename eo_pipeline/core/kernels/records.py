"""What kernels of zones take and give: rings of polygons, runs of pixels. Does not belong here: how they are made."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


class Outlines(NamedTuple):
    """Closed rings of the polygons of many zones, each zone in the pixels of its own window.

    Attributes:
        x: (vertex,) columns, counted from the left edge of the zone's window.
        y: (vertex,) rows, counted from the top of the zone's window.
        rings: (ring + 1,) offsets into the vertices; a ring's last vertex is its first.
        polygons: (polygon + 1,) offsets into the rings.
        zones: (zone + 1,) offsets into the polygons.
        clockwise: (ring,) True where a ring is clockwise on the map.
        signs: (ring,) 1 or -1: what a downward edge of the ring adds to the cover on its right, holes included.
        least: (zone,) shares of a pixel up to this are rounding errors.
        windows: (zone, 4) row start, column start, row stop, column stop on the grid; may reach beyond it.
    """

    x: Floats
    y: Floats
    rings: Ints
    polygons: Ints
    zones: Ints
    clockwise: NDArray[np.bool_]
    signs: Floats
    least: Floats
    windows: Ints


class Runs(NamedTuple):
    """Pixels of k zones inside one block; those of a zone are disjoint and ordered row by row.

    Attributes:
        offsets: (k + 1,) offsets of the zones into the runs.
        starts: (run,) first pixels, counted row by row in the block.
        lengths: (run,) pixels of one row.
        shares: (run,) share of each of its pixels, above 0, up to 1.
    """

    offsets: Ints
    starts: Ints
    lengths: Ints
    shares: Floats
