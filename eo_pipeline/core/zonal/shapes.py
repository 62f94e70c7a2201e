"""Zones that are measured: their identity, and how they come onto a raster's grid.

Does not belong here: reading files (`storage.vectors`), statistics (`statistics`).
"""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import shapely
from odc.geo.crs import CRS
from odc.geo.geobox import GeoBox
from shapely import affinity
from shapely.geometry.base import BaseGeometry

from eo_pipeline.core.zonal.parts import parts_like
from eo_pipeline.core.zonal.reprojecting import reprojected_together, transformer_of
from eo_pipeline.errors import GridMismatchError

Bounds = tuple[float, float, float, float]
"""West, south, east, north; left, bottom, right, top in a projected CRS."""

_ROUNDING = 1e-9
"""Degrees by which a whole turn may change a width without making it narrower."""
Kind = Literal["polygons", "points", "lines"]
"""What the zones of one file are."""
_KINDS: Sequence[Kind] = ("points", "lines", "polygons")
"""By their dimension."""


@dataclass(frozen=True)
class Repair:
    """A geometry that was invalid and was mended: the zone's id and what was wrong with it."""

    zone: str | int
    reason: str


@dataclass(frozen=True)
class Zones:
    """Zones of one file, in file order.

    Attributes:
        source: the file they came from, for messages.
        id_column: the column that identifies a zone.
        ids: unique, not null, as in the file.
        geometries: valid polygons, or points, or lines, single or multiple, one an id, in `crs`, x before y.
        crs: of the geometries.
        repaired: geometries that had to be mended.
        checksum: SHA-256 of the file's bytes, hexadecimal.
    """

    source: str
    id_column: str
    ids: tuple[str | int, ...]
    geometries: tuple[BaseGeometry, ...]
    crs: CRS
    repaired: tuple[Repair, ...]
    checksum: str

    @property
    def kind(self) -> Kind:
        """What they are; polygons if there are none."""
        return _KINDS[int(shapely.get_dimensions(self.geometries[0]))] if self.geometries else "polygons"

    def only(self, wanted: Collection[str | int]) -> "Zones":
        """Those with certain ids, in the same order."""
        pairs = [pair for pair in zip(self.ids, self.geometries, strict=True) if pair[0] in wanted]
        ids, geometries = tuple(identity for identity, _ in pairs), tuple(shape for _, shape in pairs)
        repaired = tuple(repair for repair in self.repaired if repair.zone in wanted)
        return replace(self, ids=ids, geometries=geometries, repaired=repaired)


def contiguous_longitudes(geometries: Sequence[BaseGeometry]) -> tuple[BaseGeometry, ...]:
    """Bring polygons on both sides of the 180th meridian together.

    Args:
        geometries: polygons in degrees, x from -180 to 180.

    Returns:
        Parts west of 0 moved to x from 180 to 360, if that makes the extent of all together narrower; else the same.
    """
    moved = tuple(_eastwards(geometry) for geometry in geometries)
    return moved if _width(moved) < _width(geometries) - _ROUNDING else tuple(geometries)


def on_grid(geometry: BaseGeometry, crs: CRS, grid: GeoBox) -> BaseGeometry:
    """One zone in the CRS of a grid; see `on_grid_together`."""
    return on_grid_together([geometry], crs, grid)[0]


def on_grid_together(geometries: Sequence[BaseGeometry], crs: CRS, grid: GeoBox) -> tuple[BaseGeometry, ...]:
    """Polygons, lines or points in the CRS of a grid.

    Edges are densified so that they stay within CHORD_ERROR pixels of their true course. Longitudes are moved by
    whole turns to where the grid is. Zones in degrees are first cut to the surroundings of a projected grid, since
    far from it a projection has no meaning.

    Returns:
        Each unchanged if the CRS is the grid's and it already lies there; empty if it lies elsewhere.
    """
    if grid.crs is None:
        raise GridMismatchError(f"expected a grid with a CRS to measure polygons on, got {grid}; give it one")
    shapes = tuple(geometries)
    if crs != grid.crs:
        if crs.geographic and not grid.crs.geographic:
            shapes = _near(shapes, _surroundings(grid, grid.crs, crs), always_cut=True)
        shapes = reprojected_together(shapes, crs, grid.crs, pixel=_pixel(grid))
    if grid.crs.geographic:
        box = grid.boundingbox
        shapes = _near(shapes, (box.left, box.bottom, box.right, box.top), always_cut=False)
    return shapes


def _eastwards(geometry: BaseGeometry) -> BaseGeometry:
    parts = shapely.get_parts(geometry)
    moved = [affinity.translate(part, xoff=360) if part.bounds[2] <= 0 else part for part in parts]
    return moved[0] if geometry.geom_type == "Polygon" else shapely.MultiPolygon(moved)


def _width(geometries: Sequence[BaseGeometry]) -> float:
    west, _, east, _ = shapely.total_bounds(np.asarray(geometries, dtype=object))
    return float(east - west)


def _near(shapes: Sequence[BaseGeometry], bounds: Bounds, *, always_cut: bool) -> tuple[BaseGeometry, ...]:
    """Polygons in degrees `_turned` to bounds; those that already lie there are only looked at together."""
    west, south, east, north = shapely.bounds(np.asarray(shapes, dtype=object)).T.reshape(4, -1)
    meets = [(west + turn < bounds[2]) & (east + turn > bounds[0]) for turn in (-360, 0, 360)]
    inside = (west >= bounds[0]) & (south >= bounds[1]) & (east <= bounds[2]) & (north <= bounds[3])
    there = meets[1] & ~meets[0] & ~meets[2] & (inside | (not always_cut))
    return tuple(
        shape if stays or shape.is_empty else _turned(shape, bounds, always_cut=always_cut)
        for shape, stays in zip(shapes, there.tolist(), strict=True)
    )


def _turned(geometry: BaseGeometry, bounds: Bounds, *, always_cut: bool) -> BaseGeometry:
    """Copies of a geometry a whole turn apart, those that meet `bounds`; several, or all on demand, cut to them."""
    west, _, east, _ = geometry.bounds
    if west == east:  # without a width it may lie on the left edge, whose pixels hold it
        east = math.nextafter(east, math.inf)
    turns = [turn for turn in (-360, 0, 360) if west + turn < bounds[2] and east + turn > bounds[0]]
    copies = [affinity.translate(geometry, xoff=turn) if turn else geometry for turn in turns]
    if len(copies) == 1 and not always_cut:
        return copies[0]
    frame = shapely.box(*bounds)
    cut = shapely.union_all([shapely.make_valid(copy).intersection(frame) for copy in copies])
    return parts_like(cut, geometry)


def _surroundings(grid: GeoBox, grid_crs: CRS, crs: CRS) -> Bounds:
    """Bounds in degrees of a projected grid and a tenth of its size around it, longitudes unbroken at 180."""
    wide = grid.pad(max(1, max(grid.shape) // 10))
    x, y = wide.affine @ tuple(wide.boundary(64).astype("float64").T)
    longitude, latitude = transformer_of(grid_crs, crs).transform(x, y)
    longitude = np.unwrap(longitude, period=360)
    south, north = float(latitude.min()), float(latitude.max())
    for pole in (-90.0, 90.0):
        column, row = ~wide.affine @ transformer_of(crs, grid_crs).transform(0.0, pole)
        if 0 <= column <= wide.width and 0 <= row <= wide.height:
            return -180.0, min(south, pole), 180.0, max(north, pole)
    return float(longitude.min()), south, float(longitude.max()), north


def _pixel(grid: GeoBox) -> float:
    return float(min(abs(grid.resolution.x), abs(grid.resolution.y)))
