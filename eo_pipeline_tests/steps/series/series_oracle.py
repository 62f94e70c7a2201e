"""Statistics of a region written plainly: shares of pixels by shapely, ground areas by pyproj, sums by numpy.

What does not belong here: anything of the pipeline, and where pixels come from.
"""

import math
from collections.abc import Mapping
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from pyproj import Geod
from shapely.geometry.base import BaseGeometry

Values = NDArray[np.float64]
_GEOD = Geod(ellps="WGS84")


def corners(geobox: GeoBox) -> tuple[Values, Values]:
    """Place x of the columns' edges and y of the rows' edges of an upright grid."""
    a = geobox.affine
    height, width = geobox.shape
    columns, rows = np.arange(width + 1, dtype=np.float64), np.arange(height + 1, dtype=np.float64)
    return np.asarray(a.c + a.a * columns, dtype=np.float64), np.asarray(a.f + a.e * rows, dtype=np.float64)


def shares(shape: BaseGeometry, geobox: GeoBox) -> Values:
    """(y, x) part of each pixel that lies inside, edges straight in the grid's CRS."""
    x, y = corners(geobox)
    boxes = shapely.box(x[None, :-1], y[1:, None], x[None, 1:], y[:-1, None])
    found: Values = shapely.area(shapely.intersection(boxes, shape)) / shapely.area(boxes)
    return found


def centred(shape: BaseGeometry, geobox: GeoBox) -> NDArray[np.bool_]:
    """(y, x) True where a pixel's centre lies inside."""
    x, y = corners(geobox)
    middle_x, middle_y = np.meshgrid((x[:-1] + x[1:]) / 2, (y[:-1] + y[1:]) / 2)
    return np.asarray(shapely.contains_xy(shape, middle_x, middle_y))


def ground_areas(geobox: GeoBox) -> Values:
    """(y, 1) square metres of the pixels of a grid in degrees, whose sides are parallels and meridians."""
    x, y = corners(geobox)
    along = np.linspace(x[0], x[1], 50)
    areas = [
        _GEOD.polygon_area_perimeter([*along, *along[::-1]], [bottom] * 50 + [top] * 50)[0]
        for top, bottom in pairwise(y)
    ]
    return np.abs(np.array(areas))[:, None]


def statistics(
    values: Values, shape: BaseGeometry, geobox: GeoBox, *, weights: str, areas: Values | float = 1.0
) -> Mapping[str, float]:
    """Everything that a series tells of one region; NaN where there is nothing.

    Args:
        values: (y, x), NaN where masked.
        shape: in the grid's CRS.
        geobox: of the values.
        weights: area, pixel or none.
        areas: square metres of pixels, for area.
    """
    share, inside = shares(shape, geobox), centred(shape, geobox)
    weight = {"area": share * areas, "pixel": share, "none": inside.astype(float)}[weights]
    weight = np.where(share >= 0.005, weight, 0) if weights != "none" else weight
    valid = ~np.isnan(values)
    w, v = weight[valid], values[valid]
    counted = values[inside & valid]
    found = {"count": float(len(counted)), "sum": (w * v).sum()}
    found["valid_fraction"] = w.sum() / weight.sum() if weight.sum() else 0.0
    found["mean"] = found["sum"] / w.sum() if w.sum() else math.nan
    found["std"] = math.sqrt((w * (v - found["mean"]) ** 2).sum() / w.sum()) if w.sum() else math.nan
    for name, percent in {"min": 0, "p10": 10, "median": 50, "p90": 90, "max": 100}.items():
        found[name] = float(np.percentile(counted, percent)) if len(counted) else math.nan
    return found if w.sum() else {**found, "sum": math.nan}
