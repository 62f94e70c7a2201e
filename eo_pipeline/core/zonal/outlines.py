"""Polygons of many zones as flat arrays on one grid, each in the pixels of its own window.

A zone's window is that of rasterstats and its vertices come to pixels by GDAL's own arithmetic, so that a vertex or
edge on a pixel's centre is rounded as there. Does not belong here: which pixels they hold (see core.kernels).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from shapely.geometry.base import BaseGeometry

from eo_pipeline.core.kernels.placing import place_vertices, ring_areas
from eo_pipeline.core.kernels.records import Floats, Ints, Outlines

NEGLIGIBLE = 1e-9
"""A share of a pixel, or of the zone's own area if that is less than a pixel, that is taken for a rounding error."""
_EMPTY = shapely.Polygon()


def outlines_of(shapes: Sequence[BaseGeometry], grid: GeoBox) -> Outlines:
    """Valid Polygons and MultiPolygons (empty ones hold no pixel) in the CRS of a grid."""
    geometries = np.array(shapes, dtype=object)
    coordinates, (rings, polygons, zones) = _ragged(geometries)
    x, y = np.ascontiguousarray(coordinates[:, 0]), np.ascontiguousarray(coordinates[:, 1])
    windows = zone_windows(shapely.bounds(geometries), grid)
    origins, inverse = _to_pixels(windows, grid)
    place_vertices(x, y, rings[polygons[zones]], origins, inverse)
    areas = ring_areas(x, y, rings)
    holes = np.ones(len(areas), np.bool_)
    holes[polygons[:-1][np.diff(polygons) > 0]] = False
    covered = np.add.reduceat(np.append(np.where(holes, -1, 1) * np.abs(areas), 0.0), polygons[zones][:-1])
    covered[np.diff(polygons[zones]) == 0] = 0
    return Outlines(
        x=x,
        y=y,
        rings=rings,
        polygons=polygons,
        zones=zones,
        clockwise=areas * grid.affine.determinant < 0,
        signs=np.where(holes, 1.0, -1.0) * np.sign(areas),
        least=NEGLIGIBLE * np.clip(covered, 0, 1),
        windows=windows,
    )


def _ragged(geometries: NDArray[Any]) -> tuple[Floats, tuple[Ints, Ints, Ints]]:
    """Coordinates (vertex, 2), and offsets of rings, of polygons into rings, and of zones into polygons."""
    geometries = geometries.copy()
    geometries[shapely.is_empty(geometries)] = _EMPTY
    if not geometries.size:
        return np.zeros((0, 2)), (np.zeros(1, np.int64), np.zeros(1, np.int64), np.zeros(1, np.int64))
    _, coordinates, offsets = shapely.to_ragged_array(geometries, include_z=False)
    rings, polygons, zones = (np.asarray(part, np.int64) for part in (*offsets, np.arange(geometries.size + 1))[:3])
    return coordinates, (rings, polygons, zones)


def zone_windows(bounds: Floats, grid: GeoBox) -> Ints:
    """The whole pixels (zone, 4) around bounds (zone, 4), left, bottom, right, top; none around NaN."""
    there = np.isfinite(bounds).all(axis=1)
    west, south, east, north = np.where(there[:, None], bounds, 0.0).T
    affine = grid.affine
    if affine.b == 0 and affine.d == 0:
        rows = np.sort([(north - affine.f) / affine.e, (south - affine.f) / affine.e], axis=0)
        columns = np.sort([(west - affine.c) / affine.a, (east - affine.c) / affine.a], axis=0)
    else:
        columns, rows = ~affine @ (np.stack([west, east, west, east]), np.stack([south, south, north, north]))
        rows, columns = np.sort(rows, axis=0), np.sort(columns, axis=0)
    ends, far = (rows[0], columns[0]), (rows[-1], columns[-1])
    windows = np.stack([*map(np.floor, ends), *map(np.ceil, far)], axis=1).astype(np.int64)
    return np.where(there[:, None], windows, 0)


def _to_pixels(windows: Ints, grid: GeoBox) -> tuple[Floats, Floats]:
    """Where the map's origin lies in each window, and pixels a unit: GDALInvGeoTransform of each window's affine."""
    affine = grid.affine
    rows, columns = windows[:, 0].astype(np.float64), windows[:, 1].astype(np.float64)
    if affine.b == 0 and affine.d == 0:
        left, top = columns * affine.a + affine.c, rows * affine.e + affine.f
        return np.stack([-left / affine.a, -top / affine.e], axis=1), np.array([1 / affine.a, 0, 0, 1 / affine.e])
    back = ~affine
    return np.stack([back.c - columns, back.f - rows], axis=1), np.array([back.a, back.b, back.d, back.e])
