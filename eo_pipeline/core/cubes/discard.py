"""Which shards of a cube are made: those with land near them, those in an area of interest. The others are discarded.

What does not belong here: reading files of shapes, and what the ledger says of a discarded shard.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from odc.geo.crs import CRS
from shapely.geometry.base import BaseGeometry

from eo_pipeline.core.cubes.cube_region import shards_of
from eo_pipeline.core.cubes.cube_template import CubeTemplate
from eo_pipeline.core.cubes.shapes_on_grid import pieces_on_grid
from eo_pipeline.core.rectangles import Rectangle

LAND_BUFFER = 25_000.0
"""Metres around land within which a shard is kept: coasts of 1:50m stray by as much."""
_EDGE = 0.01
"""Pixels by which a shard has to reach into a shape: one that only touches it shares nothing with it."""


@dataclass(frozen=True)
class Shapes:
    """Where something is.

    Attributes:
        geometries: polygons in `crs`, x before y, valid; if in degrees, longitudes from -360 to 360.
        crs: of the geometries.
        buffer: metres around them that count as well, 0 to 50,000.
    """

    geometries: Sequence[BaseGeometry]
    crs: CRS
    buffer: float = 0.0


@dataclass(frozen=True)
class Kept:
    """Which shards are made.

    Attributes:
        template: the cube.
        shards: (shard_y, shard_x), counted from the cube's upper left, True where a shard is made.
    """

    template: CubeTemplate
    shards: NDArray[np.bool_]

    @property
    def discarded_share(self) -> float:
        """Share of all shards that are not made, 0 to 1."""
        return 1.0 - float(self.shards.mean())

    def of(self, region: Rectangle) -> NDArray[np.bool_]:
        """The same for the shards of a region of the cube (`core.cubes.cube_region.region_of`)."""
        return self.shards[shards_of(self.template, region).slices]


def kept_shards(template: CubeTemplate, *, land: Shapes | None = None, area: Shapes | None = None) -> Kept:
    """The shards that share ground with land and with the area of interest; None for everywhere.

    In doubt a shard is kept: where a shape reaches beyond what the cube's CRS can show, and within the buffer.

    Raises:
        CubeError: a shape cannot be brought into the cube's CRS.
    """
    shards = np.ones(template.shard_grid, bool)
    for shapes in (land, area):
        if shapes is not None:
            shards &= _touched(template, shapes)
    return Kept(template, shards)


def shard_boxes(template: CubeTemplate) -> NDArray[np.object_]:
    """The ground of each shard as a box in the cube's CRS, (shard_y, shard_x); those at its edge end with the cube."""
    (height, width), (rows, columns) = template.geobox.shape, template.shard_shape
    down, across = (np.arange(count + 1) for count in template.shard_grid)
    a, _, c, _, e, f = tuple(template.geobox.affine)[:6]
    x = c + a * np.minimum(across * columns, width)
    y = f + e * np.minimum(down * rows, height)
    low, high = np.minimum(y[:-1], y[1:]), np.maximum(y[:-1], y[1:])
    left, right = np.minimum(x[:-1], x[1:]), np.maximum(x[:-1], x[1:])
    inset_x, inset_y = abs(a) * _EDGE, abs(e) * _EDGE
    boxes: NDArray[np.object_] = shapely.box(
        left[None, :] + inset_x, low[:, None] + inset_y, right[None, :] - inset_x, high[:, None] - inset_y
    )
    return boxes


def _touched(template: CubeTemplate, shapes: Shapes) -> NDArray[np.bool_]:
    """True where a shard shares ground with a shape, (shard_y, shard_x)."""
    boxes = shard_boxes(template)
    pieces = pieces_on_grid(shapes.geometries, shapes.crs, template.geobox, buffer=shapes.buffer)
    found = shapely.STRtree(boxes.ravel()).query(pieces, predicate="intersects")[1]
    touched = np.zeros(boxes.size, bool)
    touched[found] = True
    return touched.reshape(boxes.shape)
