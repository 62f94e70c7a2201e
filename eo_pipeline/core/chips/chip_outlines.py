"""Outlines of chips in any CRS. What does not belong here: where chips lie (`chip_boxes`)."""

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Transformer

from eo_pipeline.core.chips.chip_boxes import Windows, transformer

_A_SIDE = 4
"""Straight pieces that stand for one side of a chip in another CRS."""


def chip_outlines(
    windows: Windows, crs: str, *, near: NDArray[np.float64], inwards: float = 0.0
) -> NDArray[np.object_]:
    """Polygons (n,) of chips in one CRS; each side of a chip of another CRS becomes several straight pieces.

    Args:
        windows: the chips.
        crs: of the polygons.
        near: x of each chip's place in that CRS. In degrees a polygon is whole and lies there, be it beyond 180.
        inwards: pixels by which the outline is smaller on each side.
    """
    found = np.full(len(windows), None, dtype=object)
    for own in sorted(set(windows.crs.tolist())):
        chosen = windows.crs == own
        edges = _edges(windows.only(chosen), inwards)
        found[chosen] = _boxes(edges) if own == crs else _outlines(edges, transformer(own, crs), near[chosen])
    return found


_Edges = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]
"""Left, bottom, right and top (n,)."""


def _edges(windows: Windows, inwards: float) -> _Edges:
    less = windows.resolution * inwards
    right = windows.left + windows.width * windows.resolution
    bottom = windows.top - windows.height * windows.resolution
    return windows.left + less, bottom + less, right - less, windows.top - less


def _boxes(edges: _Edges) -> NDArray[np.object_]:
    left, bottom, right, top = edges
    return np.asarray(shapely.box(left, bottom, right, top), dtype=object)


def _outlines(edges: _Edges, move: Transformer, near: NDArray[np.float64]) -> NDArray[np.object_]:
    """Rings of 4 * _A_SIDE + 1 points, clockwise from the upper left corner."""
    along = np.linspace(0, 1, _A_SIDE, endpoint=False)
    zero, one = np.zeros(_A_SIDE), np.ones(_A_SIDE)
    across = np.concatenate([along, one, 1 - along, zero, [0.0]])
    down = np.concatenate([zero, along, one, 1 - along, [0.0]])
    left, bottom, right, top = (edge[:, None] for edge in edges)
    moved_x, moved_y = move.transform(left + across * (right - left), top - down * (top - bottom))
    if move.target_crs is not None and move.target_crs.is_geographic:
        moved_x += np.round((near[:, None] - moved_x) / 360) * 360
    return np.asarray(shapely.polygons(np.stack([moved_x, moved_y], axis=-1)), dtype=object)
