"""How much of each pixel a geometry covers. What does not belong here: pixel values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
import shapely.affinity
from rasterio.features import rasterize
from shapely.geometry.base import BaseGeometry

from eo_pipeline.sandbox.graph.geometry import Geometry
from eo_pipeline.sandbox.graph.grids import Grid


@dataclass(frozen=True)
class Coverage:
    """A geometry on a grid.

    Attributes:
        fraction: (row, column) 0..1, the part of each pixel's area inside; 1 where a point or line touches a pixel.
        centred: (row, column) True where the pixel's centre is inside; where it is touched, for points and lines.
    """

    fraction: np.ndarray
    centred: np.ndarray


def coverage(geometry: Geometry, grid: Grid) -> Coverage:
    """Exact area fractions of a geometry on a grid."""
    inverse = ~grid.affine
    matrix = [inverse.a, inverse.b, inverse.d, inverse.e, inverse.c, inverse.f]
    shape = shapely.affinity.affine_transform(geometry.to(grid.crs), matrix)
    if shape.is_empty:
        nothing = np.zeros(grid.shape)
        return Coverage(nothing, nothing > 0)
    if shape.area == 0:
        touched = _burnt(shape, grid, touching=True)
        return Coverage(touched.astype(np.float64), touched)
    centred = _burnt(shape, grid, touching=False)
    fraction = centred.astype(np.float64)
    rows, columns = np.nonzero(_burnt(shape.boundary, grid, touching=True))
    cells = shapely.box(columns, rows, columns + 1, rows + 1)
    shapely.prepare(shape)
    fraction[rows, columns] = shapely.area(shapely.intersection(cells, shape))
    return Coverage(fraction, centred)


def _burnt(shape: BaseGeometry, grid: Grid, *, touching: bool) -> np.ndarray:
    """True (row, column) where a shape in pixel coordinates burns the grid."""
    return np.asarray(rasterize([shape], grid.shape, all_touched=touching, dtype="uint8") == 1)
