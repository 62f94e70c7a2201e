"""Statistics of zones over the mosaics of one period.

The mosaics are areas of one product on one pixel lattice; a zone is measured over all of them together, by
rasterstats. Does not belong here: which statistics there are, and how tables are stored.
"""

import datetime as dt
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import shapely
from affine import Affine
from odc.geo.geobox import GeoBox
from rasterstats import zonal_stats
from shapely.geometry.base import BaseGeometry

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.headers import RasterHeader, check_headers, check_lattice
from eo_pipeline.core.mosaics import MosaicPlan, describe_grid, plan_mosaic, union_grid
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.core.tables import Column
from eo_pipeline.core.zonal.columns import zone_columns
from eo_pipeline.core.zonal.shapes import Zones, on_grid, polygons_of
from eo_pipeline.core.zonal.statistics import check_statistics, physical, raw_names
from eo_pipeline.core.zonal.wanted import Wanted
from eo_pipeline.errors import ZonesError
from eo_pipeline.storage.rasters import read_headers, read_together

MAX_WINDOW_PIXELS = 2**26
"""A zone with more pixels than this in its bounding box is cut to the rasters' extent before it is measured."""

Progress = Callable[[int, int], None]
"""Called with (zones measured, zones in all)."""


@dataclass(frozen=True)
class _Ground:
    """Rasters of one period side by side.

    Attributes:
        headers: in order of precedence.
        grid: the smallest that holds them all.
        plan: how they fill the grid, in the order of `headers`.
        extent: what they cover, in the grid's CRS.
    """

    headers: Mapping[Path, RasterHeader]
    grid: GeoBox
    plan: MosaicPlan
    extent: BaseGeometry


def measure_zones(
    zones: Zones,
    rasters: Sequence[Path],
    *,
    bands: Sequence[BandEncoding],
    statistics: Sequence[str],
    period_key: str,
    period_start: dt.date,
    period_end: dt.date,
    areas: Sequence[GeoBox] = (),
    all_touched: bool = False,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Measure every zone over the rasters of one period.

    Args:
        zones: polygons in any CRS; they may cross rasters.
        rasters: mosaics on one lattice; none if the period has no image.
        bands: what to measure; found by name in the rasters.
        statistics: names of core.zonal.statistics.
        period_key: text that identifies the period.
        period_start: first day, UTC.
        period_end: day after the last day, UTC.
        areas: grids of every area of the period, with images or without; those of the rasters if empty.
        all_touched: whether pixels count that a zone only touches; otherwise their centre decides.
        progress: told after every zone.

    Returns:
        One row a zone in the file's order, with the columns of core.zonal.columns, in physical units. A zone that
        touches no raster has count 0 and nulls.

    Raises:
        ZonesError: no zone touches any area, or two columns would have one name.
        ProductError: a statistic is unknown.
        TilesError: a raster cannot be read or does not hold the bands.
        GridMismatchError: the rasters do not lie on one lattice.
    """
    columns = zone_columns(zones.id_column, Wanted(tuple(bands), check_statistics(statistics)))
    ground = _ground(rasters, areas, bands) if rasters or areas else None
    placed = [None if ground is None else _placed(shape, zones, ground) for shape in zones.geometries]
    if ground is not None and placed and all(shape is None for shape in placed):
        raise _nowhere(zones, ground)
    rows = []
    for done, (zone, shape) in enumerate(zip(zones.ids, placed, strict=True), start=1):
        measured = _measured(shape, ground, bands, statistics, all_touched=all_touched)
        rows.append((zone, period_key, period_start, period_end, *measured))
        if progress is not None:
            progress(done, len(placed))
    table = pd.DataFrame(rows, columns=[column.name for column in columns])
    return table.astype({column.name: dtype for column in columns if (dtype := _dtype(column))})


def touching(zones: Zones, area: GeoBox) -> Zones:
    """The zones that touch an area, in the same order."""
    extent = shapely.box(*area.boundingbox)
    placed = zip(zones.ids, zones.geometries, strict=True)
    return zones.only({name for name, shape in placed if on_grid(shape, zones.crs, area).intersects(extent)})


def _ground(rasters: Sequence[Path], areas: Sequence[GeoBox], bands: Sequence[BandEncoding]) -> _Ground:
    headers = read_headers(rasters)
    check_headers(headers, bands)
    there = [header.geobox for header in headers.values()]
    wanted = areas or there
    check_lattice(headers, wanted[0])
    grid = union_grid(wanted)
    extent = shapely.union_all([shapely.box(*part.boundingbox) for part in wanted])
    return _Ground(headers, grid, plan_mosaic(there, grid), extent)


def _placed(shape: BaseGeometry, zones: Zones, ground: _Ground) -> BaseGeometry | None:
    """The zone on the common grid; None if it touches no area."""
    moved = on_grid(shape, zones.crs, ground.grid)
    if not moved.intersects(ground.extent):
        return None
    if _window(moved, ground.grid).pixels > MAX_WINDOW_PIXELS:
        moved = polygons_of(shapely.make_valid(moved).intersection(shapely.box(*ground.grid.boundingbox)))
    return moved


def _measured(
    shape: BaseGeometry | None,
    ground: _Ground | None,
    bands: Sequence[BandEncoding],
    statistics: Sequence[str],
    *,
    all_touched: bool,
) -> list[float | None]:
    """The statistics of one zone in column order, in physical units; its pixels are read once."""
    if shape is None or ground is None or not ground.headers:
        return [0 if statistic == "count" else None for _ in bands for statistic in statistics]
    window = _window(shape, ground.grid)
    affine = ground.grid.affine @ Affine.translation(window.column_start, window.row_start)
    empty, dtype = _outside(bands[0])
    pixels = read_together(ground.headers, ground.plan, window, bands, empty=empty, dtype=dtype)
    values = []
    for band, stored in zip(bands, pixels, strict=True):
        asked = sorted({name for statistic in statistics for name in raw_names(statistic, band)})
        (raw,) = zonal_stats(shape, stored, affine=affine, nodata=empty, stats=asked, all_touched=all_touched)
        values += [physical(statistic, raw, band) for statistic in statistics]
    return values


def _outside(band: BandEncoding) -> tuple[float, str]:
    """The number for pixels no raster has, and a type that holds it beside the band's numbers.

    Without a nodata number every integer is a value, so the mark comes from a wider type.
    """
    if band.nodata is not None:
        return band.nodata, band.dtype
    return (math.nan, band.dtype) if band.is_float else (int(np.iinfo("int64").min), "int64")


def _window(shape: BaseGeometry, grid: GeoBox) -> Rectangle:
    """The whole pixels around a polygon; may reach beyond the grid."""
    west, south, east, north = shape.bounds
    left, top = ~grid.affine @ (west, north)
    right, bottom = ~grid.affine @ (east, south)
    return Rectangle(math.floor(top), math.floor(left), math.ceil(bottom), math.ceil(right))


def _dtype(column: Column) -> str | None:
    """The pandas type of a column of statistics; a count is never null."""
    if column.dtype == "double":
        return "float64"
    if column.dtype == "int64":
        return "int64" if column.name.endswith("_count") else "Int64"
    return None


def _nowhere(zones: Zones, ground: _Ground) -> ZonesError:
    bounds = ", ".join(f"{number:.6g}" for number in shapely.total_bounds(np.asarray(zones.geometries, dtype=object)))
    return ZonesError(
        f"{zones.source}: expected zones that touch the areas on [{describe_grid(ground.grid)}], "
        f"got {len(zones.ids)} zones elsewhere (bounds {bounds} in {zones.crs}); choose zones or areas that meet"
    )
