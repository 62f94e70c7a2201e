"""Points as values, and which area and pixel each one belongs to.

What does not belong here: reading files of points, and which of them are asked for together (`groups`).
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from shapely.geometry.base import BaseGeometry

from eo_pipeline.core.grids import Area

NOWHERE = -1
"""Stands for the area of points that belong to none."""


@dataclass(frozen=True)
class Points:
    """Points in their source's order; arrays (n,).

    Attributes:
        ids: texts, unique.
        x: in the product's CRS.
        y: likewise.
    """

    ids: NDArray[np.object_]
    x: NDArray[np.float64]
    y: NDArray[np.float64]

    def __len__(self) -> int:
        """How many."""
        return len(self.ids)

    @property
    def identity(self) -> str:
        """Digest of ids and places, hexadecimal: the same text, the same points in the same order."""
        digest = hashlib.sha256("\0".join(self.ids.tolist()).encode())
        digest.update(self.x.tobytes())
        digest.update(self.y.tobytes())
        return digest.hexdigest()

    def only(self, chosen: NDArray[np.bool_] | NDArray[np.int64]) -> "Points":
        """Those of a mask, or at these positions in this order."""
        return Points(self.ids[chosen], self.x[chosen], self.y[chosen])


@dataclass(frozen=True)
class Pixels:
    """The pixel of a GeoBox that each of some points lies in; arrays (n,).

    Attributes:
        rows: counted from the top.
        columns: counted from the left.
        inside: False for points beyond the GeoBox; their pixel is beyond it, too.
    """

    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    inside: NDArray[np.bool_]


def owners(points: Points, areas: Mapping[str, Area], polygons: Mapping[str, BaseGeometry]) -> NDArray[np.int64]:
    """The area (n,) that each point belongs to, as its position in `areas`, or NOWHERE.

    That is the first whose polygon holds the point or, where areas have none, whose pixels do.

    Args:
        points: in the CRS of the areas.
        areas: by key, in key order.
        polygons: of areas that are features, by key, in the same CRS; empty if areas are cells or a box.
    """
    found = np.full(len(points), NOWHERE, np.int64)
    for number, (key, area) in enumerate(areas.items()):
        left = np.flatnonzero(found == NOWHERE)
        near = left[pixels_of(points.only(left), area.geobox).inside]
        if near.size and key in polygons:
            shape = polygons[key]
            shapely.prepare(shape)
            near = near[shapely.intersects_xy(shape, beside(points.x[near], area.geobox), points.y[near])]
        found[near] = number
    return found


def pixels_of(points: Points, geobox: GeoBox) -> Pixels:
    """The pixels of points: a pixel holds its left and upper edges.

    Args:
        points: in the GeoBox's CRS; longitudes count modulo a whole turn.
        geobox: north up, square pixels.
    """
    affine, (height, width) = geobox.affine, geobox.shape
    columns = np.floor((beside(points.x, geobox) - affine.c) / affine.a).astype(np.int64)
    rows = np.floor((points.y - affine.f) / affine.e).astype(np.int64)
    inside = (rows >= 0) & (rows < int(height)) & (columns >= 0) & (columns < int(width))
    return Pixels(rows, columns, inside)


def beside(x: NDArray[np.float64], geobox: GeoBox) -> NDArray[np.float64]:
    """Longitudes moved by whole turns to where a GeoBox begins; other coordinates as they are."""
    if geobox.crs is None or not geobox.crs.geographic:
        return x
    left = geobox.boundingbox.left
    moved: NDArray[np.float64] = x - np.floor((x - left) / 360) * 360
    return moved
