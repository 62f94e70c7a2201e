"""Pixel centres of a window and their world coordinates, cheaply. What does not belong here: pixel values.

Smooth functions are evaluated at the nodes of a lattice anchored at the origin of the CRS and joined bilinearly. A
pixel's value so depends on its centre alone, never on the window that asks for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from eo_pipeline.sandbox.graph.crs import is_geographic, transformer
from eo_pipeline.sandbox.world.sinusoidal import SINUSOIDAL, degrees

NODE_METRES = 160.0
"""Spacing of the nodes in metric systems."""

NODE_DEGREES = 1 / 225
"""Spacing of the nodes in geographic systems, degrees."""

SINUSOIDAL_METRES = 463.3127165279165
"""Spacing of the nodes below pixels that are finer than this in the sinusoidal projection; four times it for others."""


@dataclass(frozen=True)
class Frame:
    """Pixel centres that run along the axes of a CRS.

    Attributes:
        crs: authority code; geographic or metric.
        x: first column's centre, CRS units.
        y: first row's centre, CRS units.
        step: distance of neighbouring centres, CRS units; rows run south.
        width: columns.
        height: rows.
        metres: side of the area a pixel stands for: finer detail is left out.
    """

    crs: str
    x: float
    y: float
    step: float
    width: int
    height: int
    metres: float

    @cached_property
    def columns(self) -> np.ndarray:
        """Centres of the columns, CRS units, (column)."""
        return self.x + self.step * np.arange(self.width)

    @cached_property
    def rows(self) -> np.ndarray:
        """Centres of the rows, CRS units, (row)."""
        return self.y - self.step * np.arange(self.height)

    def rows_between(self, first: int, last: int) -> Frame:
        """The rows [first, last) as a frame."""
        return Frame(self.crs, self.x, self.y - self.step * first, self.step, self.width, last - first, self.metres)


@dataclass(frozen=True)
class Axis:
    """One axis of a frame between nodes.

    Attributes:
        nodes: coordinates of the nodes used, rising, CRS units.
        below: for each pixel, index of the node at or before it.
        above: index of the next node.
        weight: share of the next node, 0..1, float64.
    """

    nodes: np.ndarray
    below: np.ndarray
    above: np.ndarray
    weight: np.ndarray

    @classmethod
    def of(cls, centres: np.ndarray, spacing: float) -> Axis:
        """The nodes around the centres."""
        cell = np.floor(centres / spacing).astype(np.int64)
        used = np.union1d(cell, cell + 1)
        below, above = np.searchsorted(used, cell), np.searchsorted(used, cell + 1)
        return cls(used * spacing, below, above, centres / spacing - cell)

    @classmethod
    def at(cls, centres: np.ndarray) -> Axis:
        """A node at each centre."""
        order = np.argsort(centres)
        index = np.argsort(order)
        return cls(centres[order], index, index, np.zeros(len(centres)))


@dataclass(frozen=True)
class Nodes:
    """The nodes around a frame.

    Attributes:
        across: the east axis.
        along: the north axis.
        u: eastward world coordinate of each node, (node row, node column) or, like the others, broadcastable to it;
            may leave 0..1.
        v: northward world coordinate of each node.
        longitude: degrees, unwrapped around the frame.
        latitude: degrees.
    """

    across: Axis
    along: Axis
    u: np.ndarray
    v: np.ndarray
    longitude: np.ndarray
    latitude: np.ndarray

    def spread(self, values: np.ndarray) -> np.ndarray:
        """Values at nodes (node row, node column), joined bilinearly at the pixels (row, column), same dtype."""
        values = np.broadcast_to(values, (len(self.along.nodes), len(self.across.nodes)))
        kind = values.dtype.type
        x, y = self.across, self.along
        weight = x.weight.astype(values.dtype)
        on_columns = values[:, x.below] * (kind(1) - weight) + values[:, x.above] * weight
        north = y.weight.astype(values.dtype)[:, None]
        result = on_columns[y.below]
        result *= kind(1) - north
        result += on_columns[y.above] * north
        return np.asarray(result)

    def smooth(self, function: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> np.ndarray:
        """A function of (u, v) at the pixels, by way of the nodes."""
        return self.spread(function(self.u, self.v))


def nodes_of(frame: Frame, spacing: float | None = None) -> Nodes:
    """The nodes around a frame, with their world coordinates.

    Args:
        frame: the pixels.
        spacing: distance of nodes, CRS units; default NODE_METRES or NODE_DEGREES, in the sinusoidal projection
            SINUSOIDAL_METRES or four times it. Frames of that projection that are as coarse as their nodes have one
            at each pixel.
    """
    spacing = spacing or _spacing(frame)
    if frame.crs == SINUSOIDAL and spacing <= frame.step:
        across, along = Axis.at(frame.columns), Axis.at(frame.rows)
    else:
        across, along = Axis.of(frame.columns, spacing), Axis.of(frame.rows, spacing)
    if is_geographic(frame.crs):
        x, y = across.nodes[None, :], along.nodes[:, None]
        return Nodes(across, along, *world(x, y), x, y)
    x, y = np.meshgrid(across.nodes, along.nodes)
    if frame.crs == SINUSOIDAL:
        longitude, latitude = degrees(x, y)
        return Nodes(across, along, *world(longitude, latitude), longitude, latitude)
    longitude, latitude = transformer(frame.crs, "EPSG:4326").transform(x, y)
    middle = middle_longitude(frame.crs)
    longitude = middle + np.remainder(longitude - middle + 180, 360) - 180
    return Nodes(across, along, *world(longitude, latitude), longitude, latitude)


def _spacing(frame: Frame) -> float:
    if frame.crs == SINUSOIDAL:
        return SINUSOIDAL_METRES if frame.metres < SINUSOIDAL_METRES else 4 * SINUSOIDAL_METRES
    return NODE_DEGREES if is_geographic(frame.crs) else NODE_METRES


def world(longitude: np.ndarray, latitude: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """World coordinates (u, v) of degrees; latitudes beyond +-89 count as +-89."""
    radians = np.deg2rad(np.clip(latitude, -89, 89))
    return (np.asarray(longitude) + 180) / 360, np.arcsinh(np.tan(radians)) / (2 * np.pi)


@lru_cache(maxsize=256)
def middle_longitude(crs: str) -> float:
    """Central meridian of a UTM zone, around which longitudes are unwrapped, degrees."""
    return float(transformer(crs, "EPSG:4326").transform(500_000.0, 5_000_000.0)[0])
