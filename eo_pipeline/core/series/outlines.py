"""Outlines of regions in a product's CRS, with edges as they were declared, and the one area that each belongs to.

Edges are made explicit before anything is asked: what the service gets is straight between its vertices, whatever it
takes edges for. What does not belong here: reading regions (`storage.vectors`).
"""

import math
from collections.abc import Iterable, Mapping
from typing import Literal

import numpy as np
import shapely
from numpy.typing import NDArray
from odc.geo.crs import CRS
from pyproj import Geod
from shapely.geometry.base import BaseGeometry

from eo_pipeline.core.grids import Area, Lattice
from eo_pipeline.core.zonal.parts import polygons_of
from eo_pipeline.core.zonal.reprojecting import edge_step, reprojected, transformer_of

Edges = Literal["planar", "geodesic"]

_WGS84 = CRS("EPSG:4326")
_BEND = 2
"""By how much closer vertices stand on geodesics: a CRS may bend one more than the Earth does, four times with this."""
_GEOD = Geod(ellps="WGS84")
Coordinates = NDArray[np.float64]


def outline(shape: BaseGeometry, crs: CRS, lattice: Lattice, *, edges: Edges) -> BaseGeometry:
    """A region as the product's CRS sees it.

    Args:
        shape: valid polygons in `crs`, x before y.
        crs: of the regions' file.
        lattice: the product's pixels.
        edges: straight in `crs`, or geodesics of the WGS 84 ellipsoid between the vertices.

    Returns:
        Polygons in the lattice's CRS, straight between their vertices; within a hundredth of a pixel of their true
        course. Unchanged if edges are planar and the CRS is the lattice's.
    """
    target = CRS(lattice.crs)
    if edges == "geodesic":
        step = edge_step(lattice.resolution, target) / _BEND
        shape, crs = along_geodesics(_moved(shape, crs, _WGS84), step), _WGS84
    if crs == target:
        return shape
    return reprojected(shape, crs, target, pixel=lattice.resolution)


def along_geodesics(shape: BaseGeometry, step: float) -> BaseGeometry:
    """Polygons in degrees with vertices added on the geodesics between theirs, `step` metres apart at most."""
    parts = [
        shapely.Polygon(_bent(part.exterior, step), [_bent(ring, step) for ring in part.interiors])
        for part in shapely.get_parts(shape)
    ]
    made: BaseGeometry = parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)
    return made if made.is_valid else polygons_of(shapely.make_valid(made))


def _bent(ring: BaseGeometry, step: float) -> Coordinates:
    points = shapely.get_coordinates(ring)
    starts, ends = points[:-1], points[1:]
    _, _, lengths = _GEOD.inv(starts[:, 0], starts[:, 1], ends[:, 0], ends[:, 1])
    found: list[Coordinates] = []
    for start, end, length in zip(starts, ends, lengths, strict=True):
        found.append(start[None])
        between = math.ceil(length / step) - 1
        if between > 0:
            added = np.array(_GEOD.npts(start[0], start[1], end[0], end[1], between), dtype=np.float64)
            added[:, 0] = start[0] + (added[:, 0] - start[0] + 180) % 360 - 180
            found.append(added)
    return np.vstack([*found, points[-1:]])


def inner_points(shapes: Iterable[BaseGeometry], crs: CRS, lattice: Lattice) -> Coordinates:
    """(region, x and y) of a point inside each polygon, in the lattice's CRS; infinite where that has no meaning."""
    points = shapely.get_coordinates(shapely.point_on_surface(np.asarray(list(shapes), dtype=object)))
    return np.column_stack(transformer_of(crs, CRS(lattice.crs)).transform(points[:, 0], points[:, 1]))


def owner(point: Coordinates, areas: Mapping[str, Area]) -> str | None:
    """Key of the one area that a point in the areas' CRS belongs to: the first in key order that holds it, or None.

    An area holds its left and top edges, not the others; longitudes count modulo a whole turn.
    """
    x, y = float(point[0]), float(point[1])
    return next((key for key in sorted(areas) if _holds(areas[key], x, y)), None)


def _holds(area: Area, x: float, y: float) -> bool:
    box, crs = area.geobox.boundingbox, area.geobox.crs
    if crs is not None and crs.geographic:
        x = box.left + (x - box.left) % 360
    return bool(box.left <= x < box.right and box.bottom < y <= box.top)


def pixels_around(shape: BaseGeometry, lattice: Lattice) -> int:
    """Pixels of the lattice in the bounds of a shape in its CRS; at least 1."""
    left, bottom, right, top = shape.bounds
    height, width = lattice.covering((left, bottom, right, top)).shape
    return max(1, int(height) * int(width))


def _moved(shape: BaseGeometry, crs: CRS, target: CRS) -> BaseGeometry:
    """The same vertices in another CRS, none added."""
    if crs == target:
        return shape
    transformer = transformer_of(crs, target)
    return shapely.transform(shape, lambda points: np.column_stack(transformer.transform(points[:, 0], points[:, 1])))
