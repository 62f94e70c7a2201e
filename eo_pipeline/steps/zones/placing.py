"""Zones on the grid of a period's rasters: which of them touch it, and where.

Does not belong here: which pixels they hold.
"""

from collections.abc import Sequence

import numpy as np
import shapely
from odc.geo.geobox import GeoBox
from shapely.geometry.base import BaseGeometry

from eo_pipeline.core.mosaics import describe_grid
from eo_pipeline.core.zonal.outlines import zone_windows
from eo_pipeline.core.zonal.parts import parts_like
from eo_pipeline.core.zonal.shapes import Zones, on_grid_together
from eo_pipeline.errors import ZonesError

MAX_WINDOW_PIXELS = 2**26
"""A zone with more pixels than this in its bounding box is cut to the rasters' extent before it is measured."""
_NOWHERE = shapely.Polygon()


def placed_zones(
    zones: Zones, geometries: Sequence[BaseGeometry], grid: GeoBox, extent: BaseGeometry
) -> tuple[BaseGeometry, ...]:
    """Zones in the CRS of a grid, in order; an empty polygon where one does not touch `extent`.

    Args:
        zones: that are measured.
        geometries: what counts of each, in the CRS of `zones`.
        grid: of the rasters.
        extent: of the areas, in the CRS of the grid.

    Raises:
        ZonesError: none touches it.
    """
    moved = np.array(on_grid_together(geometries, zones.crs, grid), dtype=object)
    shapely.prepare(extent)
    there = shapely.intersects(extent, moved)
    if len(there) and not there.any():
        raise _nowhere(zones, grid)
    moved[~there] = _NOWHERE
    return _cut(moved.tolist(), grid)


def touching(zones: Zones, area: GeoBox) -> Zones:
    """The zones that touch an area, in the same order."""
    placed = np.array(on_grid_together(zones.geometries, zones.crs, area), dtype=object)
    there = shapely.intersects(shapely.box(*area.boundingbox), placed)
    return zones.only({name for name, touches in zip(zones.ids, there.tolist(), strict=True) if touches})


def _cut(shapes: Sequence[BaseGeometry], grid: GeoBox) -> tuple[BaseGeometry, ...]:
    """Zones with very large windows, cut to the grid."""
    windows = zone_windows(shapely.bounds(np.array(shapes, dtype=object)), grid)
    large = (windows[:, 2:] - windows[:, :2]).prod(axis=1) > MAX_WINDOW_PIXELS
    frame = shapely.box(*grid.boundingbox)
    return tuple(
        parts_like(shapely.make_valid(shape).intersection(frame), shape) if cut and not frame.contains(shape) else shape
        for shape, cut in zip(shapes, large.tolist(), strict=True)
    )


def _nowhere(zones: Zones, grid: GeoBox) -> ZonesError:
    bounds = ", ".join(f"{number:.6g}" for number in shapely.total_bounds(np.asarray(zones.geometries, dtype=object)))
    return ZonesError(
        f"{zones.source}: expected zones that touch the areas on [{describe_grid(grid)}], "
        f"got {len(zones.ids)} zones elsewhere (bounds {bounds} in {zones.crs}); choose zones or areas that meet"
    )
