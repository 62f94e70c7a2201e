"""Geometries in another CRS, with edges that stay where they were.

What does not belong here: grids, and the 180th meridian (`shapes`).
"""

import math
from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray
from odc.geo.crs import CRS
from pyproj import Transformer
from shapely.geometry.base import BaseGeometry

from eo_pipeline.core.zonal.parts import parts_like

EARTH_RADIUS = 6_371_000.0
METRES_PER_DEGREE = 111_320.0
CHORD_ERROR = 0.01
"""How far, in pixels, a straight edge may depart from the curve it becomes in another CRS."""


def reprojected(geometry: BaseGeometry, crs: CRS, target: CRS, *, pixel: float) -> BaseGeometry:
    """One geometry in another CRS; see `reprojected_together`."""
    return reprojected_together([geometry], crs, target, pixel=pixel)[0]


def reprojected_together(
    geometries: Sequence[BaseGeometry], crs: CRS, target: CRS, *, pixel: float, around: float | None = None
) -> tuple[BaseGeometry, ...]:
    """Geometries in another CRS, edges densified so that they stay within CHORD_ERROR pixels of their true course.

    Args:
        geometries: in `crs`; valid again afterwards if they were.
        crs: in which their edges are straight.
        target: another CRS.
        pixel: CRS units of the target along the shorter side of a pixel.
        around: of a target in degrees, the longitude that all come within half a turn of.
    """
    step = edge_step(pixel, target) / metres_per_unit(crs)
    transformer = transformer_of(crs, target)

    def move(points: NDArray[np.float64]) -> NDArray[np.float64]:
        x, y = transformer.transform(points[:, 0], points[:, 1])
        return np.column_stack([x if around is None else around + (x - around + 180) % 360 - 180, y])

    moved = shapely.transform(shapely.segmentize(np.asarray(geometries, dtype=object), step), move)
    return tuple(shape if shape.is_valid else parts_like(shapely.make_valid(shape), shape) for shape in moved)


def edge_step(pixel: float, crs: CRS) -> float:
    """Metres of a great circle that stays within CHORD_ERROR pixels of its chord; `pixel` in units of its CRS."""
    return math.sqrt(8 * EARTH_RADIUS * CHORD_ERROR * pixel * metres_per_unit(crs))


def transformer_of(source: CRS, target: CRS) -> Transformer:
    """From x and y of one CRS to x and y of another, longitudes before latitudes."""
    return Transformer.from_crs(source.proj, target.proj, always_xy=True)


def metres_per_unit(crs: CRS) -> float:
    """Metres of a unit of a projected CRS; of a degree about what one has along a meridian."""
    return METRES_PER_DEGREE if crs.geographic else float(crs.proj.axis_info[0].unit_conversion_factor)
