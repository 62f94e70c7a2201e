"""The product's pixel lattice and the areas cut from it.

An area is the unit of export and partition: a cell of the grid, the window of one feature, or the whole box. What
does not belong here: reading files of polygons, and keys as text (`keys`).
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import shapely
from affine import Affine
from odc.geo.geobox import GeoBox
from odc.geo.geom import BoundingBox
from shapely.geometry.base import BaseGeometry

from eo_pipeline.core import keys
from eo_pipeline.errors import ProductError

_TOLERANCE = 1e-6
"""Share of a pixel by which a coordinate may miss the lattice and still count as on it."""


@dataclass(frozen=True)
class Lattice:
    """Where pixel edges lie: `origin + k * resolution` for whole numbers k, in both axes.

    Attributes:
        crs: any text that pyproj reads, e.g. `EPSG:32633`.
        resolution: CRS units a pixel, > 0; pixels are square.
        origin_x: CRS units.
        origin_y: CRS units.
    """

    crs: str
    resolution: float
    origin_x: float
    origin_y: float

    def geobox(self, *, left: int, bottom: int, right: int, top: int) -> GeoBox:
        """North-up GeoBox between four lattice lines, counted in pixels from the origin."""
        r = self.resolution
        affine = Affine(r, 0, self.origin_x + left * r, 0, -r, self.origin_y + top * r)
        return GeoBox((top - bottom, right - left), affine, self.crs)

    def covering(self, bounds: Sequence[float]) -> GeoBox:
        """Smallest GeoBox on the lattice that covers (left, bottom, right, top) in CRS units."""
        left, bottom, right, top = bounds
        return self.geobox(
            left=math.floor(self._column(left) + _TOLERANCE),
            bottom=math.floor(self._row(bottom) + _TOLERANCE),
            right=math.ceil(self._column(right) - _TOLERANCE),
            top=math.ceil(self._row(top) - _TOLERANCE),
        )

    def window(self, geobox: GeoBox) -> tuple[int, int, int, int]:
        """(left, bottom, right, top) of a GeoBox on this lattice, in pixels from the origin."""
        height, width = geobox.shape
        left = round(self._column(geobox.affine.c))
        top = round(self._row(geobox.affine.f))
        return left, top - height, left + width, top

    def _column(self, x: float) -> float:
        return (x - self.origin_x) / self.resolution

    def _row(self, y: float) -> float:
        return (y - self.origin_y) / self.resolution


@dataclass(frozen=True)
class Area:
    """One unit of export and partition.

    Attributes:
        key: its partition key.
        geobox: its pixels on the product's lattice, north up.
        name: what a person calls it.
    """

    key: str
    geobox: GeoBox
    name: str


def cells(lattice: Lattice, *, tile: int, cover: Iterable[BaseGeometry]) -> list[Area]:
    """The cells of `tile` x `tile` pixels that geometries in the lattice's CRS share some area with, sorted by key."""
    found: set[tuple[int, int]] = set()
    for geometry in cover:
        found |= _cells_of(lattice, tile, geometry)
    return sorted((_cell(lattice, tile, column, row) for column, row in found), key=lambda area: area.key)


def _cells_of(lattice: Lattice, tile: int, geometry: BaseGeometry) -> set[tuple[int, int]]:
    left, bottom, right, top = lattice.window(lattice.covering(geometry.bounds))
    columns = range(left // tile, -(-right // tile))
    rows = range(bottom // tile, -(-top // tile))
    prepared = geometry if len(columns) * len(rows) == 1 else _prepared(geometry)
    return {(c, r) for c in columns for r in rows if _shares_area(prepared, _cell(lattice, tile, c, r).geobox)}


def _prepared(geometry: BaseGeometry) -> BaseGeometry:
    shapely.prepare(geometry)
    return geometry


def _shares_area(geometry: BaseGeometry, geobox: GeoBox) -> bool:
    box = shapely.box(*_bounds(geobox))
    return bool(shapely.intersects(geometry, box) and not shapely.touches(geometry, box))


def _cell(lattice: Lattice, tile: int, column: int, row: int) -> Area:
    geobox = lattice.geobox(left=column * tile, bottom=row * tile, right=(column + 1) * tile, top=(row + 1) * tile)
    key = keys.cell_key(column=column, row=row)
    return Area(key=key, geobox=geobox, name=f"cell {column} east, {row} north of the origin")


def feature_areas(lattice: Lattice, features: Iterable[tuple[str, BaseGeometry]], *, buffer: float = 0.0) -> list[Area]:
    """The lattice window of each (id, geometry in the lattice's CRS), grown by `buffer` CRS units, sorted by key."""
    areas = []
    for feature_id, geometry in features:
        left, bottom, right, top = geometry.bounds
        geobox = lattice.covering((left - buffer, bottom - buffer, right + buffer, top + buffer))
        areas.append(Area(key=keys.feature_key(feature_id), geobox=geobox, name=feature_id))
    return sorted(areas, key=lambda area: area.key)


def whole_area(lattice: Lattice, bounds: Sequence[float]) -> list[Area]:
    """The single area of a product that is one box; bounds are left, bottom, right, top in CRS units."""
    return [Area(key=keys.WHOLE, geobox=lattice.covering(bounds), name="the whole box")]


def extent(lattice: Lattice, areas: Sequence[Area], *, tile: int | None) -> GeoBox:
    """Smallest GeoBox of whole cells (or of the lattice, if `tile` is None) that holds all areas.

    Raises:
        ProductError: if there is no area.
    """
    if not areas:
        raise ProductError("expected at least one area, got none: check the file of polygons and the CRS of `area`")
    windows = [lattice.window(area.geobox) for area in areas]
    step = tile or 1
    return lattice.geobox(
        left=min(w[0] for w in windows) // step * step,
        bottom=min(w[1] for w in windows) // step * step,
        right=-(-max(w[2] for w in windows) // step) * step,
        top=-(-max(w[3] for w in windows) // step) * step,
    )


def contains(outer: GeoBox, inner: GeoBox) -> bool:
    """True if every pixel of `inner` lies in `outer`; both on one lattice."""
    tolerance = abs(outer.affine.a) * 1e-3
    o, i = _bounds(outer), _bounds(inner)
    return bool(
        o.left <= i.left + tolerance
        and o.bottom <= i.bottom + tolerance
        and o.right >= i.right - tolerance
        and o.top >= i.top - tolerance
    )


def _bounds(geobox: GeoBox) -> BoundingBox:
    return geobox.boundingbox
